from __future__ import annotations

import csv
import io
from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import audit
from accounts.models import Team, User
from courses.models import Module
from tests.conftest import with_role

LIST = "/admin/admin/logentry/"


def rows_of(response) -> list[list[str]]:
    assert response.status_code == 200
    text = b"".join(response.streaming_content).decode()
    assert text.startswith("\ufeff")
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))


@pytest.fixture
def entries(cast):
    """Three deeds: two of Hana, one of Ed a week and a half ago."""
    audit.record(cast.hana, cast.ada, "Printed a sign-in slip")
    audit.record(cast.hana, cast.lyon, "=HYPERLINK(1)", audit.ADDITION)
    audit.record(cast.ed, cast.course.modules.first(), "Status: ready")
    LogEntry.objects.filter(user=cast.ed).update(action_time=timezone.now() - timedelta(days=10))


def page(as_, person, **query) -> str:
    return as_(person).get(LIST, query).content.decode()


def test_the_list_says_when_who_what_and_about(as_, cast, entries):
    said = page(as_, cast.hana)
    for text in ("Hana Sato", "Printed a sign-in slip", "Person: Ada Moreau", "Ed Okoye", "Module: Module 1"):
        assert text in said
    assert said.index("=HYPERLINK(1)") < said.index("Printed a sign-in slip") < said.index("Status: ready")


@pytest.mark.parametrize(
    ("query", "there", "gone"),
    [
        ({"period": "week"}, "Printed", "Status: ready"),
        ({"period": "month"}, "Status: ready", "nothing"),
        ({"q": "slip"}, "Printed", "Status: ready"),
        ({"q": "okoye"}, "Status: ready", "Printed"),
        ({"who": "ed"}, "Status: ready", "Printed"),
        ({"kind": "team"}, "HYPERLINK", "Printed"),
        ({"who": "987654", "kind": "x", "period": "x"}, "Printed", "nothing"),
    ],
)
def test_filters_narrow_the_page_and_the_file_alike(as_, cast, entries, query, there, gone):
    known = {"ed": str(cast.ed.pk), "team": str(ContentType.objects.get_for_model(Team).pk)}
    query = {name: known.get(value, value) for name, value in query.items()}
    said = page(as_, cast.hana, **query).partition("<table")[2]
    assert there in said
    assert gone not in said
    client = as_(cast.hana)
    rows = rows_of(client.post(f"{LIST}csv/", query_params=query))
    assert any(there in row[2] for row in rows[1:-1])
    assert not any(gone in row[2] for row in rows[1:-1])


def test_the_file_is_safe_counts_its_rows_and_is_noted(as_, cast, entries):
    rows = rows_of(as_(cast.hana).post(f"{LIST}csv/"))
    assert rows[0] == ["When", "Who", "What", "Kind", "About"]
    assert [row[2] for row in rows[1:4]] == [
        "Took the audit list as a file",
        "'=HYPERLINK(1)",
        "Printed a sign-in slip",
    ]
    assert rows[-1] == ["4 rows"]
    assert audit.about(User.objects.filter(pk=cast.hana.pk)).get().change_message == "Took the audit list as a file"


def test_reading_it_needs_the_right_and_nobody_changes_it(as_, cast, entries):
    entry = LogEntry.objects.first()
    for person in (cast.ed, cast.olga, cast.mia):
        assert as_(person).get(LIST).status_code == 403
        assert as_(person).post(f"{LIST}csv/").status_code == 403
    for deed in ("change", "delete"):
        assert as_(cast.hana).post(f"{LIST}{entry.pk}/{deed}/", {"post": "yes"}).status_code == 403
    assert as_(cast.hana).get(f"{LIST}csv/").status_code == 405


def test_the_list_costs_the_same_with_ten_thousand_entries(as_, cast, entries):
    def queries() -> int:
        with CaptureQueriesContext(connection) as found:
            assert as_(cast.hana).get(LIST).status_code == 200
        return len(found)

    queries()
    before = queries()
    kinds = [ContentType.objects.get_for_model(model) for model in (User, Team, Module)]
    LogEntry.objects.bulk_create(
        LogEntry(
            user=(cast.hana, cast.ed, cast.olga)[n % 3],
            content_type=kinds[n % 3],
            object_id="1",
            object_repr=f"Thing {n}",
            action_flag=2,
            change_message="Changed",
        )
        for n in range(10_000)
    )
    assert queries() == before


# --- Every deed lands there ------------------------------------------------------------------------------------------


def noted(person: User) -> list[str]:
    return [entry.get_change_message() for entry in LogEntry.objects.filter(user=person).order_by("pk")]


def test_printed_slips_are_noted_also_those_of_managers(as_, cast):
    as_(cast.mia).post(f"/accounts/slips/{cast.ada.pk}/")
    as_(cast.hana).post(f"/accounts/slips/{cast.otto.pk}/")
    assert noted(cast.mia) == noted(cast.hana) == ["Printed a sign-in slip"]


def test_roles_are_noted(as_, cast, root):
    data = {"name": "Ada Moreau", "email": "ada@example.com", "staff_number": "1001", "is_active": "on", "roles": "HR"}
    empty = {"memberships-TOTAL_FORMS": "0", "memberships-INITIAL_FORMS": "0"}
    home = {"home_team": cast.lyon.pk, "home_role": "member"}
    assert as_(root).post(f"/admin/accounts/user/{cast.ada.pk}/change/", data | empty | home).status_code == 302
    assert "Roles set to HR" in noted(root)


def test_what_editors_and_hr_do_on_pages_of_their_own_is_noted(as_, cast, root):
    lesson = cast.course.lessons.filter(kind="reading").first()
    module = cast.course.modules.first()
    question = cast.course.questions.first()
    retake = {"person": "1001", "quiz": cast.course.lessons.get(kind="quiz").quiz.pk, "limit": "3", "reason": "Agreed"}
    type(cast.course.lessons.get(kind="quiz").quiz).objects.update(is_final=True)
    ask = {"team": cast.paris.pk, "path": cast.course.paths.first().pk, "confirmed": "1"}
    due = {"due_on": "2026-12-24", "reason": "Away"}
    with_role(cast.ed, "HR")
    deeds = [
        (f"courses/lesson/{lesson.pk}/do/retire/", {}),
        (f"courses/module/{module.pk}/status/", {"status": "in-preparation"}),
        (f"quizzes/question/{question.pk}/retire/", {"to": "retired"}),
        ("quizzes/retakechange/add/", retake),
        ("courses/assignment/add/", ask),
        (f"courses/enrollment/{cast.ada_enrolled.pk}/change/", due),
    ]
    client = as_(cast.ed)
    for number, (address, data) in enumerate(deeds, 1):
        assert client.post(f"/admin/{address}", data).status_code == 302, address
        assert len(noted(cast.ed)) == number, address
