"""A course that is not brought in from a file: a copy of another one, or an empty one."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Sequence
from pathlib import Path as Folder

from django.db import IntegrityError, transaction
from django.utils.text import slugify

from accounts import audit
from accounts.models import User
from coursefiles.export import Export, write_files
from coursefiles.load import checked, load_files
from coursefiles.stored import Stored
from courses.models import Course, Path, Skill


class Taken(Exception):
    """Another course has this key."""


def copy_course(course: Course, key: str, title: str, by: User) -> Course:
    """A course with the same content under another key and title, drafts published; nobody is enrolled in it.

    Company facts come with what the course says, not with what the company wrote. No lesson of the copy is open to
    strangers. Raises Taken, and CourseError if the course as it stands is not whole; then nothing is made.
    """
    export = Export(Stored(course), key=key, title=title)
    with tempfile.TemporaryDirectory(prefix="workshop-course-") as place:
        write_files(export.files(), Folder(place))
        files, found = checked(Folder(place))
        with transaction.atomic():
            made = _create(key, title)
            load_files(files, found, force=True, by=by)
            audit.record(by, made, f"Copied from the course {course.key}", audit.ADDITION)
    return made


def _create(key: str, title: str) -> Course:
    try:
        with transaction.atomic():
            return Course.objects.create(key=key, title=title)
    except IntegrityError as error:
        raise Taken from error


def start_course(key: str, title: str, path: str, skills: Sequence[str], by: User) -> Course:
    """An empty course with one path and the skills that its objectives are grouped by. Raises Taken."""
    with transaction.atomic():
        course = _create(key, title)
        Path.objects.create(course=course, key=key_from(path, "full"), title=path, position=1, is_default=True)
        used: set[str] = set()
        for position, skill in enumerate(skills, 1):
            found = key_from(skill, f"skill-{position}")
            found = f"{found[:40]}-{position}" if found in used else found
            used.add(found)
            Skill.objects.create(course=course, key=found, title=skill, position=position)
        audit.record(by, course, "Started an empty course", audit.ADDITION)
    return course


def key_from(text: str, otherwise: str) -> str:
    """A key made from a title, in letters that keys have."""
    return re.sub("[-_]+", "-", slugify(text))[:50].strip("-") or otherwise
