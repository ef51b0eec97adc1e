"""Where one person stands, as a manager may see it (Row), and how many stand where (Summary). Plain data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import models
from django.utils.translation import gettext_lazy as _

from courses.models.enrollment import site_day


class Standing(models.TextChoices):
    """What a manager reads in a row: the state of an enrollment, and what is coming. In the order of urgency."""

    OVERDUE = "overdue", _("Overdue")
    UPDATE_DUE = "update-due", _("Update due")
    DUE_SOON = "due-soon", _("Due soon")
    NOT_ASKED = "not-asked", _("Not asked yet")
    NOT_STARTED = "not-started", _("Not started")
    UNDER_WAY = "under-way", _("In progress")
    DONE_SO_FAR = "done-so-far", _("Done so far")
    COMPLETE = "complete", _("Complete")
    PAUSED = "paused", _("Paused")
    EXCUSED = "excused", _("Excused")
    WITHDRAWN = "withdrawn", _("Withdrawn")


STANDINGS = list(Standing)
TO_ACT_ON = (Standing.OVERDUE, Standing.UPDATE_DUE, Standing.DUE_SOON, Standing.NOT_ASKED)
SET_ASIDE = (Standing.EXCUSED, Standing.PAUSED, Standing.WITHDRAWN)  # in a report, and not counted as asked


@dataclass(frozen=True)
class Row:
    """One person and what they are asked to take, as a manager sees it; course fields are empty for nothing."""

    person_id: int
    name: str
    home_team: str
    enrollment_id: int | None
    course: str
    path: str
    state: str
    place: int
    due_on: date | None
    last_learned_at: datetime | None
    completed_at: datetime | None
    could_use_help: bool  # after three finals that did not work out
    is_extendable: bool  # a manager may give more time
    left_at: datetime | None  # only where people who left were asked for
    lessons_done: int
    lessons_total: int
    lessons_by_quiz: int
    lessons_credited: int  # done elsewhere before

    @property
    def percent(self) -> int:
        """For the bar. Rounded down, so that only all lessons are 100."""
        return self.lessons_done * 100 // self.lessons_total if self.lessons_total else 0

    @property
    def standing(self) -> Standing:
        return STANDINGS[self.place]

    @property
    def is_asked(self) -> bool:
        return self.enrollment_id is not None

    @property
    def last_learned_on(self) -> date | None:
        """The day, in the site's time zone; the hour is nobody's business."""
        return site_day(self.last_learned_at) if self.last_learned_at else None

    @property
    def left_on(self) -> date | None:
        return site_day(self.left_at) if self.left_at else None

    @property
    def completed_on(self) -> date | None:
        return site_day(self.completed_at) if self.completed_at else None


def place_of(standing: str) -> int:
    """Where a standing comes in the order of urgency; the database sorts and groups by this number."""
    return Standing.values.index(standing)


@dataclass(frozen=True)
class Summary:
    """How many stand where: counts of rows by standing, and of people."""

    people: int
    counts: dict[str, int]
    due_soon_by: date | None

    @classmethod
    def of_rows(cls, rows: Sequence[Row]) -> Summary:
        """Counted from all rows of a report, for when they are at hand anyway."""
        counts = Counter(row.standing.value for row in rows)
        due = [row.due_on for row in rows if row.due_on and row.standing == Standing.DUE_SOON]
        return cls(
            people=len({row.person_id for row in rows}),
            counts={standing: counts[standing] for standing in Standing.values},
            due_soon_by=max(due, default=None),
        )

    def __getitem__(self, standing: str) -> int:
        return self.counts[standing]

    @property
    def rows(self) -> int:
        return sum(self.counts.values())

    @property
    def asked(self) -> int:
        """Of whom something is asked now; the number that the complete are counted of."""
        return self.rows - self[Standing.NOT_ASKED] - sum(self[standing] for standing in SET_ASIDE)

    @property
    def to_act_on(self) -> int:
        return sum(self[standing] for standing in TO_ACT_ON)
