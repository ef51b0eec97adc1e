"""An organization team by team: the counts are those of the team report, each person once."""

import csv
import io

import pytest
from django.urls import reverse
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Membership, Team, User
from courses import progress
from courses.models import Completion, Enrollment
from courses.models.enrollment import site_day
from reports.organization import Scope, counted
from reports.population import Population
from reports.standing import Standing
from reports.team import summary_of, within_of
from tests.builders import enroll, make_course, make_member
from tests.conftest import sign_in

PAGE = reverse("reports:organization")


def lines(response):
    return {row.name: row for row in response.context["rows"]}


@pytest.fixture
def tree(db, cast):
    """A tree of eight teams, nobody in them yet, six people and two courses, one of them in preparation."""
    teams = [cast.company, cast.lyon, cast.paris]
    for number in range(5):
        teams.append(Team.add(f"T{number}", teams[number]))
    people = User.objects.bulk_create(User(name=f"Person{n}", staff_number=f"S{n}", password="!") for n in range(6))
    half = make_course("half", modules=2, ready=False)
    half.modules.filter(key="m1").update(status="ready")
    done = [enroll(person, half) for person in people[:2]]
    for lesson in half.lessons.published().in_order():
        if lesson.module.key == "m1":
            progress.complete_lesson(done[0], lesson, lesson.published_revision, Completion.How.READ)
    for n, person in enumerate(people[1:5]):
        due = site_day() + timezone.timedelta(days=[-2, 3, 50, 1][n])
        enroll(person, cast.course, due_on=due)
    Enrollment.objects.filter(user=people[3]).update(completed_at=timezone.now(), current_at=timezone.now())
    cast.teams, cast.people = teams, people
    return cast


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    places=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 7), st.booleans()), max_size=14),
    managed=st.sets(st.integers(0, 7), min_size=1, max_size=3),
    is_deep=st.booleans(),
    path=st.sampled_from(["", "service", "half"]),
)
def test_each_team_counts_as_its_team_report_and_everybody_once(tree, places, managed, is_deep, path):
    Membership.objects.all().delete()
    homes = set()
    for person, team in {(person, team) for person, team, _home in places}:
        is_home = person not in homes and any(home for p, t, home in places if (p, t) == (person, team))
        homes |= {person} if is_home else set()
        Membership.objects.create(user=tree.people[person], team=tree.teams[team], is_home=is_home)
    for team in managed:
        Membership.objects.create(user=tree.mia, team=tree.teams[team], role="manager")
    at = timezone.now()
    population = Population.of(User.objects.get(pk=tree.mia.pk))
    within = within_of(population.people, path, "") if path else None
    if path and within is None:
        return
    scope = Scope.of(population, population.tops, is_deep)
    sums = counted(population, scope, within, at)
    for team in [None, *Team.objects.filter(pk__in=[pk for pk, _name, _path in scope.teams()])]:
        one = population.narrowed(team) if team else population
        expected = summary_of(one.people, at) if within is None else None
        found = sums[team.path if team else ""].summary
        if expected:
            assert (found.people, found.counts) == (expected.people, as_by_dates(expected.counts))
        else:
            rows = Enrollment.objects.current().filter(within.q, user__in=one.people)
            assert found.people == found.rows == rows.count()


def as_by_dates(counts):
    return {**counts, "complete": counts["complete"] + counts["credited"], "credited": 0}


def test_who_may_look(client, cast):
    for person in (cast.ada, cast.ed, cast.olga):
        assert sign_in(client, person).get(PAGE).status_code == 403
    for person in (cast.mia, cast.hana):
        assert sign_in(client, person).get(PAGE).status_code == 200
    assert sign_in(client, cast.mia).get(PAGE, {"team": cast.paris.pk}).status_code == 404
    assert client.get(PAGE, {"team": 999_999}).status_code == 404
    assert client.get(PAGE, {"team": cast.lyon.pk}).status_code == 200


def test_hr_goes_down_the_tree_by_links(client, cast):
    page = sign_in(client, cast.hana).get(PAGE)
    rows = lines(page)
    assert set(rows) == {"Lyon", "Paris"}  # the only team at the top is as good as chosen
    assert rows["Lyon"].people == "2"
    assert rows["Lyon"].url == ""
    night = Team.add("Lyon night", cast.lyon)
    page = client.get(PAGE)
    assert lines(page)["Lyon"].url == f"?team={cast.lyon.pk}"
    assert f'<a href="/reports/?team={cast.lyon.pk}">2<' in page.text
    assert "4 people with an active account and a place in Shops or below" in page.text
    assert "once in the total" in page.text
    down = client.get(PAGE, {"team": cast.lyon.pk})
    assert set(lines(down)) == {"Lyon night"}
    assert "Directly in Lyon" in down.text
    assert f'<a href="/reports/?team={cast.lyon.pk}">Team report</a>' in down.text
    assert f'<a href="/reports/?team={night.pk}">Lyon night</a>' in down.text  # nothing below: its people
    assert "No team below" in client.get(PAGE, {"team": night.pk}).text
    assert [name for name, _query in down.context["trail"]] == ["Shops"]
    assert set(lines(client.get(PAGE, {"depth": "all"}))) == {"Lyon", "Lyon night", "Paris"}


def test_the_trail_of_a_manager_ends_at_their_own_team(client, cast):
    night = Team.add("Lyon night", cast.lyon)
    page = sign_in(client, cast.mia).get(PAGE, {"team": night.pk})
    assert [name for name, _query in page.context["trail"]] == ["Lyon"]


def test_somebody_in_two_teams_counts_once_in_the_total(client, cast):
    Membership.objects.create(team=cast.paris, user=cast.ada)
    page = sign_in(client, cast.hana).get(PAGE)
    assert {name: row.people for name, row in lines(page).items()} == {"Lyon": "2", "Paris": "3"}
    assert page.context["page"].total.people == 4


def test_sorting_and_pages_of_fifty(client, cast):
    Team.objects.bulk_create(Team(name=f"Team {n:03d}", path=f"{cast.lyon.path}{n:04d}") for n in range(1, 121))
    make_member(Team.objects.get(name="Team 077"), "Late Lee")
    enroll(User.objects.get(name="Late Lee"), cast.course, due_on=site_day() - timezone.timedelta(days=1))
    mia = sign_in(client, cast.mia)
    pages = [mia.get(PAGE, {"page": number}).context["rows"] for number in (1, 2, 3)]
    assert [len(rows) for rows in pages] == [50, 50, 20]
    names = [row.name for rows in pages for row in rows]
    assert names == sorted(names)
    for sort in ("-overdue", "-people", "complete"):
        assert mia.get(PAGE, {"sort": sort}).context["rows"][0].name == "Team 077"
    past = mia.get(PAGE, {"page": 9})
    assert "There are only 3 pages" in past.text
    assert b'aria-sort="descending"' in mia.get(PAGE, {"sort": "-overdue"}).content


@pytest.mark.parametrize(
    "query",
    [
        "team=x", f"team={'9' * 40}", "team=-1", "depth=deep", "path=../..", "path=nothing", "path=service/nothing",
        "sort=password", "sort=-", "page=0", f"page={'9' * 40}",
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_left_out_and_said(client, cast, query):
    mia = sign_in(client, cast.mia)
    page = mia.get(f"{PAGE}?{query}")
    assert page.status_code == 200
    assert "made no sense here" in page.text
    assert mia.get(f"{reverse('reports:organization_csv')}?{query}").status_code == 200
    assert mia.get(f"{PAGE}?{query}%00").status_code == 400


def test_only_a_course_or_a_path(client, cast):
    other = make_course("other")
    enroll(cast.ada, other)
    hana = sign_in(client, cast.hana)
    assert hana.get(PAGE).context["page"].total.people == 4
    narrowed = hana.get(PAGE, {"path": "other/full"})
    assert narrowed.context["page"].total.people == 1
    assert "1 person on Course other · Everything" in narrowed.text
    assert ("other/full", "– Everything") in narrowed.context["paths"]


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_the_file_has_all_teams_and_a_total(client, cast, kind):
    Team.objects.filter(pk=cast.lyon.pk).update(name="=Lyon")
    hana = sign_in(client, cast.hana)
    response = hana.get(reverse(f"reports:organization_{kind}"), {"depth": "all"})
    assert response["Content-Disposition"] == f'attachment; filename="organization-{site_day().isoformat()}.{kind}"'
    content = b"".join(response.streaming_content)
    if kind == "xlsx":
        assert content.startswith(b"PK")
        return
    rows = list(csv.reader(io.StringIO(content.decode().removeprefix("\ufeff"))))
    assert [row[0] for row in rows] == ["Team", "'=Lyon", "Paris", "All together, each person once", "2 teams"]
    assert rows[1][1:7] == ["Shops", "2", "1", "0", "0", "0"]
    assert len(rows[0]) == len(rows[1]) == 6 + len(Standing)


def test_as_many_queries_for_many_teams(client, cast, django_assert_max_num_queries):
    Team.objects.bulk_create(Team(name=f"Team {n:03d}", path=f"{cast.lyon.path}{n:04d}") for n in range(1, 80))
    hana = sign_in(client, cast.hana)
    hana.get(PAGE)
    with django_assert_max_num_queries(13):
        hana.get(PAGE, {"depth": "all"})
