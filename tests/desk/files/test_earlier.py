"""Earlier completions from a file: looked at first, refused with the place, credited in steps, safe to repeat."""

from __future__ import annotations

import csv
from datetime import date, timedelta
from io import BytesIO, StringIO

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from openpyxl import Workbook

from accounts.models import StagedFile
from courses.models import Certificate, Completion, Credit, Enrollment, Module
from courses.models.enrollment import site_day
from desk.files import earlier
from desk.files.dates import day_of
from desk.files.reading import NotReadable
from desk.files.staging import stage_earlier
from tests.builders import make_course, make_lesson, make_person

pytestmark = pytest.mark.django_db

HEAD = "Staff number;E-mail;Course;Lessons;Date;Source\n"
ADD = "/admin/courses/credit/add/"


def staged(text, by=None):
    file = stage_earlier(BytesIO(text.encode()), "earlier.csv", by=by)
    while earlier.judge(file):
        pass
    return StagedFile.objects.get(pk=file.pk)


def bring(file):
    while earlier.bring_in(file):
        pass
    return StagedFile.objects.get(pk=file.pk)


def outcomes(file):
    return [row.outcome for row in file.rows.order_by("number")]


def facts():
    return [list(model.objects.order_by("pk").values()) for model in (Enrollment, Completion, Credit, Certificate)]


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2025-04-03", date(2025, 4, 3)),
        ("03.04.2025", date(2025, 4, 3)),
        ("3. 4. 2025", date(2025, 4, 3)),
        ("2025-04-03 14:30:00", date(2025, 4, 3)),
        ("2026-11-22", date(2026, 11, 22)),
    ],
)
def test_days_that_are_read(text, day):
    assert day_of(text, date(2026, 11, 22)) == day


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("31.02.2025", "no day that a calendar has"),
        ("2025-02-30", "no day that a calendar has"),
        ("31/02/2025", "Write 2025-04-03"),
        ("03/04/2025", "can be two different days"),
        ("3-4-25", "can be two different days"),
        ("2026-11-23", "in the future"),
        ("0025-04-03", "Is the year right?"),
        ("last spring", "Write 2025-04-03"),
        ("２０２５-04-03", "Write 2025-04-03"),
        ("", "There is no day"),
    ],
)
def test_days_that_are_refused(text, says):
    with pytest.raises(ValidationError, match=says.replace("?", r"\?")):
        day_of(text, date(2026, 11, 22))


def test_a_file_is_looked_at_and_then_credited(cast):
    text = HEAD + (
        "1001;;service;m1-read-1 | m1-read-2;2025-04-03;Old academy\n"
        ";OTTO@example.com;Course service;;03.04.2025;Old academy\n"
        ";mia@example.com;service;m1-quiz;2025-04-04;Old academy\n"
    )
    before = facts()
    file = staged(text, by=cast.hana)
    assert facts() == before, "nothing happens before"
    assert outcomes(file) == ["changed", "changed", "created"]
    file = bring(file)
    assert file.applied_at
    assert outcomes(file) == ["changed", "changed", "created"]
    cast.ada_enrolled.refresh_from_db()
    assert (cast.ada_enrolled.progress(), cast.ada_enrolled.is_complete) == ((2, 3), False)
    assert Enrollment.objects.get(user=cast.otto).is_complete
    assert Enrollment.objects.get(user=cast.mia).progress() == (1, 3)
    assert {credit.by for credit in Credit.objects.all()} == {cast.hana}
    assert not Certificate.objects.exists()
    after = facts()
    again = staged(text)
    assert outcomes(again) == ["unchanged"] * 3
    bring(again)
    assert facts() == after, "the same file again changes nothing"


@pytest.mark.parametrize(
    ("row", "column", "says"),
    [
        ("9999;;service;;2025-04-03;Old", "", "There is nobody here"),
        ("1001;otto@example.com;service;;2025-04-03;Old", "email", "belongs to another person"),
        ("1001;;servise;;2025-04-03;Old", "course", "There is no course “servise”"),
        ("1001;;;;2025-04-03;Old", "course", "Name a course"),
        ("1001;;service;m1-read-9;2025-04-03;Old", "lessons", "There is no lesson with the key “m1-read-9”"),
        ("1001;;service;draft;2025-04-03;Old", "lessons", "not open to learners"),
        ("1001;;service;tale;2025-04-03;Old", "lessons", "a page or a story"),
        ("1001;;;m1-read-1;2025-04-03;Old", "lessons", "several courses"),
        ("1001;;;own|m1-read-2x;2025-04-03;Old", "lessons", "There is no lesson"),
        ("1001;;service;;31/02/2025;Old", "done_on", "no day in a form"),
        ("1001;;service;;03/04/2025;Old", "done_on", "two different days"),
        (f"1001;;service;;{date.today() + timedelta(days=2)};Old", "done_on", "in the future"),
        ("1001;;service;;2025-04-03;", "source", "Say where"),
        (f"1001;;service;;2025-04-03;{'x' * 201}", "source", "200 letters"),
        ("1001;;half;;2025-04-03;Old", "course", "modules in preparation"),
        ("1001;;pathless;;2025-04-03;Old", "course", "no default path"),
        ("1001;;service;;2025-04-03;Old;more", "", "more cells than there are headings"),
        (";;service;;2025-04-03;Old", "", "nothing to know the person by"),
    ],
)
def test_a_row_that_is_wrong_is_refused_with_its_place(cast, row, column, says):
    module = cast.course.modules.get()
    make_lesson(module, "draft", position=20, publish=False)
    make_lesson(module, "tale", position=21, kind="story")
    make_lesson(make_course("other").modules.get(), "own", position=20)
    make_course("half", modules=1, ready=False)
    make_course("pathless").paths.update(is_default=False)
    before = facts()
    file = staged(HEAD + "1001;;service;m1-read-1;2025-04-03;Old\n" + row + "\n")
    assert outcomes(file) == ["changed", "refused"]
    wrong = file.rows.get(number=3)
    assert any(where == column and says in text for where, text in wrong.problems), wrong.problems
    assert facts() == before
    bring(file)
    assert Completion.objects.count() == 1


def test_a_file_without_its_columns_is_refused_as_a_whole(cast):
    for head in ("Staff number;Course;Date\n", "Course;Date;Source\n", "Staff number;Date;Source\n"):
        with pytest.raises(NotReadable, match="There is no column"):
            stage_earlier(BytesIO((head + "1001;service;2025-04-03\n").encode()), "x.csv", by=None)
    assert not StagedFile.objects.exists()


def test_a_date_cell_of_a_spreadsheet_is_a_day(cast):
    book, out = Workbook(), BytesIO()
    for row in (["Staff number", "Course", "Date", "Source"], [1001, "service", date(2025, 4, 3), "Old"]):
        book.active.append(row)
    book.save(out)
    file = stage_earlier(out, "earlier.xlsx", by=None)
    while earlier.judge(file):
        pass
    bring(StagedFile.objects.get(pk=file.pk))
    assert Credit.objects.get().done_on == date(2025, 4, 3)


def test_what_became_wrong_since_the_look_is_refused(cast):
    file = staged(HEAD + "1001;;service;;2025-04-03;Old\n")
    cast.course.modules.update(status=Module.Status.IN_PREPARATION)
    assert outcomes(bring(file)) == ["refused"]
    assert not Credit.objects.exists()


def test_steps_that_are_repeated_go_on_where_they_stopped(cast, monkeypatch):
    monkeypatch.setattr(earlier, "AT_ONCE", 2)
    people = [make_person(f"P{n}", staff_number=f"P{n}") for n in range(5)]
    text = HEAD + "".join(f"{person.staff_number};;service;m1-read-1;2025-04-03;Old\n" for person in people)
    file = stage_earlier(BytesIO(text.encode()), "e.csv", by=None)
    assert not earlier.bring_in(file), "not before it was looked at"
    while earlier.judge(file):
        pass
    assert earlier.bring_in(file)
    assert Credit.objects.count() == 2
    bring(file)
    assert Credit.objects.count() == 5
    assert not earlier.bring_in(file)
    assert not earlier.judge(file)


def test_the_command_says_and_with_apply_does(cast, tmp_path):
    path, out, err = tmp_path / "earlier.csv", StringIO(), StringIO()
    path.write_text(HEAD + "1001;;service;;2025-04-03;Old\n1001;;nothing;;2025-04-03;Old\n")
    with pytest.raises(CommandError, match="1 rows were refused"):
        call_command("import_earlier", path, stdout=out, stderr=err)
    assert "Row 3: Course: There is no course “nothing”." in err.getvalue()
    assert "1 changed" in out.getvalue()
    assert not Credit.objects.exists()
    assert not StagedFile.objects.exists()
    with pytest.raises(CommandError):
        call_command("import_earlier", path, "--apply", stdout=out, stderr=err)
    assert Credit.objects.get().by is None
    with pytest.raises(CommandError, match="cannot be opened"):
        call_command("import_earlier", tmp_path / "none.csv")
    path.write_bytes(b"%PDF-1.4")
    with pytest.raises(CommandError, match="This is a PDF file"):
        call_command("import_earlier", path)


def upload(text, name="earlier.csv"):
    return {"file": SimpleUploadedFile(name, text.encode())}


def test_hr_brings_a_file(cast, as_):
    hana = as_(cast.hana)
    assert "Look at the file" in hana.get(ADD).text
    rows = "1001;;service;;2025-04-03;=cmd()\n;mia@example.com;service;;2025-04-03;Old\n1;;service;;2025-04-03;=x()\n"
    page = hana.post(ADD, upload(HEAD + rows), follow=True)
    url = page.redirect_chain[-1][0]
    assert "2 rows are credited, to 2 people." in page.text
    assert "1 of them is for somebody who is not on the course yet and gets enrolled." in page.text
    assert "There is nobody here with this number or address." in page.text
    assert "Credit 2 rows" in page.text
    assert not Credit.objects.exists()
    refused = b"".join(hana.get(f"{url}refused/").streaming_content).decode("utf-8-sig")
    (line,) = list(csv.DictReader(StringIO(refused)))
    assert line["Source"] == "'=x()", "no formula"
    assert line["What is wrong"].startswith("There is nobody here")
    page = hana.post(url, follow=True)
    assert "What the file says is credited." in page.text
    assert Credit.objects.count() == 2
    before = facts()
    hana.post(url)
    assert facts() == before, "a double click"
    assert hana.get("/admin/courses/credit/").text.count("The whole course") == 2
    mended = refused.replace("1;", "1001;").replace("\n1,", "\n1001,")
    page = hana.post(ADD, upload(mended), follow=True)
    assert "1 row changes nothing." in page.text, "the mended file is read again"


def test_a_file_that_cannot_be_read_is_an_error_at_the_field(cast, as_):
    page = as_(cast.hana).post(ADD, upload("%PDF-1.4", "x.pdf"))
    assert "Error:" in page.text
    assert "This is a PDF file." in page.text
    assert as_(cast.hana).post(ADD, {}).status_code == 200


def test_a_file_of_people_is_not_found_here(cast, as_):
    people = StagedFile.objects.create(kind=StagedFile.Kind.PEOPLE, name="people.csv", by=cast.hana)
    assert as_(cast.hana).get(f"/admin/courses/credit/file/{people.pk}/").status_code == 404


def test_pages_cost_a_constant_number_of_queries(cast, as_):
    hana, counts = as_(cast.hana), []
    for size in (1, 30):
        people = [make_person(f"P{size}-{n}", staff_number=f"P{size}-{n}", email=None) for n in range(size)]
        text = HEAD + "".join(f"{one.staff_number};;service;m1-read-1;2025-04-03;Old\n" for one in people)
        text += "".join(f"none-{n};;service;;2025-04-03;Old\n" for n in range(size))
        file = staged(text)
        with CaptureQueriesContext(connection) as look:
            hana.get(f"/admin/courses/credit/file/{file.pk}/")
        bring(file)
        with CaptureQueriesContext(connection) as listed:
            hana.get("/admin/courses/credit/")
        counts.append((len(look), len(listed)))
    assert counts[0] == counts[1]
    assert site_day() >= Credit.objects.first().done_on
