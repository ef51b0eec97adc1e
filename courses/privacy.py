"""What this room keeps about a person, out and away."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import User
from accounts.privacy import erased_name, name_of
from courses import flagging
from courses.models import Certificate, Completion, Credit, EnrollmentChange, ExtraStep
from notices.privacy import Section, section


def rows_about(person: User) -> list[QuerySet[Any, Any]]:
    """Everything of this room that is about the person, by model: what staff may have done something to."""
    return [
        person.enrollments.all(),
        EnrollmentChange.objects.filter(enrollment__user=person),
        Certificate.objects.filter(enrollment__user=person),
        Completion.objects.filter(enrollment__user=person),
        Credit.objects.filter(enrollment__user=person),
        ExtraStep.objects.filter(enrollment__user=person),
        person.flags.all(),
    ]


# --- Out -------------------------------------------------------------------------------------------------------------


def export(person: User) -> list[Section]:
    return [
        enrollments(person),
        changes(person),
        completions(person),
        certificates(person),
        credits(person),
        flags(person),
    ]


def enrollments(person: User) -> Section:
    columns = {
        "course": _("Course"),
        "path": _("Path"),
        "cycle": _("Cycle"),
        "enrolled_at": _("Enrolled"),
        "started_at": _("Started"),
        "completed_at": _("Completed"),
        "due_on": _("Due"),
        "closes_on": _("Closes"),
        "excused_at": _("Excused"),
        "paused_at": _("Paused"),
        "withdrawn_at": _("Withdrawn"),
        "extra_lessons": _("Lessons asked for beside the path"),
    }
    names = ["course__title", "path__title", *list(columns)[2:-1]]
    found = person.enrollments.order_by("enrolled_at", "pk")
    extra: dict[int, list[str]] = {}
    steps = ExtraStep.objects.filter(enrollment__user=person).select_related("lesson__published_revision")
    for step in steps:
        extra.setdefault(step.enrollment_id, []).append(step.lesson.title)
    rows = [(*values, "; ".join(extra.get(pk, []))) for pk, *values in found.values_list("pk", *names)]
    return section("enrollments", _("What is asked"), columns, rows)


def changes(person: User) -> Section:
    columns = {
        "at": _("When"),
        "course": _("Course"),
        "what": _("What"),
        "before": _("Before"),
        "after": _("After"),
        "reason": _("Reason"),
        "by": _("Who"),
    }
    found = EnrollmentChange.objects.filter(enrollment__user=person).select_related("enrollment__course", "by")
    rows = [
        (c.at, c.enrollment.course.title, c.get_what_display(), c.old, c.new, c.reason, c.by.name)
        for c in found.order_by("at", "pk")
    ]
    return section("changes", _("Changes to what is asked"), columns, rows)


def completions(person: User) -> Section:
    columns = {"at": _("When"), "course": _("Course"), "lesson": _("Lesson"), "how": _("How")}
    found = Completion.objects.filter(enrollment__user=person).select_related("enrollment__course", "revision")
    rows = [
        (c.at, c.enrollment.course.title, c.revision.title, c.get_how_display()) for c in found.order_by("at", "pk")
    ]
    return section("completions", _("Completed lessons"), columns, rows)


def certificates(person: User) -> Section:
    columns = {
        "course": _("Course"),
        "name": _("Name"),
        "issued_at": _("Issued"),
        "code": _("Code"),
        "expires_on": _("Valid until"),
    }
    found = Certificate.objects.filter(enrollment__user=person).order_by("issued_at", "pk")
    rows = found.values_list("course_title", "name", "issued_at", "code", "expires_on")
    return section("certificates", _("Certificates"), columns, rows)


def credits(person: User) -> Section:
    columns = {
        "course": _("Course"),
        "done_on": _("Done on"),
        "source": _("Source"),
        "whole_course": _("The whole course"),
        "by": _("Who"),
        "at": _("When"),
    }
    found = Credit.objects.filter(enrollment__user=person).select_related("enrollment__course", "by")
    rows = [
        (c.enrollment.course.title, c.done_on, c.source, c.is_course, name_of(c.by), c.at)
        for c in found.order_by("at", "pk")
    ]
    return section("credits", _("Done elsewhere before"), columns, rows)


def flags(person: User) -> Section:
    columns = {
        "at": _("When"),
        "course": _("Course"),
        "lesson": _("Lesson"),
        "kind": _("What"),
        "comment": _("Comment"),
        "may_ask": _("May be asked"),
        "resolved_at": _("Resolved"),
        "note": _("What was done"),
    }
    found = person.flags.select_related("revision__lesson__course").order_by("at", "pk")
    rows = [
        (
            f.at,
            f.lesson.course.title,
            f.revision.title,
            f.get_kind_display(),
            f.comment,
            f.may_ask,
            f.resolved_at,
            f.note,
        )
        for f in found
    ]
    return section("flags", _("What they flagged in lessons"), columns, rows)


# --- Away ------------------------------------------------------------------------------------------------------------


def erase(person: User, at: datetime) -> None:
    """Take name and free text out of what counts; enrollments, completions and dates stay, with nobody's name."""
    for rows in rows_about(person):
        audit.forget(rows, erased_name())
    EnrollmentChange.objects.filter(enrollment__user=person).update(old="", new="", reason="")
    Credit.objects.filter(enrollment__user=person).update(source="")
    flagging.forget([person.pk])
    for certificate in Certificate.objects.filter(enrollment__user=person):
        certificate.withdraw(at)
