"""What a learner is told of changes of what is asked of them: who moved the due day and why, and their own excuse."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, QuerySet, Subquery

from courses.models import Enrollment, EnrollmentChange
from courses.models.enrollment import EnrollmentQuerySet

What = EnrollmentChange.What
MOVED = (What.DUE, What.MORE_TIME)


@dataclass(frozen=True)
class Told:
    """`moved` is the last change of the due day, of one that there was; `excuse` why somebody is excused now."""

    moved: EnrollmentChange | None = None
    excuse: EnrollmentChange | None = None


def with_changes(enrollments: EnrollmentQuerySet) -> EnrollmentQuerySet:
    """Annotate `moved_by` and `excused_by`, the changes that `told_of` is about; mostly there are none."""
    changes = EnrollmentChange.objects.filter(enrollment=OuterRef("pk"))
    return enrollments.annotate(
        moved_by=_last(changes.filter(what__in=MOVED)), excused_by=_last(changes.filter(what=What.EXCUSED))
    )


def _last(changes: QuerySet[EnrollmentChange]) -> Subquery:
    return Subquery(changes.order_by("-at", "-pk").values("pk")[:1])


def told_of(enrollments: Iterable[Enrollment]) -> dict[int, Told]:
    """By enrollment, of those from `with_changes`; one query, and none if there is nothing to tell."""
    wanted: dict[int, tuple[int | None, int | None]] = {}
    for enrollment in enrollments:
        moved = enrollment.moved_by if enrollment.is_running and enrollment.due_on else None  # type: ignore[attr-defined]
        wanted[enrollment.pk] = (moved, enrollment.excused_by if enrollment.excused_at else None)  # type: ignore[attr-defined]
    found = _found({pk for pair in wanted.values() for pk in pair if pk})
    return {key: Told(found.get(moved or 0), found.get(excuse or 0)) for key, (moved, excuse) in wanted.items()}


def _found(pks: set[int]) -> dict[int, EnrollmentChange]:
    """Changes by number, with `is_by_pause`: the day moved since a pause ended."""
    if not pks:
        return {}
    resumed = EnrollmentChange.objects.filter(enrollment=OuterRef("enrollment"), at=OuterRef("at"), what=What.RESUMED)
    changes = EnrollmentChange.objects.filter(pk__in=pks).select_related("by").annotate(is_by_pause=Exists(resumed))
    return {change.pk: change for change in changes}
