"""What the address of a report can ask for: each filter gives exactly its rows, on page, grid and file."""

from datetime import timedelta
from itertools import product

import pytest
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone

from accounts.models import Membership, Team
from courses.models.enrollment import site_day
from reports.asking import placed, selected
from reports.forms import Asked
from reports.page import chart, page_of
from reports.population import Population
from reports.standing import Standing, Window
from reports.team import as_rows
from tests.builders import enroll, make_course, make_member
from tests.reports.test_pages import add_people, text_of

PAGE, GRID = reverse("reports:team"), reverse("reports:grid")


@pytest.fixture
def spread(cast):
    """In Mia's team one for each window, and one on another course."""
    today = site_day()
    for name, days in {"Over": -3, "Week": 5, "Month": 20, "Later": 60}.items():
        enroll(make_member(cast.lyon, f"{name} Due"), cast.course, due_on=today + timedelta(days=days))
    other = make_course("phone", modules=1, readings=1)
    enroll(make_member(cast.lyon, "Phone Fan"), other)
    return cast


def asked(query, population):
    found = Asked.read(QueryDict(query))
    return placed(population, found) if found.path else found


def names(viewer, query, narrow=lambda population: population):
    population = narrow(Population.of(viewer))
    return {row.name for row in as_rows(selected(population, asked(query, population), timezone.now()))}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("due=overdue", {"Over Due"}),
        ("due=week", {"Week Due"}),
        ("due=month", {"Week Due", "Month Due"}),
        ("due=later", {"Later Due"}),
        ("due=none", {"Ada Moreau", "Phone Fan"}),
        ("path=phone", {"Phone Fan"}),
        ("path=phone/full", {"Phone Fan"}),
        ("path=service/full&due=none", {"Ada Moreau"}),
        ("state=overdue&due=week", set()),
    ],
)
def test_each_filter_gives_its_rows(spread, query, expected):
    assert names(spread.mia, query) == expected


def test_page_of_few_and_query_of_many_agree_on_every_filter(spread):
    """The page filters the rows of a small team in Python, all else in the database."""
    population, at = Population.of(spread.mia), timezone.now()
    for state, due, path in product(["", *Standing.values], ["", *Window.values], ["", "phone", "service/full"]):
        one = asked(f"state={state}&due={due}&path={path}", population)
        from_query = as_rows(selected(population, one, at), with_modules=True)
        assert page_of(population, one, at).rows == from_query, (state, due, path)


def test_counts_of_a_long_report_are_those_of_its_rows(spread):
    add_people(spread, 50)
    population, at = Population.of(spread.mia), timezone.now()
    for query in ("", "due=month", "path=service", "due=none&path=phone", "state=not-started&due=none"):
        one = asked(query, population)
        page = page_of(population, one, at)
        assert page.total == selected(population, one, at).count(), query
        assert one.standing or sum(part.count for part in chart(page.shown, one)) == page.total
    assert [one.course_key for one in page.paths] == ["phone", "service"]


def test_direct_reports_are_of_the_team_itself_and_the_managers_right_below(cast):
    zoe = make_member(cast.company, "Zoe Above", role="manager")
    make_member(cast.company, "Staff Er")
    deep = Team.add("Counter", cast.lyon)
    make_member(deep, "Deep Boss", role="manager")
    direct = Population.direct
    assert names(zoe, "", direct) == {"Staff Er", "Mia Duval", "Pia Sand"}
    assert names(cast.mia, "", direct) == {"Ada Moreau", "Deep Boss"}
    assert names(cast.hana, "", lambda p: p.narrowed(cast.lyon).direct()) == {"Ada Moreau", "Mia Duval", "Deep Boss"}


def test_what_is_listed_is_said_in_words(as_, spread):
    page = text_of(as_(spread.mia).get(PAGE, {"due": "week", "path": "service/full", "direct": 1}))
    assert "a place in Lyon itself, and the managers of the teams directly below, except yourself." in page
    assert "still to be done, and due “In the next 7 days”; path “Course service · Everything”." in page
    assert "Listed are only" not in text_of(as_(spread.mia).get(PAGE))


def test_filters_stay_while_one_sorts_turns_pages_and_downloads(as_, spread):
    page = as_(spread.mia).get(PAGE, {"due": "month", "path": "service", "sort": "-due"}).content.decode()
    assert "?due=month&amp;path=service&amp;sort=name" in page
    assert f"{reverse('reports:team_csv')}?due=month&amp;path=service&amp;sort=-due" in page
    assert f"{GRID}?due=month&amp;path=service&amp;sort=-due" in page
    assert '<input type="hidden" name="sort" value="-due">' in page


@pytest.mark.parametrize("address", [PAGE, GRID, reverse("reports:team_csv")])
@pytest.mark.parametrize("query", ["due=never", "path=nowhere", "path=a/b/c", "path=-", "path=phone/none", "direct=1"])
def test_what_nobody_here_has_is_left_out_and_said(as_, spread, address, query):
    response = as_(spread.hana).get(f"{address}?{query}")
    assert response.status_code == 200
    if not response.streaming:
        assert "so it was left out" in text_of(response)


def test_a_path_of_others_is_as_good_as_missing(as_, spread):
    spread.otto_enrolled.delete()
    said = [text_of(as_(spread.pia).get(PAGE, {"path": path})) for path in ("phone", "nowhere")]
    assert "so it was left out" in said[0]
    assert said[0] == said[1]


def test_orders_that_count_everybodys_lessons_are_for_reports_of_some_size(as_, cast, monkeypatch):
    monkeypatch.setattr("reports.page.LONGEST", 51)
    add_people(cast, 55)
    page = as_(cast.mia).get(PAGE, {"sort": "progress"})
    assert "so it was left out" in text_of(page)
    assert "sort=last" not in page.content.decode()
    assert "sort=due" in page.content.decode()


def test_thousands_of_teams_are_never_loaded(as_, cast, django_assert_max_num_queries):
    """The teams below the company are named step by step, for HR and for who manages them all."""
    base = cast.company.path
    Team.objects.bulk_create(Team(name=f"Area {n}", path=f"{base}{n + 10:04d}") for n in range(30))
    areas = Team.objects.filter(name__startswith="Area")
    Team.objects.bulk_create(
        Team(name=f"{area.name}-{n}", path=f"{area.path}{n + 1:04d}") for area in areas for n in range(10)
    )
    zoe = make_member(cast.company, "Zoe Above", role="manager")
    area = Team.objects.get(name="Area 7")
    for viewer in (cast.hana, zoe):
        client = as_(viewer)
        assert ">– Area 7<" in client.get(PAGE).content.decode()
        assert "Area 7-3" not in client.get(PAGE).content.decode()
        narrowed = client.get(PAGE, {"team": area.pk}).content.decode()
        assert "Area 7-3" in narrowed
        assert "Area 8-3" not in narrowed
    foreign = Team.add("Elsewhere")
    assert as_(zoe).get(PAGE, {"team": foreign.pk}).status_code == 404
    population = Population.of(zoe)
    assert population.below is None
    assert {person.name for person in population.people} == {"Ada Moreau", "Otto Lind", "Mia Duval", "Pia Sand"}
    Membership.objects.filter(user=zoe).update(role="member")
    assert as_(zoe).get(PAGE).status_code == 403
