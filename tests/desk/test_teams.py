"""The tree of teams: two become one, and thousands to choose from."""

import re

import pytest
from django.contrib.admin.models import LogEntry
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts import teams
from accounts.admin import TeamChoiceField
from accounts.models import Membership, Team, User
from accounts.models.team import DEEPEST
from courses.models import Assignment
from tests.builders import make_member, make_person
from tests.second_run import examples


def merge_url(team):
    return reverse("admin:accounts_team_merge", args=[team.pk])


def merge(client, team, other):
    return client.post(merge_url(team), {"other": other.pk, "confirmed": "1"})


@pytest.fixture
def asked(cast):
    return Assignment.objects.create(team=cast.lyon, course=cast.course, path=cast.course.paths.get())


def test_hr_sees_what_moves_before_it_does(cast, as_, asked):
    Team.add("Old Town", cast.lyon)
    Membership.objects.create(team=cast.paris, user=cast.ada, role="manager")
    newcomer = make_member(cast.paris, "Nora Blanc")
    page = as_(cast.hana).post(merge_url(cast.lyon), {"other": cast.paris.pk}).content.decode()
    for words in ("2 people move", "1 of them is in both", "1 team below", "1 request", "2 people who are there now"):
        assert words in page, words
    assert Team.objects.filter(pk=cast.lyon.pk).exists()
    assert set(asked.people_to_enroll()) == {cast.mia}
    assert newcomer.enrollments.count() == 0


def test_people_teams_and_requests_move(cast, as_, asked):
    below = Team.add("Old Town", cast.lyon)
    deep = make_member(below, "Dora Deep")
    response = merge(as_(cast.hana), cast.lyon, cast.paris)
    assert response["Location"] == reverse("admin:accounts_team_change", args=[cast.paris.pk])
    assert not Team.objects.filter(pk=cast.lyon.pk).exists()
    below.refresh_from_db()
    asked.refresh_from_db()
    assert below.parent == cast.paris == asked.team
    assert cast.ada.home_team == cast.mia.home_team == cast.paris
    assert set(User.objects.managed_by(cast.pia)) == {cast.otto, cast.ada, cast.mia, deep}
    assert LogEntry.objects.filter(user=cast.hana, change_message__startswith="Merged team").exists()


def test_who_is_in_both_keeps_one_place_with_the_most_of_either(cast):
    Membership.objects.create(team=cast.paris, user=cast.mia)
    Membership.objects.create(team=cast.lyon, user=cast.pia)
    cast.lyon.merge_into(cast.paris)
    for person in (cast.mia, cast.pia):
        place = person.memberships.get()
        assert (place.team, place.role, place.is_home) == (cast.paris, "manager", True)


def test_what_cannot_be_merged_is_a_form_error(cast, as_):
    hana = as_(cast.hana)
    for team, other in ((cast.lyon, cast.lyon), (cast.company, cast.lyon)):
        response = merge(hana, team, other)
        assert response.status_code == 200
        assert "Something needs another look" in response.content.decode()
    assert Team.objects.count() == 3
    assert merge(hana, Team(pk=987654), cast.lyon).status_code == 404


def test_a_merge_never_makes_the_tree_too_deep(cast):
    deep = cast.paris
    while deep.depth < DEEPEST:
        deep = Team.add("Deeper", deep)
    Team.add("Below", cast.lyon)
    with pytest.raises(ValidationError):
        cast.lyon.merge_into(deep)
    assert Team.objects.filter(pk=cast.lyon.pk).exists()


def test_two_merges_of_one_team_at_once_are_one(cast, as_):
    hana = as_(cast.hana)
    stale = Team.objects.get(pk=cast.lyon.pk)
    merge(hana, cast.lyon, cast.paris)
    with pytest.raises(Team.DoesNotExist), transaction.atomic():
        stale.merge_into(cast.company)
    assert merge(hana, cast.lyon, cast.paris).status_code == 404
    assert cast.ada.home_team == cast.paris


def test_the_page_of_a_team_says_who_manages_it_and_how_many_are_there(cast, as_):
    make_member(cast.company, "Zoe Top", role="manager")
    make_member(cast.company, "Max Top", role="manager")
    page = as_(cast.hana).get(reverse("admin:accounts_team_change", args=[cast.company.pk])).content.decode()
    assert page.index("Max Top") < page.index("Zoe Top")
    assert "2 in it, 6 with the teams below" in page
    assert "Lyon" in page


# --- Nothing is lost, whatever is merged and moved -------------------------------------------------------------------


@settings(max_examples=examples(25), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_visibility_is_that_of_the_tree_after_any_merges_and_moves(db, data):
    with transaction.atomic():
        known = [Team.add("T0")]
        parents = {known[0].pk: None}
        for number in range(1, 7):
            parent = data.draw(st.sampled_from([None, *known]))
            known.append(Team.add(f"T{number}", parent))
            parents[known[-1].pk] = parent.pk if parent else None
        people = User.objects.bulk_create(User(name=f"P{n}", staff_number=f"P{n}", password="!") for n in range(6))
        places = {}
        for person in people:
            homes = data.draw(st.lists(st.sampled_from(known), min_size=1, max_size=3, unique=True))
            for place, team in enumerate(homes):
                role = data.draw(st.sampled_from(["member", "manager"]))
                Membership.objects.create(team=team, user=person, role=role, is_home=place == 0)
                places[person.pk, team.pk] = (role, place == 0)
        for _step in range(4):
            alive = list(Team.objects.all())
            one, two = data.draw(st.sampled_from(alive)), data.draw(st.sampled_from(alive))
            try:
                if data.draw(st.booleans()):
                    one.move(two)
                    parents[one.pk] = two.pk
                else:
                    gone = one.pk
                    one.merge_into(two)
                    forget(gone, two.pk, parents, places)
            except ValidationError:
                continue
        agrees(people, parents, places)
        transaction.set_rollback(True)


def agrees(people, parents, places):
    found = {(place.user_id, place.team_id): (place.role, place.is_home) for place in Membership.objects.all()}
    assert found == places
    assert {team.pk: team.parent.pk if team.parent else None for team in Team.objects.all()} == parents
    for manager in people:
        wanted = {
            person
            for person, team in places
            if person != manager.pk
            and any(places.get((manager.pk, above), ("", 0))[0] == "manager" for above in up(team, parents))
        }
        assert set(User.objects.managed_by(manager).values_list("pk", flat=True)) == wanted


def up(team, parents):
    while team is not None:
        yield team
        team = parents[team]


def forget(gone, other, parents, places):
    """A merge as the model of the test understands it."""
    above = parents.pop(gone)
    for team, parent in parents.items():
        if parent == gone:
            parents[team] = other
    assert above is None or above in parents
    for person, team in [key for key in places if key[1] == gone]:
        role, home = places.pop((person, team))
        there = places.get((person, other), ("member", False))
        best = "manager" if "manager" in (role, there[0]) else "member"
        places[person, other] = (best, home or there[1])


# --- Thousands to choose from ----------------------------------------------------------------------------------------


@pytest.fixture
def thousands(cast):
    """5,000 teams below the company; two of them have the same name in different places."""
    path = cast.company.path
    regions = [Team(name=f"Region {n}", path=f"{path}{n + 100:04d}") for n in range(50)]
    shops = [
        Team(name=f"Shop {n}-{m}", path=f"{region.path}{m + 1:04d}")
        for n, region in enumerate(regions)
        for m in range(99)
    ]
    shops[5].name = shops[500].name = "Twin"
    Team.objects.bulk_create([*regions, *shops], batch_size=200)
    return cast


PAGES = [
    "admin:accounts_user_changelist",
    "admin:accounts_user_add",
    "admin:accounts_team_changelist",
    "admin:accounts_team_add",
    "admin:courses_assignment_changelist",
    "admin:courses_assignment_add",
    "admin:courses_enrollment_changelist",
    "admin:invite",
    "admin:not_come",
    "accounts:slip_sheets",
]


def test_no_page_carries_thousands_of_teams(thousands, as_):
    hana = as_(thousands.hana)
    for name in PAGES:
        hana.get(reverse(name))
        with CaptureQueriesContext(connection) as queries:
            response = hana.get(reverse(name))
        assert len(response.content) < 120_000, name
        assert len(queries) < 25, name
    page = hana.get(reverse("admin:accounts_user_change", args=[thousands.ada.pk])).content.decode()
    assert 'value="Shops / Lyon"' in page
    assert len(page) < 60_000


@pytest.mark.parametrize("typed", ["Lyon", "lyon", "Shops / Lyon", " shops/LYON "])
def test_a_name_that_one_team_has_is_enough(thousands, typed):
    assert TeamChoiceField().__deepcopy__({}).clean(typed) == thousands.lyon


def test_where_several_may_be_meant_the_error_names_them(thousands):
    field = TeamChoiceField().__deepcopy__({})
    with pytest.raises(ValidationError, match=r"Shops / Region 0 / Twin; Shops / Region 5 / Twin"):
        field.clean("Twin")
    assert field.clean("Shops / Region 5 / Twin").path.startswith(thousands.company.path)
    with pytest.raises(ValidationError, match="Which one"):
        field.clean("Lyo")  # a part of a name may be a slip of the finger
    with pytest.raises(ValidationError, match="No team has"):
        field.clean("Atlantis")
    with pytest.raises(ValidationError):
        field.clean(str(thousands.lyon.pk))  # a number is no name here


def test_two_that_read_alike_are_told_apart_by_number(thousands):
    one, two = Team.add("Same", thousands.lyon), Team.add("Same", thousands.lyon)
    assert [name for _team, name in teams.meant("Same")] == [f"Shops / Lyon / Same #{team.pk}" for team in (one, two)]
    assert TeamChoiceField().__deepcopy__({}).clean(f"Shops / Lyon / Same #{two.pk}") == two


def test_hr_places_somebody_by_typing(thousands, as_):
    hana = as_(thousands.hana)
    nothing = {"memberships-TOTAL_FORMS": "0", "memberships-INITIAL_FORMS": "0"}
    person = {"name": "Nora Blanc", "email": "nora@example.com", "home_role": "member", **nothing}
    wrong = hana.post(reverse("admin:accounts_user_add"), {**person, "home_team": "Twin"})
    assert wrong.status_code == 200
    assert "Region 5 / Twin" in wrong.content.decode()
    hana.post(reverse("admin:accounts_user_add"), {**person, "home_team": "Paris"})
    assert User.objects.get(name="Nora Blanc").home_team == thousands.paris


def test_a_report_is_narrowed_step_by_step(thousands, as_):
    hana, region = as_(thousands.hana), Team.objects.get(name="Region 7")

    def offered(**query):
        page = hana.get(reverse("reports:team"), query).content.decode()
        assert len(page) < 120_000
        return page

    first = offered()
    assert "Region 7" in first
    assert "Shop 7-3" not in first
    second = offered(team=region.pk)
    assert "Shop 7-3" in second
    assert "Region 8" in second
    assert "Shop 8-3" not in second


def test_a_list_is_narrowed_by_what_is_typed(thousands, as_):
    make_person("Lone Wolf")
    names = re.compile(r'<th[^>]*><a href="/admin/accounts/user/\d+/change/[^"]*">([^<]+)')
    people = lambda text: set(  # noqa: E731
        names.findall(
            as_(thousands.hana).get(reverse("admin:accounts_user_changelist"), {"team": text}).content.decode()
        )
    )
    assert people("Lyon") == {"Ada Moreau", "Mia Duval"}
    assert people("Atlantis") == set()
    assert "Lone Wolf" in people("")
    assert people("Shops") >= {"Ada Moreau", "Otto Lind"}
    assert people("Shop") == set()
    page = as_(thousands.hana).get(reverse("admin:accounts_user_changelist"), {"team": "Shop"}).content.decode()
    assert "Type more of the name" in page
