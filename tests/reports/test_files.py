"""The files of the team report: the rows of the page, whatever is asked for, and what is seen where one is cut off."""

import csv
import io
import logging
import zipfile
from datetime import date, datetime, timedelta

import openpyxl
import pytest
from django.http import QueryDict
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.cells import as_csv
from accounts.models import Membership, Team, User
from accounts.spreadsheets import as_xlsx
from courses import changes, progress, publishing
from courses.models import Completion, Enrollment, ExtraStep, LessonRevision, PathStep
from courses.models.enrollment import site_day
from reports import export
from reports.asking import selected
from reports.forms import Asked
from reports.page import page_of
from reports.population import Population
from reports.standing import FileRow, Standing, Window
from reports.team import IN_BULK, SORTS, as_rows, one_by_one
from tests.builders import enroll, make_course, make_person
from tests.conftest import sign_in

FILES = {kind: reverse(f"reports:team_{kind}") for kind in ("csv", "xlsx")}


def csv_rows(content):
    return list(csv.reader(io.StringIO(content.decode().removeprefix("\ufeff"))))


def xlsx_rows(content):
    """As the CSV writes them."""
    sheet = openpyxl.load_workbook(io.BytesIO(content)).active
    return [[written(value) for value in row] for row in sheet.iter_rows(values_only=True)]


def written(value):
    if value is None:
        return ""
    return value.date().isoformat() if isinstance(value, datetime) else str(value)


def content_of(response):
    return b"".join(response.streaming_content)


def without_ends(rows):
    """Without the empty cells a sheet fills its lines with."""
    return [row[: max((n for n, cell in enumerate(row, 1) if cell), default=0)] for row in rows]


@pytest.fixture
def company(cast):
    """A dozen people in three teams, on two courses, who stand in most of the ways there are."""
    today, paths = site_day(), {"full": cast.course.paths.get()}
    other = make_course("other", modules=2)
    below = Team.add("Lyon night", cast.lyon)
    people = User.objects.bulk_create(
        User(name=f"{'=' * (n % 5 == 0)}P{n % 7} X", staff_number=f"P{n}", password="!") for n in range(12)
    )
    Membership.objects.bulk_create(
        Membership(team=[cast.lyon, below, cast.paris][n % 3], user=person, is_home=True, role="member")
        for n, person in enumerate(people)
    )
    Membership.objects.create(team=cast.paris, user=people[0])
    lessons = list(cast.course.lessons.published().in_order())
    for n, person in enumerate(people[:10]):
        due = None if n % 4 == 3 else today + timedelta(days=[-3, 5, 40][n % 3])
        one = enroll(person, cast.course, due_on=due)
        for lesson in lessons[: n % 4]:
            progress.complete_lesson(one, lesson, lesson.published_revision, Completion.How.READ)
        if n % 3 == 0:
            enroll(person, other, due_on=today + timedelta(days=2))
    changes.pause(Enrollment.objects.filter(user=people[1]), cast.hana, "Away")
    User.objects.filter(pk=people[4].pk).update(is_active=False, left_at=timezone.now())
    again = lessons[0].add_revision(title="New", body="New", minutes=3)
    publishing.publish(again, LessonRevision.Effect.REDO)
    PathStep.objects.filter(path=paths["full"], lesson=lessons[1]).update(since=timezone.now() - timedelta(days=1))
    Enrollment.objects.filter(user=people[2]).update(enrolled_at=timezone.now() - timedelta(days=30))
    second = enroll(people[8], cast.course, cycle=2)
    ExtraStep.objects.create(enrollment=second, lesson=other.lessons.first())
    progress.credit(
        Enrollment.objects.get(user=people[5]),
        cast.course.lessons.filter(kind="reading"),
        Completion.How.BY_QUIZ,
        timezone.now(),
        timezone.now(),
    )
    cast.below = below
    return cast


filters = st.fixed_dictionaries(
    {},
    optional={
        "team": st.sampled_from(["company", "lyon", "paris", "below"]),
        "direct": st.just("1"),
        "state": st.sampled_from(Standing.values),
        "due": st.sampled_from(Window.values),
        "path": st.sampled_from(["service", "service/full", "other"]),
        "leavers": st.just("1"),
        "sort": st.sampled_from([sign + key for key in SORTS for sign in ("", "-")]),
    },
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(asked=filters, viewer=st.sampled_from(["hana", "mia"]))
def test_page_csv_and_xlsx_have_the_same_rows_for_any_filter(company, asked, viewer):
    query = {**asked, "team": getattr(company, asked["team"]).pk} if "team" in asked else asked
    client = Client()
    client.force_login(getattr(company, viewer))
    answers = {kind: client.get(address, query) for kind, address in FILES.items()}
    page = client.get(reverse("reports:team"), query)
    if page.status_code == 404:
        assert {answer.status_code for answer in answers.values()} == {404}
        return
    found = {kind: content_of(answer) for kind, answer in answers.items()}
    rows = csv_rows(found["csv"])
    assert without_ends([[cell.removeprefix("'") for cell in row] for row in rows]) == without_ends(
        xlsx_rows(found["xlsx"])
    )
    shown = page.context["page"]
    assert shown.total == len(shown.rows) == len(rows) - 2
    assert rows[-1][0] == (f"{shown.total} rows" if shown.total != 1 else "1 row")
    for row, line in zip(shown.rows, rows[1:-1], strict=True):
        day = row.due_on.isoformat() if row.due_on else ""
        assert [line[0].removeprefix("'"), line[2], line[8], line[10]] == [
            row.name,
            row.course,
            row.standing.label,
            day,
        ]
        if row.is_asked:
            assert [int(cell) for cell in line[4:8]] == [
                row.lessons_done,
                row.lessons_total,
                row.lessons_by_quiz,
                row.percent,
            ]


def test_rows_one_by_one_are_the_rows_of_the_page(company, django_assert_num_queries):
    population, at = Population.of(company.hana).with_leavers(), timezone.now()
    for sort in SORTS:
        asked = Asked.read(QueryDict(f"sort={sort}"))
        with django_assert_num_queries(2):
            found = list(one_by_one(selected(population, asked, at, IN_BULK).iterator(chunk_size=5)))
        rows = as_rows(selected(population, asked, at))
        assert found == [tuple(getattr(row, name) for name in FileRow._fields) for row in rows]
    assert {row.lessons_by_quiz for row in found} >= {0, 2}
    assert page_of(population, asked, at).total == len(found)


def test_numbers_are_numbers_and_days_are_days_in_a_spreadsheet(client, company):
    content = content_of(sign_in(client, company.mia).get(FILES["xlsx"], {"sort": "due"}))
    book = openpyxl.load_workbook(io.BytesIO(content))
    first = book.active[2]
    assert [cell.data_type for cell in first[4:8]] == ["n"] * 4
    assert first[10].is_date
    assert first[10].number_format == "yyyy-mm-dd"
    assert book.active.freeze_panes == "A2"
    assert book.active["A1"].font.b
    assert not [cell for row in book.active.iter_rows() for cell in row if cell.data_type == "f"]


@pytest.mark.parametrize("kind", FILES)
def test_a_file_says_what_it_is(client, cast, kind):
    response = sign_in(client, cast.mia).get(FILES[kind])
    assert response["Content-Disposition"] == f'attachment; filename="team-{site_day().isoformat()}.{kind}"'
    assert response.streaming
    assert client.post(FILES[kind]).status_code == 405


@pytest.mark.parametrize("kind", FILES)
def test_the_first_piece_is_sent_before_anybody_is_looked_for(company, kind, django_assert_num_queries):
    population = Population.of(company.hana)
    query = selected(population, Asked.read(QueryDict("")), timezone.now(), IN_BULK)
    lines = export.lines(query, population, [])
    with django_assert_num_queries(0):
        assert next(as_csv(lines) if kind == "csv" else as_xlsx(lines, "Report"))


def test_who_takes_only_part_leaves_nothing_behind_but_a_line_in_the_log(company, caplog):
    caplog.set_level(logging.INFO, "workshop.reports")
    population, asked = Population.of(company.hana), Asked.read(QueryDict(""))

    def pieces():
        query = selected(population, asked, timezone.now(), IN_BULK)
        return as_csv(export.lines(query, population, []))

    cut_off = pieces()
    next(cut_off)
    cut_off.close()  # as the server does when nobody listens any more
    [record] = caplog.records
    assert record.message == "team report cut off"
    assert record.event == {"by": company.hana.pk, "rows": 0}
    list(pieces())
    assert caplog.records[-1].message == "team report exported"
    assert caplog.records[-1].event["rows"] > 5


class Breaks(Exception):
    pass


def broken(pieces):
    """What somebody gets of a file that breaks on the way."""
    taken = []
    with pytest.raises(Breaks):
        taken.extend(pieces)  # extends by each before it asks for the next
    return taken


def broken_lines():
    yield ["Person", "Lessons done"]
    yield ["Ada", 3]
    raise Breaks


def test_csv_that_breaks_on_the_way_says_so_in_its_last_line():
    assert "".join(broken(as_csv(broken_lines()))).splitlines()[-1].startswith('"Something went wrong here')


def test_xlsx_that_breaks_on_the_way_does_not_open():
    taken = b"".join(broken(as_xlsx(broken_lines(), "Report")))
    assert taken
    with pytest.raises(zipfile.BadZipFile):
        zipfile.ZipFile(io.BytesIO(taken))


def test_a_spreadsheet_takes_any_text():
    nasty = ["=1+1", "a<b>&\"c'", " spaces ", "tab\there", "bell\x07", "line\nbreak", "Zoë 漢字 🙂", "x" * 40]
    content = b"".join(as_xlsx(iter([["Text"], *[[text] for text in nasty], [date(2026, 3, 1)]]), "A " * 40))
    rows = [row[0] for row in openpyxl.load_workbook(io.BytesIO(content)).active.iter_rows(values_only=True)]
    assert rows == ["Text", *[text.replace("\x07", "") for text in nasty], datetime(2026, 3, 1)]


def test_people_without_names_of_teams_are_in_the_file(client, cast):
    make_person("Nobody Knows")
    rows = csv_rows(content_of(sign_in(client, cast.hana).get(FILES["csv"])))
    assert ["Nobody Knows", "", "", ""] in [row[:4] for row in rows]
