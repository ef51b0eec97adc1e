"""Asking people to take a path: one by one by a file, or all who joined a team since it was asked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.utils import timezone

from accounts.models import Membership, User
from courses.models import Assignment, Enrollment, Path


def enroll(wanted: Sequence[tuple[User, Path]], at: datetime | None = None) -> None:
    """Enroll each of these people on their path, unless they are on its course already; safe to repeat.

    The dates are those of the newest open request to a team of theirs to take that course, if there is one.
    """
    if not wanted:
        return
    at = at or timezone.now()
    asked = requests_of([person for person, _path in wanted], {path.course_id for _person, path in wanted}, at)
    taken = set(Enrollment.objects.filter(user__in=[one for one, _path in wanted]).values_list("user", "course"))
    missing = []
    for person, path in wanted:
        if (person.pk, path.course_id) not in taken:
            request = asked.get((person.pk, path.course_id))
            plain = Enrollment(user=person, course_id=path.course_id, path=path, enrolled_at=at)
            missing.append(request.enrollment_of(person, at, path) if request else plain)
    Enrollment.objects.bulk_create(missing, ignore_conflicts=True)


def requests_of(people: Sequence[User], courses: set[int], at: datetime) -> dict[tuple[int, int], Assignment]:
    """The newest open request for each of these people and courses."""
    found: dict[tuple[int, int], Assignment] = {}
    requests = Assignment.objects.filter(course__in=courses).select_related("team", "course", "path")
    open_now = [request for request in requests.order_by("created_at", "pk") if request.is_open(at)]
    places = Membership.objects.filter(user__in=people).select_related("team") if open_now else []
    for place in places:
        for request in open_now:
            key = (place.user_id, request.course_id)
            if place.team.is_under(request.team) and (key not in found or newer(request, found[key])):
                found[key] = request
    return found


def newer(one: Assignment, other: Assignment) -> bool:
    return (one.created_at, one.pk) > (other.created_at, other.pk)


def enroll_due(at: datetime | None = None) -> int:
    """Enroll everybody who joined a team since it was asked; returns how many. Safe to run twice and at once."""
    at = at or timezone.now()
    return sum(request.enroll_due(at) for request in Assignment.objects.select_related("team", "course", "path"))
