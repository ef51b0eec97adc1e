"""What can be done to a lesson as a whole, each with what it means for people, in sentences."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from courses import progress, publishing
from courses.admin.content import completes
from courses.models import Lesson
from desk.lesson_forms import CAN_BE_REQUIRED

ALL_ACTS = ("unpublish", "retire", "bring-back", "make-optional", "make-required")


@dataclass(frozen=True)
class Act:
    """Something that is done to a lesson after a page that says what it does. `do` says how many it completed."""

    title: str
    sentences: list[str]
    button: str
    do: Callable[[Lesson], int]
    log: str


def acts(lesson: Lesson) -> dict[str, Act]:
    """What can be done to this lesson as it is now."""
    if lesson.retired_at:
        return {"bring-back": _bring_back(lesson)}
    people, done = who(lesson), completes(progress.would_complete(lesson.course, without=lesson))
    if not lesson.required:
        done = _("It counts for nobody now.")
    found = {"retire": _retire(lesson, [*people, done])}
    if lesson.published_revision_id:
        found["unpublish"] = _hide(lesson, [*people, done])
    if lesson.required:
        found["make-optional"] = _make_optional(lesson, [*people, done])
    elif lesson.kind in CAN_BE_REQUIRED:
        found["make-required"] = _make_required(lesson, people)
    return found


def who(lesson: Lesson) -> list[str]:
    """Whom it reaches, as numbers: asked, and of these complete, under way, and not started."""
    counts = publishing.head_counts(lesson)
    asked = counts.completed + counts.under_way + counts.not_started
    if not asked:
        return [_("Nobody is asked to take it now.")]
    words = ngettext("%(n)d person is asked to take it.", "%(n)d people are asked to take it.", asked)
    stand = _("Completed it: %(completed)d. Under way, with it ahead: %(under_way)d. Not started: %(not_started)d.")
    return [words % {"n": asked}, stand % vars(counts)]


def _make_optional(lesson: Lesson, people: list[str]) -> Act:
    return Act(
        _("Make “%(title)s” optional?") % {"title": lesson.title},
        [
            _("It stays open to everybody on the course, and counts for nobody."),
            *people,
            _("You can make it required again. Whoever completed the course stays complete."),
        ],
        _("Make it optional"),
        lambda it: publishing.set_required(it, False),
        "Made optional",
    )


def _make_required(lesson: Lesson, people: list[str]) -> Act:
    return Act(
        _("Make “%(title)s” required?") % {"title": lesson.title},
        [_("It counts for everybody whose path has it. Whoever completed the course stays complete."), *people],
        _("Make it required"),
        lambda it: publishing.set_required(it, True),
        "Made required",
    )


def _hide(lesson: Lesson, people: list[str]) -> Act:
    return Act(
        _("Hide “%(title)s”?") % {"title": lesson.title},
        [
            _("Learners do not see it until you publish it again. What they did in it is kept, and counts again then."),
            *people,
        ],
        _("Hide it"),
        publishing.unpublish,
        "Hidden",
    )


def _retire(lesson: Lesson, people: list[str]) -> Act:
    return Act(
        _("Retire “%(title)s”?") % {"title": lesson.title},
        [
            _("It leaves the course, for good unless you bring it back. What people did in it is kept."),
            *people,
        ],
        _("Retire it"),
        publishing.retire,
        "Retired",
    )


def _bring_back(lesson: Lesson) -> Act:
    def bring_back(it: Lesson) -> int:
        publishing.bring_back(it)
        return 0

    return Act(
        _("Bring “%(title)s” back?") % {"title": lesson.title},
        [
            _("It stands at the end of its module again, hidden: learners see it once you publish it."),
            _("What people did in it was kept, and counts again then."),
            *who(lesson),
        ],
        _("Bring it back"),
        bring_back,
        "Brought back",
    )
