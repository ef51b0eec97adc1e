"""How many queries each page of reports asks: the same for any number of people, and as docs/performance.md says."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Team
from courses.models import Enrollment
from courses.models.enrollment import site_day
from tests.builders import enroll, make_course, make_member
from tests.reports.test_pages import add_people, text_of

FIGURES = Path(__file__).resolve().parents[2] / "docs" / "performance.md"
PAGES = {
    "team report": "",
    "team report, narrowed": "?due=overdue&path=service/full&sort=due",
    "team report, page 2": "?page=2",
    "module by module": "grid/",
    "remind: page before": "remind/?whom=behind",
    "more time: page before": "more-time/?whom=behind",
    "organization": "organization/",
    "organization, all below": "organization/?depth=all",
    "a person": "people/{ada}/",
    "a record": "people/{ada}/record/",
    "team report as CSV": "team.csv",
    "organization as CSV": "organization.csv",
}


def said() -> dict[str, tuple[int, int]]:
    """The table of the page: a team, a long report."""
    rows = re.findall(r"^\| ([a-z][\w ,:]+?) +\| +(\d+) +\| +(\d+) +\|$", FIGURES.read_text(), re.MULTILINE)
    return {name: (int(small), int(large)) for name, small, large in rows}


def count(client: Client, address: str) -> int:
    """With what every page finds prepared or remembered asked for before."""
    for _time in range(2):
        with CaptureQueriesContext(connection) as queries:
            response = client.get(f"/reports/{address}")
            assert response.status_code == 200, address
            list(response.streaming_content if response.streaming else [])
    return len(queries)


@pytest.fixture
def viewers(cast, as_):
    """A manager of a team, and one of everything, whose people take two courses."""
    enroll(cast.ada, make_course("other", modules=1), due_on=site_day())
    boss = make_member(cast.company, "Top Boss", role="manager")
    return as_(cast.mia), as_(boss)


def counts(viewers, cast) -> dict[str, tuple[int, int]]:
    Enrollment.objects.update(due_on=site_day() - timedelta(days=1))
    asked = {name: address.format(ada=cast.ada.pk) for name, address in PAGES.items()}
    return {name: tuple(count(viewer, address) for viewer in viewers) for name, address in asked.items()}


def test_each_page_asks_as_often_as_the_page_of_figures_says(viewers, cast):
    """Mia's people fit on a page, those of her boss do not; more people and teams add nothing."""
    large = Team.add("Large", cast.company)
    add_people(cast, 20)
    add_people(cast, 60, large, start=100)
    before = counts(viewers, cast)
    assert {name: said().get(name) for name in PAGES} == before
    add_people(cast, 15, start=200)
    add_people(cast, 60, large, start=300)
    Team.add("Further", large)
    assert counts(viewers, cast) == before


def test_the_button_counts_people_and_not_their_courses(as_, cast, monkeypatch):
    """On a report of several pages, whose rows are courses."""
    add_people(cast, 60)
    other = make_course("other", modules=1)
    for one in Enrollment.objects.filter(user__staff_number__in=["N1", "N2"]):
        enroll(one.user, other)
    Enrollment.objects.filter(user__staff_number__in=["N1", "N2", "N3"]).update(due_on=site_day())
    mia = as_(cast.mia)
    assert "Remind 3 people" in text_of(mia.get("/reports/"))
    assert "Remind 2 people" in text_of(mia.get("/reports/?path=other"))
    monkeypatch.setattr("reports.choice.MOST", 4)
    said = text_of(mia.get("/reports/"))
    assert "More than 4 people at once: choose a team, then remind its people." in said
    assert "Remind 5 people" not in said
