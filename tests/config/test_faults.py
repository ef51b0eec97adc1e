"""What was acknowledged is there, once, whatever happens to server and database in the middle of the day."""

import socket
import sqlite3
import threading
from collections import Counter
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path

import psycopg
import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from courses.models import Completion, Course, Lesson
from notices.models import Notice
from quizzes.models import LessonCheck
from tests.builders import enroll, make_course, make_person
from tests.config.outside import database_url, get, post, running, until
from tests.conftest import sign_in

pytestmark = pytest.mark.django_db(transaction=True)

PEOPLE, LESSONS = 5, 12
# A test that one of the two databases has no meaning for is not there on it, rather than skipped.
SQLITE = connection.vendor == "sqlite"


@dataclass
class Learner:
    """Somebody who clicks through all lessons, trying again what was not answered."""

    session: str
    enrollment: int
    lessons: list[Lesson]
    done: list[int] = field(default_factory=list)
    statuses: Counter = field(default_factory=Counter)

    def learn(self, port: int, stop: threading.Event) -> None:
        for lesson in self.lessons:
            while lesson.pk not in self.done and not stop.is_set():
                self.complete(port, lesson, stop)

    def complete(self, port: int, lesson: Lesson, stop: threading.Event) -> None:
        try:
            status = press_continue(port, lesson, self.session)
        except (OSError, HTTPException):
            stop.wait(0.05)  # nobody there; a person would wait too
            return
        self.statuses[status] += 1
        if status in (302, 303):
            self.done.append(lesson.pk)


def address_of(lesson: Lesson) -> str:
    return reverse("learn:complete", args=[lesson.course.key, lesson.slug])


def press_continue(port: int, lesson: Lesson, session: str) -> int:
    """302 if that completed the lesson: what the person sees next is another page, not this lesson with a message."""
    status, goes_to = post(port, address_of(lesson), session, revision=lesson.published_revision_id)
    assert not goes_to.startswith(lesson.get_absolute_url())
    return status


@pytest.fixture
def crowd() -> list[Learner]:
    course = make_course(readings=LESSONS, quiz=False)
    LessonCheck.objects.all().delete()  # so that Continue alone completes a lesson
    lessons = list(Lesson.objects.filter(course=course).select_related("course"))
    return [make_learner(course, lessons, number) for number in range(PEOPLE)]


def make_learner(course: Course, lessons: list[Lesson], number: int = 0) -> Learner:
    person = make_person("Learner", email=f"learner{number}@example.com")
    browser = Client()
    browser.force_login(person)
    return Learner(browser.session.session_key, enroll(person, course).pk, lessons)


@contextmanager
def working(crowd: list[Learner], port: int):
    """All of them at once; at the end of the block they are waited for, or stopped if it failed."""
    stop = threading.Event()
    threads = [threading.Thread(target=learner.learn, args=(port, stop)) for learner in crowd]
    for thread in threads:
        thread.start()
    try:
        yield
        until(lambda: not any(thread.is_alive() for thread in threads))
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def stored() -> Counter:
    return Counter(Completion.objects.values_list("enrollment", "lesson"))


def acknowledged(crowd: list[Learner]) -> set[tuple[int, int]]:
    return {(learner.enrollment, lesson) for learner in crowd for lesson in list(learner.done)}


def progress_of(crowd: list[Learner]) -> int:
    return sum(len(learner.done) for learner in crowd)


def sound() -> bool:
    if connection.vendor != "sqlite":
        return True
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA integrity_check")
        return cursor.fetchone()[0] == "ok"


def test_server_killed_among_people_who_save(crowd: list[Learner], tmp_path: Path) -> None:
    """Twice killed and started again: every acknowledged completion is there, each exactly once, none invented."""
    with ExitStack() as sites:
        site = sites.enter_context(running(tmp_path))
        with working(crowd, site.port):
            for share in (4, 2):
                until(lambda share=share: progress_of(crowd) >= PEOPLE * LESSONS // share)
                known = acknowledged(crowd)
                site.kill()
                assert known <= set(stored())
                assert sound()
                site = sites.enter_context(running(tmp_path, port=site.port))
            until(lambda: progress_of(crowd) == PEOPLE * LESSONS)
        assert set(stored()) == acknowledged(crowd)
        assert set(stored().values()) == {1}
        assert {status for learner in crowd for status in learner.statuses} <= {302, 503}


# --- The database goes and comes -------------------------------------------------------------------------------------


class Line:
    """The wire between site and PostgreSQL, which can be cut and mended."""

    def __init__(self) -> None:
        self.listener: socket.socket | None = None
        self.port = 0
        self.wires: list[socket.socket] = []
        self.mend()

    def mend(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", self.port))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, args=(self.listener,), daemon=True).start()

    def accept(self, listener: socket.socket) -> None:
        facts = connection.settings_dict
        while True:
            try:
                near, _address = listener.accept()
            except OSError:
                return
            far = socket.create_connection((facts["HOST"], int(facts["PORT"])))
            self.wires += [near, far]
            for pair in ((near, far), (far, near)):
                threading.Thread(target=self.carry, args=pair, daemon=True).start()

    def carry(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
        self.drop(source, target)
        source.close()

    def cut(self) -> None:
        self.drop(self.listener, *self.wires)
        self.listener.close()
        self.wires.clear()

    def drop(self, *wires: socket.socket) -> None:
        # Shut down rather than closed: a thread that waits in recv() or accept() would keep it open.
        for wire in wires:
            with suppress(OSError):
                wire.shutdown(socket.SHUT_RDWR)


if not SQLITE:

    def test_database_that_goes_away_comes_back_by_itself(tmp_path: Path) -> None:
        learner = make_learner(course := make_course(readings=2, quiz=False), list(course.lessons.in_order()))
        LessonCheck.objects.all().delete()
        first, second = learner.lessons
        line = Line()
        with running(tmp_path, DATABASE_URL=database_url("127.0.0.1", line.port)) as site:
            assert press_continue(site.port, first, learner.session) == 302
            line.cut()
            for address in ("/", f"/courses/{course.key}/", "/nowhere/"):
                status, page = get(site.port, address, learner.session)
                assert (status, "cannot reach its data" in page) == (503, True)
            assert get(site.port, "/healthz")[0] == 200
            assert get(site.port, "/readyz")[0] == 503
            assert press_continue(site.port, second, learner.session) == 503
            assert list(stored().values()) == [1]
            line.mend()
            assert get(site.port, "/", learner.session)[0] == 200
            assert press_continue(site.port, second, learner.session) == 302
            assert sorted(stored().values()) == [1, 1]
        line.cut()

    @pytest.mark.urls("tests.config.urls")
    def test_migration_under_a_running_site_costs_one_page_of_each_connection() -> None:
        """The server refuses a plan it keeps when a column has changed; the plan goes, and the site goes on."""
        visitor = sign_in(Client(raise_request_exception=False), make_person("Ada"))
        before = [visitor.get("/test/read").status_code for _visit in range(12)]
        with psycopg.connect(database_url(), autocommit=True) as migration:
            migration.execute("ALTER TABLE accounts_user ALTER COLUMN name TYPE varchar(160)")
            after = [visitor.get("/test/read").status_code for _visit in range(2)]
            migration.execute("ALTER TABLE accounts_user ALTER COLUMN name TYPE varchar(150)")
        connection.close()
        assert set(before) == {200}
        assert after == [500, 200]


# --- The database answers, but cannot write --------------------------------------------------------------------------


@contextmanager
def read_only():
    """This connection may only read, as on a file system that is mounted read-only, or a standby."""
    on, off = ("PRAGMA query_only=ON", "PRAGMA query_only=OFF")
    if connection.vendor == "postgresql":
        on, off = ("SET default_transaction_read_only=on", "SET default_transaction_read_only=off")
    with connection.cursor() as cursor:
        cursor.execute(on)
        try:
            yield
        finally:
            cursor.execute(off)


@contextmanager
def full_disk():
    """No page more than the database has now: what SQLite then says is what it says on a full disk."""
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA page_count")
        cursor.execute(f"PRAGMA max_page_count={cursor.fetchone()[0]}")
        try:
            yield
        finally:
            cursor.execute("PRAGMA max_page_count=4294967294")


@pytest.mark.urls("tests.config.urls")
@pytest.mark.parametrize("trouble", [read_only, full_disk] if SQLITE else [read_only])
def test_database_that_cannot_write_says_so_and_keeps_nothing_half_done(trouble) -> None:
    visitor = Client(raise_request_exception=False)
    with trouble():
        answers = [visitor.post("/test/write", {"key": f"a{number}"}) for number in range(40)]
        reading = visitor.get("/test/read")
    refused = [answer for answer in answers if answer.status_code != 200]
    assert refused
    assert {answer.status_code for answer in refused} == {503}
    assert "cannot save at the moment" in refused[0].content.decode()
    assert refused[0]["Retry-After"]
    assert reading.status_code == 200
    assert Notice.objects.count() == 2 * (len(answers) - len(refused))  # two rows or none
    assert visitor.post("/test/write", {"key": "after"}).status_code == 200
    assert sound()


if SQLITE:

    @pytest.mark.urls("tests.config.urls")
    def test_database_locked_by_somebody_else_is_503() -> None:
        with connection.cursor() as cursor, closing(sqlite3.connect(connection.settings_dict["NAME"])) as other:
            cursor.execute("PRAGMA busy_timeout=1")
            other.execute("BEGIN IMMEDIATE")
            try:
                answer = Client(raise_request_exception=False).post("/test/write", {"key": "a"})
            finally:
                other.execute("ROLLBACK")
                cursor.execute("PRAGMA busy_timeout=20000")
        assert answer.status_code == 503
        assert not Notice.objects.exists()
