from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from hypothesis import settings as hypothesis
from xdist.scheduler import LoadFileScheduling

from accounts.models import Team, User
from courses.models import Course, Enrollment
from desk.roles import set_roles
from tests.builders import enroll, make_course, make_member, make_person
from tests.second_run import SECOND_RUN
from tests.stage import Stage

# Time is measured by `make bench`, never asserted here: the machines are shared.
hypothesis.register_profile("suite", deadline=None)
hypothesis.load_profile("suite")

BROWSER = "tests/browser/"
LONG = ("tests/trust/test_input.py", "tests/test_access.py")


def pytest_collection_finish() -> None:
    """What is imported by now stays; to go through it again and again for garbage is a twelfth of the whole run."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 20)


class ByFile(LoadFileScheduling):
    """A file stays with one worker, and all that drives a browser with one, so that the demo site is made once."""

    def _split_scope(self, nodeid: str) -> str:
        return BROWSER if nodeid.startswith(BROWSER) else super()._split_scope(nodeid)


@pytest.hookimpl(optionalhook=True)  # pytest runs without xdist, too
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFile:
    return ByFile(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    done = [item for item in items if SECOND_RUN and item.get_closest_marker("once")]
    config.hook.pytest_deselected(items=done)
    left = set(items).difference(done)
    # The longest files first, so that no worker is left with one of them while the other has nothing to do.
    items[:] = sorted(
        [item for item in items if item in left], key=lambda item: not item.nodeid.startswith((BROWSER, *LONG))
    )


@dataclass
class Cast:
    """The people every test knows: Ada learns in Lyon, Mia manages Lyon, Otto learns in Paris, Pia manages Paris."""

    company: Team
    lyon: Team
    paris: Team
    ada: User
    mia: User
    otto: User
    pia: User
    ed: User
    hana: User
    olga: User
    stranger: User
    course: Course
    ada_enrolled: Enrollment
    otto_enrolled: Enrollment


def make_cast() -> Cast:
    company = Team.add("Shops")
    lyon, paris = Team.add("Lyon", company), Team.add("Paris", company)
    course = make_course(modules=1, readings=2)
    ada, otto = make_member(lyon, "Ada Moreau", staff_number="1001"), make_member(paris, "Otto Lind")
    people = {
        "mia": make_member(lyon, "Mia Duval", role="manager"),
        "pia": make_member(paris, "Pia Sand", role="manager"),
        "ed": with_role(make_person("Ed Okoye"), "Editors"),
        "hana": with_role(make_person("Hana Sato"), "HR"),
        "olga": with_role(make_person("Olga Novak"), "Operators"),
        "stranger": make_person("Stranger Danger"),
    }
    return Cast(
        company=company,
        lyon=lyon,
        paris=paris,
        ada=ada,
        otto=otto,
        course=course,
        ada_enrolled=enroll(ada, course),
        otto_enrolled=enroll(otto, course),
        **people,
    )


@pytest.fixture(scope="session")
def stage(django_db_setup: None, django_db_blocker: Any) -> Iterator[Stage[Cast]]:
    stage = Stage(make_cast)
    yield stage
    with django_db_blocker.unblock():
        stage.close()


@pytest.fixture
def _set(request: pytest.FixtureRequest, stage: Stage[Cast], django_db_blocker: Any) -> None:
    marker = request.node.get_closest_marker("django_db")
    commits = "transactional_db" in request.fixturenames or (marker and marker.kwargs.get("transaction"))
    with django_db_blocker.unblock():
        stage.open() if "cast" in request.fixturenames and not commits else stage.close()


@pytest.fixture
def _django_db_helper(_set: None, _django_db_helper: None) -> None:
    """pytest-django's, which begins the transaction of a test, after the stage is set for it."""


@pytest.fixture
def cast(db: None, stage: Stage[Cast]) -> Cast:
    return stage.copy() or make_cast()


@pytest.fixture
def as_() -> Callable[[User], Client]:
    """A browser of its own, signed in: `as_(cast.ed).get(…)`."""
    return lambda person: sign_in(Client(), person)


def with_role(person: User, role: str) -> User:
    """Give a person a role of the table in desk/roles.py."""
    set_roles(person, [*person.groups.values_list("name", flat=True), role])
    return person


def sign_in(client: Client, person: User) -> Client:
    client.force_login(person)
    return client


__all__ = ["Cast", "call_command", "cast", "sign_in", "with_role"]
