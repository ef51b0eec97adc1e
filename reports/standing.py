"""Where one person stands, as a manager may see it (Row), and how many stand where (Summary). Plain data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache, cached_property
from typing import NamedTuple

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
    CREDITED = "credited", _("Credited")  # complete, and all of it was done elsewhere before
    PAUSED = "paused", _("Paused")
    EXCUSED = "excused", _("Excused")
    WITHDRAWN = "withdrawn", _("Withdrawn")


STANDINGS = list(Standing)
BEHIND = (Standing.OVERDUE, Standing.UPDATE_DUE, Standing.DUE_SOON)  # who can be reminded, and should be
TO_ACT_ON = (*BEHIND, Standing.NOT_ASKED)
COMPLETE = (Standing.COMPLETE, Standing.CREDITED, Standing.UPDATE_DUE)  # who completed the course once
SET_ASIDE = (Standing.EXCUSED, Standing.PAUSED, Standing.WITHDRAWN)  # in a report, and not counted as asked
AHEAD = (Standing.DUE_SOON, Standing.NOT_STARTED, Standing.UNDER_WAY)  # something is to be done, and there is time


class Window(models.TextChoices):
    """When what is still to be done is due."""

    OVERDUE = "overdue", _("Overdue")
    WEEK = "week", _("In the next 7 days")
    MONTH = "month", _("In the next 30 days")
    LATER = "later", _("Later than that")
    NONE = "none", _("No due day")


MONTH = timedelta(days=30)


def window_of(standing: str, due_on: date | None, today: date) -> Window | None:
    """The narrowest window something to be done is due in; None where there is nothing to be done, or not now."""
    if standing in (Standing.OVERDUE, Standing.DUE_SOON):
        return Window.OVERDUE if standing == Standing.OVERDUE else Window.WEEK
    if standing not in AHEAD:
        return None
    if due_on is None:
        return Window.NONE
    return Window.MONTH if due_on <= today + MONTH else Window.LATER


def is_in(window: Window | None, wanted: str) -> bool:
    """Whether a row of this window is listed; the next 30 days begin with the next 7."""
    return not wanted or window == wanted or (window == Window.WEEK and wanted == Window.MONTH)


class Row(NamedTuple):
    """One person and what they are asked to take, as a manager sees it; course fields are empty for nothing."""

    person_id: int
    name: str
    home_team: str
    enrollment_id: int | None
    course_key: str
    course: str
    path_id: int | None
    path_key: str
    path: str
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
    module: str  # where they would continue; only on pages

    @property
    def percent(self) -> int:
        return percent(self.lessons_done, self.lessons_total)

    @property
    def standing(self) -> Standing:
        return STANDINGS[self.place]

    @property
    def current_module(self) -> str:
        """Of who has begun and is not through. Never which lesson."""
        return self.module if self.lessons_done else ""

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


class FileRow(NamedTuple):
    """As much of a Row as a file prints, under the same names: there may be a hundred thousand."""

    name: str
    home_team: str
    is_asked: bool
    course: str
    path: str
    place: int
    due_on: date | None
    last_learned_on: date | None
    completed_on: date | None
    could_use_help: bool
    left_on: date | None
    lessons_done: int
    lessons_total: int
    lessons_by_quiz: int
    lessons_credited: int

    @property
    def percent(self) -> int:
        return percent(self.lessons_done, self.lessons_total)


def percent(done: int, total: int) -> int:
    """Rounded down, so that only all lessons are 100."""
    return done * 100 // total if total else 0


@cache
def place_of(standing: str) -> int:
    """Where a standing comes in the order of urgency; the database sorts and groups by this number."""
    return Standing.values.index(standing)


@dataclass(frozen=True)
class Summary:
    """How many stand where: counts of rows by standing, and of people."""

    people: int
    counts: dict[str, int]
    due_soon_by: date | None

    def __getitem__(self, standing: str) -> int:
        return self.counts[standing]

    @cached_property
    def rows(self) -> int:
        return sum(self.counts.values())

    @cached_property
    def asked(self) -> int:
        """Of whom something is asked now; the number that the complete are counted of."""
        return self.rows - self[Standing.NOT_ASKED] - sum(self[standing] for standing in SET_ASIDE)

    @cached_property
    def complete(self) -> int:
        return sum(self[standing] for standing in COMPLETE)

    @property
    def behind(self) -> int:
        return sum(self[standing] for standing in BEHIND)

    @property
    def to_act_on(self) -> int:
        return sum(self[standing] for standing in TO_ACT_ON)


class Group(NamedTuple):
    """Rows that stand in one place of one path, due in one window."""

    standing: Standing
    path_id: int | None
    window: Window | None


@dataclass(frozen=True)
class Tally:
    """All rows of some people, counted so that any part of them can be told without asking again."""

    people: int
    counts: dict[Group, int]
    last_due: dict[Group, date | None]  # the last due day of each

    @classmethod
    def of_rows(cls, rows: Sequence[Row], today: date) -> Tally:
        """Counted from all rows of a report, for when they are at hand anyway."""
        counted = [(row.standing, row.path_id, 1, row.due_on) for row in rows]
        return cls.of(len({row.person_id for row in rows}), counted, today)

    @classmethod
    def of(cls, people: int, counted: Iterable[tuple[Standing, int | None, int, date | None]], today: date) -> Tally:
        """Of rows or of groups of rows: standing, path, how many, and the due day, the last one of a group."""
        counts: Counter[Group] = Counter()
        last: dict[Group, date | None] = {}
        for standing, path_id, n, due_on in counted:
            if not n:
                continue
            group = Group(standing, path_id, window_of(standing, due_on, today))
            counts[group] += n
            last[group] = max(filter(None, [last.get(group), due_on]), default=None)
        return cls(people, dict(counts), last)

    @property
    def rows(self) -> int:
        return sum(self.counts.values())

    @property
    def paths(self) -> set[int]:
        return {group.path_id for group in self.counts if group.path_id}

    def summary(self, paths: Collection[int] | None = None, window: str = "") -> Summary:
        """Of all, or of those on some paths, due in a window."""
        found = [
            group for group in self.counts if (paths is None or group.path_id in paths) and is_in(group.window, window)
        ]
        counts: Counter[str] = Counter()
        for group in found:
            counts[group.standing.value] += self.counts[group]
        due = [self.last_due[group] for group in found if group.standing == Standing.DUE_SOON]
        return Summary(
            people=self.people,
            counts={standing: counts[standing] for standing in Standing.values},
            due_soon_by=max(filter(None, due), default=None),
        )
