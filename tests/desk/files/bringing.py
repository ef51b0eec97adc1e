"""What the tests of files of people share: bring one in, and a picture of all that a file could have changed."""

from __future__ import annotations

from io import BytesIO

from accounts.models import Membership, StagedFile, User
from courses.models import Completion, Enrollment
from desk.files import steps
from desk.files.staging import stage


def looked_at(text: str, by: User | None = None, **options) -> StagedFile:
    """A file that is staged and judged."""
    file = stage(BytesIO(text.encode()), "people.csv", by, **options)
    while steps.judge(file):
        pass
    file.refresh_from_db()
    return file


def brought_in(text: str, by: User | None = None, **options) -> StagedFile:
    file = looked_at(text, by, **options)
    while steps.bring_in(file):
        pass
    file.refresh_from_db()
    return file


def outcomes(file: StagedFile) -> dict[int, str]:
    return dict(file.rows.values_list("number", "outcome"))


def problems(file: StagedFile) -> dict[int, list[str]]:
    """By row: the columns in which something is wrong."""
    refused = file.rows.filter(outcome="refused").order_by("number")
    return {row.number: [column for column, _text in row.problems] for row in refused}


def texts(file: StagedFile) -> str:
    return " ".join(text for row in file.rows.all() for _column, text in row.problems)


def picture() -> list[list[tuple]]:
    """Everything a file of people can change."""
    people = User.objects.order_by("pk").values_list(
        *("pk", "email", "staff_number", "external_id", "name", "language", "is_active", "left_at", "session_epoch"),
        "password",
    )
    places = Membership.objects.order_by("pk").values_list("pk", "user", "team", "role", "is_home")
    asked = Enrollment.objects.order_by("pk").values_list("pk", "user", "path", "cycle", "due_on")
    done = Completion.objects.order_by("pk").values_list("pk", "enrollment", "lesson")
    return [list(rows) for rows in (people, places, asked, done)]
