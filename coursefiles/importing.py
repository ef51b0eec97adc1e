"""Bring a ZIP of course files in, in two steps: looked at and kept, then in one transaction what an editor chose."""

from __future__ import annotations

import io
from dataclasses import asdict
from datetime import datetime
from typing import IO

from django.db import transaction
from django.utils import timezone

from accounts import audit
from accounts.models import User
from coursefiles.bundle import LARGEST_ZIP, unpacked
from coursefiles.load import Report, checked, load_files
from coursefiles.plan import Decisions, Plan, plan_of
from coursefiles.units import Part, parts_of
from courses.models import Bundle, Course


class Stale(Exception):
    """The course changed since the editor looked; nothing was brought in."""


def stage(file: IO[bytes], name: str, by: User, at: datetime | None = None) -> Bundle:
    """Keep a ZIP that could be brought in. Raises CourseError, having kept nothing, for one that could not."""
    with unpacked(file) as folder:
        files, found = checked(folder)
        contents = {"parts": [asdict(part) for part in parts_of(files)], "warnings": [str(each) for each in found]}
    file.seek(0)
    with transaction.atomic():
        Bundle.objects.forget_old(at)
        bundle = Bundle.objects.create(
            name=name[-200:],
            key=files.whole.key,
            title=files.whole.title,
            data=file.read(LARGEST_ZIP),
            contents=contents,
            by=by,
            at=at or timezone.now(),
        )
        audit.record(by, bundle, "Looked at course files", audit.ADDITION)
    return bundle


def plan_for(bundle: Bundle) -> Plan:
    """What bringing it in would do now."""
    return plan_of(bundle.key, [Part(**part) for part in bundle.contents.get("parts", [])])


def bring_in(
    bundle: Bundle, by: User, decisions: Decisions, *, retire: bool, seen: str, at: datetime | None = None
) -> Report | None:
    """Do it, once: None if it was done, thrown away or forgotten before.

    `seen` is the fingerprint of the plan the decisions are about. Raises Stale, or CourseError, having changed nothing.
    """
    if not bundle.is_waiting(at):
        return None
    with unpacked(io.BytesIO(bundle.data)) as folder:
        files, found = checked(folder)
        with transaction.atomic():
            held = Bundle.objects.select_for_update(of=("self",)).get(pk=bundle.pk)
            if not held.is_waiting(at):
                return None
            if plan_for(held).fingerprint() != seen:
                raise Stale
            report = load_files(files, found, retire=retire, by=by, decisions=decisions, at=at)
            _note(held, by, report, at or timezone.now())
    return report


def _note(bundle: Bundle, by: User, report: Report, at: datetime) -> None:
    """Who, when and what; the files have served."""
    bundle.applied_at, bundle.applied_by, bundle.report = at, by, report.lines()
    bundle.data, bundle.contents = b"", {}
    bundle.save()
    numbers = [sum(report.created.values()), sum(report.changed.values()), len(report.retired)]
    message = "Brought in course files: {} new, {} changed, {} retired".format(*numbers)
    audit.record(by, Course.objects.get(key=bundle.key), message)


def discard(bundle: Bundle, by: User, at: datetime | None = None) -> bool:
    """Throw it away; False if it was brought in or thrown away before."""
    waiting = Bundle.objects.filter(pk=bundle.pk, applied_at=None, discarded_at=None)
    with transaction.atomic():
        done = waiting.update(discarded_at=at or timezone.now(), data=b"", contents={})
        if done:
            audit.record(by, bundle, "Threw course files away")
    return bool(done)
