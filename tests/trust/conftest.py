from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from accounts.models import User
from courses.models import Assignment, Certificate, EnrollmentChange
from events.models import Registration
from notices.models import Heartbeat, Notice
from quizzes import taking
from tests.builders import make_live_session, make_person
from tests.conftest import Cast

People = dict[str, User | None]
ROLES = ["nobody", "learner", "manager", "editor", "hr", "operator", "super"]


@pytest.fixture
def people(cast: Cast) -> People:
    return make_people(cast)


def make_people(cast: Cast) -> People:
    """One person of each role, with something in every table that they could come across."""
    boss = make_person("Root Boss", is_staff=True, is_superuser=True)
    taking.start(cast.otto_enrolled, cast.course.lessons.get(kind="quiz").quiz)
    Assignment.objects.create(team=cast.lyon, course=cast.course, path=cast.course.paths.get(), created_by=cast.hana)
    Notice.objects.create(key="n", kind="plain", recipient=cast.ada, address=cast.ada.email, subject="S", body="B")
    Heartbeat.objects.create(name="sender")
    EnrollmentChange.objects.create(enrollment=cast.ada_enrolled, what="due", new="2026-12-01", by=cast.hana)
    Certificate.objects.create(enrollment=cast.ada_enrolled, name=cast.ada.name, course_title=cast.course.title)
    session = make_live_session(teams=[cast.lyon], trainers=[cast.mia], place="Room 4", link="", is_public=True)
    Registration.objects.create(session=session, user=cast.ada)
    return {
        "nobody": None,
        "learner": cast.ada,
        "manager": cast.mia,
        "editor": cast.ed,
        "hr": cast.hana,
        "operator": cast.olga,
        "super": boss,
    }


@pytest.fixture
def quiet() -> Iterator[None]:
    """Hundreds of refusals are nothing to report."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)
