"""People who left are in no report unless it is asked for, and are marked with the day then."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django.urls import reverse

from accounts.models import User
from reports.population import Population
from reports.team import as_rows, rows_of
from tests.builders import enroll, make_member

PAGE, FILE = reverse("reports:team"), reverse("reports:team_csv")
LEFT = datetime(2026, 10, 5, 12, tzinfo=UTC)


@pytest.fixture
def leaver(cast) -> User:
    person = make_member(cast.lyon, "Lea Gone")
    enroll(person, cast.course, due_on=date(2026, 9, 1))
    person.leave(LEFT)
    return person


def names(population: Population) -> set[str]:
    return {row.name for row in as_rows(rows_of(population.people))}


def test_the_usual_report_has_nobody_who_left(as_, cast, leaver):
    assert "Lea Gone" not in as_(cast.mia).get(PAGE).content.decode()
    assert b"Lea Gone" not in b"".join(as_(cast.mia).get(FILE).streaming_content)


@pytest.mark.parametrize("viewer", ["mia", "hana"])
def test_with_leavers_they_are_marked_with_the_day(as_, cast, leaver, viewer):
    said = as_(getattr(cast, viewer)).get(PAGE, {"leavers": "1"}).content.decode()
    assert "Lea Gone" in said
    assert "Left Oct. 5, 2026" in said
    assert "who left" in said.partition("</table>")[2]
    assert "Worth a word" not in said  # nobody speaks to people who are gone


def test_the_file_has_a_column_for_the_day(as_, cast, leaver):
    lines = b"".join(as_(cast.mia).get(FILE, {"leavers": "1"}).streaming_content).decode().splitlines()
    assert lines[0].endswith(",Left on")
    assert next(line for line in lines if line.startswith("Lea Gone")).endswith(",2026-10-05")
    assert next(line for line in lines if line.startswith("Ada Moreau")).endswith(",")
    assert "who left" in lines[-1]


def test_the_choice_stays_while_one_sorts_narrows_and_downloads(as_, cast, leaver):
    said = as_(cast.hana).get(PAGE, {"leavers": "1", "team": cast.lyon.pk}).content.decode()
    assert "Lea Gone" in said
    assert f"{FILE}?team={cast.lyon.pk}&amp;leavers=1" in said
    assert f"?team={cast.lyon.pk}&amp;leavers=1&amp;sort=name" in said
    assert 'name="leavers" value="1" checked' in said
    assert "Lea Gone" not in as_(cast.hana).get(PAGE, {"leavers": "1", "team": cast.paris.pk}).content.decode()


def test_managers_see_no_leaver_of_another_team_and_nobody_the_switched_off_or_the_erased(cast, leaver):
    User.objects.filter(pk=cast.ada.pk).update(is_active=False)
    erased = make_member(cast.lyon, "Era Sed")
    User.objects.filter(pk=erased.pk).update(
        is_active=False, left_at=LEFT, erased_at=LEFT + timedelta(days=1), email=None
    )
    assert names(Population.of(cast.mia).with_leavers()) == {"Lea Gone"}
    assert names(Population.of(cast.pia).with_leavers()) == {"Otto Lind"}
    assert names(Population.of(cast.stranger).with_leavers()) == set()


def test_no_slip_is_offered_for_them(as_, cast, leaver):
    said = as_(cast.mia).get(PAGE, {"leavers": "1"}).content.decode()
    assert f"/accounts/slips/{cast.ada.pk}/" in said
    assert f"/accounts/slips/{leaver.pk}/" not in said


@pytest.mark.parametrize("query", [{}, {"leavers": "1"}])
def test_queries_do_not_grow(as_, cast, leaver, query, django_assert_max_num_queries):
    for n in range(30):
        enroll(make_member(cast.lyon, f"Person{n} X"), cast.course)
    client = as_(cast.mia)
    client.get(PAGE, query)
    with django_assert_max_num_queries(8):  # two of them are the session and its person
        client.get(PAGE, query)
