"""How far somebody is, module by module: state and day, and of modules they have done which texts they read.

Only of modules they have done: a text that is missing, or one more, would tell in which lesson somebody is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from django.utils.translation import gettext as _

from courses.counting import Part
from courses.models import Completion, Enrollment, ExtraStep, LessonRevision, PathStep
from courses.models.enrollment import State, site_day

NOTHING = Part(0, 0, False)


@dataclass(frozen=True)
class TextLine:
    """The text somebody completed a lesson with. `on` and `how` only where lessons are shown one by one."""

    revision_id: int
    title: str
    number: int
    published_on: date | None
    on: date | None
    how: str

    @property
    def url(self) -> str:
        return LessonRevision(pk=self.revision_id).get_as_read_url()


@dataclass(frozen=True)
class ModuleLine:
    """A module of somebody's path. Without a state: what they did beyond the path."""

    title: str
    state: State | None
    texts: tuple[TextLine, ...]
    part: Part = NOTHING

    @property
    def on(self) -> date | None:
        """The day it was complete."""
        return self.part.on


class Step(NamedTuple):
    """A lesson of somebody's required set."""

    lesson: int
    level: int
    module: int
    place: int
    title: str


class Done(NamedTuple):
    """A completion, with what its text was."""

    enrollment: int
    lesson: int
    level: int
    at: datetime
    how: str
    revision: int
    title: str
    number: int
    published_at: datetime | None


STEP = ("lesson", "lesson__published_revision__redo_level", "lesson__module")
MODULE = ("lesson__module__position", "lesson__module__title")
REVISION = ("revision", "revision__title", "revision__number", "revision__published_at")


def modules_of(enrollments: Sequence[Enrollment], one_by_one: bool) -> dict[int, list[ModuleLine]]:
    """The modules of each of these in the order of the course; three queries. `one_by_one`: with every text and day."""
    done: dict[int, dict[int, list[Done]]] = defaultdict(lambda: defaultdict(list))
    completions = Completion.objects.filter(enrollment__in=enrollments).order_by("lesson__position", "redo_level")
    for row in completions.values_list("enrollment", "lesson", "redo_level", "at", "how", *REVISION):
        found = Done(*row)
        done[found.enrollment][found.lesson].append(found)
    required, closed = required_of(enrollments), closed_of(enrollments)
    lines = {}
    for one in enrollments:
        steps = required[one.pk]
        if one.pk in closed:
            steps = [step._replace(level=0) for step in steps if done[one.pk][step.lesson]]
        lines[one.pk] = list(lines_of(one, steps, done[one.pk], one_by_one))
    return lines


def closed_of(enrollments: Iterable[Enrollment]) -> set[int]:
    """Earlier cycles that were completed: they stay so, whatever was published since to be done, or done again."""
    newest: dict[int, int] = {}
    for one in enrollments:
        newest[one.course_id] = max(one.cycle, newest.get(one.course_id, 0))
    return {one.pk for one in enrollments if one.is_complete and one.cycle < newest[one.course_id]}


def required_of(enrollments: Sequence[Enrollment]) -> dict[int, list[Step]]:
    """The required set of each, by the same rule as `Enrollment.required_steps`; two queries."""
    by_path: dict[int, list[tuple[datetime | None, Step]]] = defaultdict(list)
    steps = PathStep.objects.required().filter(path__in={one.path_id for one in enrollments})
    for path, since, *step in steps.order_by("lesson__position").values_list("path", "since", *STEP, *MODULE):
        by_path[path].append((since, Step(*step)))
    beside: dict[int, list[Step]] = defaultdict(list)
    extra = ExtraStep.objects.required().filter(enrollment__in=[one for one in enrollments if one.cycle > 1])
    for enrollment, *step in extra.order_by("lesson__position").values_list("enrollment", *STEP, *MODULE):
        beside[enrollment].append(Step(*step))
    return {
        one.pk: [step for since, step in by_path[one.path_id] if since is None or since <= one.enrolled_at]
        + beside[one.pk]
        for one in enrollments
    }


def lines_of(
    enrollment: Enrollment, required: Sequence[Step], done: dict[int, list[Done]], one_by_one: bool
) -> Iterable[ModuleLine]:
    modules: dict[tuple[int, int, str], list[Step]] = defaultdict(list)
    for step in required:
        modules[step.place, step.module, step.title].append(step)
    for (_place, _module, title), steps in sorted(modules.items()):
        counting = [[one.at for one in done[step.lesson] if one.level >= step.level] for step in steps]
        on = site_day(max(map(max, counting))) if all(counting) else None
        part = Part(sum(map(bool, counting)), len(steps), any(done[step.lesson] for step in steps), on)
        shown = one_by_one or all(done[step.lesson] for step in steps)
        texts = [text_of(one, one_by_one) for step in steps for one in done[step.lesson]] if shown else []
        yield ModuleLine(title, state_of(part, enrollment.is_complete), tuple(texts), part)
    asked = {step.lesson for step in required}
    if one_by_one and (beyond := [text_of(one, True) for key in done if key not in asked for one in done[key]]):
        yield ModuleLine(_("Beyond the path"), None, tuple(beyond))


def state_of(part: Part, was_complete: bool) -> State:
    """Where somebody stands in a module, on every page that says so; `was_complete`: they completed the course once."""
    if part.done == part.total:
        return State.COMPLETE
    if was_complete:
        return State.UPDATE_DUE
    return State.UNDER_WAY if part.begun else State.NOT_STARTED


def text_of(done: Done, one_by_one: bool) -> TextLine:
    return TextLine(
        revision_id=done.revision,
        title=done.title,
        number=done.number,
        published_on=site_day(done.published_at) if done.published_at else None,
        on=site_day(done.at) if one_by_one else None,
        how=str(Completion.How(done.how).label) if one_by_one else "",
    )
