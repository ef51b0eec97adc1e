"""Who may do what: every address × every role × GET, HEAD and POST, in one table. An address that is not in it fails.

Add a line for each new address to tests/access_table.py. A cell is a status, `in` (to sign-in, and back), or `go` (a
redirect elsewhere). HEAD must answer as GET does. Addresses of the staff pages that Django makes for each model are in
STAFF there.
"""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Callable, Iterator
from dataclasses import asdict
from io import BytesIO
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.tokens import default_token_generator
from django.core import serializers
from django.db import connection, transaction
from django.http import FileResponse, HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from accounts import audit
from accounts.mailing import signer
from accounts.models import StagedFile, User
from coursefiles.units import Part
from courses import flagging, progress, publishing, second_person
from courses.models import (
    Assignment,
    Bundle,
    Certificate,
    CompanyFact,
    Completion,
    Credit,
    EnrollmentChange,
    Flag,
    LessonRevision,
    Renewal,
)
from desk.files import staging
from events.models import Registration
from notices.models import SENDER, Heartbeat, Notice
from quizzes import taking
from quizzes.models import Question, RetakeChange
from tests.access_table import STAFF, staff_table, table
from tests.builders import enroll, make_course, make_image, make_lesson, make_live_session, make_person
from tests.conftest import Cast, with_role
from tests.second_run import SECOND_RUN


def routes() -> dict[str, str | None]:
    """Every address of the site as it is written in urls.py, with its name."""
    return dict(_walk(get_resolver().url_patterns))


def _walk(patterns: list[URLPattern | URLResolver], prefix: str = "") -> Iterator[tuple[str, str | None]]:
    for one in patterns:
        if isinstance(one, URLResolver):
            yield from _walk(one.url_patterns, prefix + str(one.pattern))
        else:
            yield prefix + str(one.pattern), one.name


class Site:
    """The cast with something in every table, and how each role comes in."""

    def __init__(self, cast: Cast) -> None:
        self.cast = cast
        switched_off = with_role(make_person("Oscar Gone"), "HR")
        boss = make_person("Root Boss", is_staff=True, is_superuser=True)
        self.people: dict[str, User | None] = {
            "nobody": None,
            "off": switched_off,
            "learner": cast.ada,
            "manager": cast.mia,
            "other": cast.pia,
            "editor": cast.ed,
            "hr": cast.hana,
            "operator": cast.olga,
            "super": boss,
        }
        self.quiz = cast.course.lessons.get(kind="quiz")
        self.reading = cast.course.lessons.filter(kind="reading").select_related("published_revision").first()
        self.attempt = taking.start(cast.ada_enrolled, self.quiz.quiz)
        path = cast.course.paths.first()
        Assignment.objects.create(team=cast.paris, course=cast.course, path=path)
        CompanyFact.objects.create(course=cast.course, key="returns", title="Returns", default="Thirty days.")
        Renewal.objects.create(path=path, months=12)
        Credit.objects.create(enrollment=cast.ada_enrolled, done_on="2025-04-03", source="Old system", by=cast.hana)
        staging.stage(
            BytesIO(b"Staff number,Name\n1,A\n"), "people.csv", cast.hana
        )  # the first: its pages are of people
        self.file = StagedFile.objects.create(kind=StagedFile.Kind.EARLIER, name="earlier.csv", by=cast.hana)
        Notice.objects.create(key="n", kind="plain", recipient=cast.ada, address=cast.ada.email, subject="S", body="B")
        Heartbeat.objects.create(name=SENDER)
        EnrollmentChange.objects.create(enrollment=cast.ada_enrolled, what="due", new="2026-12-01", by=cast.hana)
        audit.record(cast.hana, cast.ada, "Printed a sign-in slip")
        RetakeChange.objects.create(
            enrollment=cast.ada_enrolled, quiz=self.quiz.quiz, limit=3, reason="Agreed", by=cast.hana
        )
        self.session = make_live_session(course=cast.course, trainers=[cast.pia])  # led by the manager of another team
        Registration.objects.create(session=self.session, user=cast.ada)
        self.image = make_image(cast.course)
        part = Part("lesson", "new", "new.md", 1, {"title": "New"})
        Bundle.objects.create(
            name="x.zip", key="new", title="New", contents={"parts": [asdict(part)], "warnings": []}, by=cast.ed
        )
        draft = self.reading.add_revision(title="T", body="B")
        second_person.ask(draft, LessonRevision.Effect.REDO, by=make_person("Ask Er"))
        progress.complete_lesson(cast.ada_enrolled, self.reading, self.reading.published_revision, Completion.How.READ)
        flagging.flag(cast.otto, self.reading.published_revision, Flag.Kind.UNCLEAR)
        self.certificate = Certificate.objects.create(enrollment=cast.ada_enrolled, name="Ada", course_title="Course")
        self.keys = {person.pk: session_of(person) for person in [*self.people.values(), cast.otto] if person}

    def visitor(self, person: User | None) -> Client:
        """A new browser, of somebody who signed in before."""
        client = Client(raise_request_exception=False)
        if person:
            client.cookies[settings.SESSION_COOKIE_NAME] = self.keys[person.pk]
        return client

    def path(self, route: str, **given: object) -> str:
        """An address with everything in it that the learner may see."""
        question = Question.objects.filter(pool_items__quiz=self.quiz.quiz).first()
        values: dict[str, object] = {
            "course": self.cast.course.key,
            "module": self.cast.course.modules.first().key,
            "lesson": self.quiz.slug if "/quiz/" in route else self.reading.slug,
            "number": question.pk if "/take-out/" in route else 1,
            "position": 1,
            "question": question.key,
            "person": self.cast.ada.pk,
            "enrollment": self.cast.ada_enrolled.pk,
            "attempt": self.attempt.pk,
            "revision": self.reading.published_revision_id,
            "team": self.cast.lyon.pk,
            "uidb64": urlsafe_base64_encode(force_bytes(self.cast.ada.pk)),
            "token": self.token_of(route),
            "object_id": self.object_of(route),
            "pk": self.object_of(route),
            "url": "nowhere/",
            "verb": "pause" if "/enrollment/" in route else "retire",
            "outcome": "refused",
            "noun": "lesson",
            "key": "new",
            "session": self.session.pk,
            "code": self.certificate.code,
            "paper": "a4",
            "name": self.image.name,
            **given,
        }
        filled = re.sub(
            r"<(?:\w+:)?(\w+)>", lambda match: str(values[match[1]]), route.replace("(?P<url>.*)$", "<url>")
        )
        return f"/{filled}"

    def token_of(self, route: str) -> str:
        ada = User.objects.get(pk=self.cast.ada.pk)
        return signer.sign(str(ada.pk)) if "/mail/" in route else default_token_generator.make_token(ada)

    def object_of(self, route: str) -> object:
        if "/credit/file/" in route:
            return self.file.pk
        if found := re.match(r"admin/(\w+)/(\w+)/", route):
            row = apps.get_model(found[1], found[2])._default_manager.order_by("pk").first()
            return row.pk if row else 1
        return 1

    def data(self, route: str) -> dict[str, object]:
        if route.endswith("/flag/"):
            return {"kind": "unclear"}
        if route.endswith("/complete/"):
            return {"revision": self.reading.published_revision_id}
        return {"option": "a"} if route.endswith(("/check/", "<int:position>/")) else {}

    def ask(self, role: str, method: str, route: str, **given: object) -> HttpResponse:
        """One request of a new visitor of this role."""
        person = self.people[role]
        client, path = self.visitor(person), self.path(route, **given)
        if role == "off":  # in the middle of a session
            User.objects.filter(pk=person.pk).update(is_active=False)
        writes: list[str] = []
        with connection.execute_wrapper(noting(writes)):
            response = getattr(client, method.lower())(path, self.data(route) if method == "POST" else None)
        if isinstance(response, FileResponse):
            b"".join(response.streaming_content)  # read to the end, it closes its file
        if method != "POST" and response.status_code < 500:
            assert not writes, f"{role} {method} {path} writes: {writes}"
        return response


def session_of(person: User) -> str:
    client = Client()
    client.force_login(person)
    return str(client.session.session_key)


def noting(writes: list[str]) -> Callable[..., Any]:
    """For `execute_wrapper`: notes the statements that change a row. A log of all queries would take far longer."""

    def note(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if is_write(sql):
            writes.append(sql)
        return execute(sql, params, many, context)

    return note


def is_write(sql: str) -> bool:
    """Whether a statement changes a row of the domain; the session is not one."""
    return bool(re.match(r"\s*(INSERT|UPDATE|DELETE|REPLACE)\b", sql, re.IGNORECASE)) and "django_session" not in sql


def answer(response: HttpResponse) -> str:
    if response.status_code in (301, 302, 303):
        return "in" if response["Location"].startswith(reverse("accounts:sign_in") + "?next=") else "go"
    return str(response.status_code)


def undone(do: Callable[[], Any]) -> Any:
    """What a request answers, in a transaction that is taken back: each cell of the table meets the same rows."""
    with transaction.atomic():
        result = do()
        transaction.set_rollback(True)
    return result


@pytest.fixture
def site(cast: Cast) -> Iterator[Site]:
    logging.disable(logging.CRITICAL)  # a thousand refusals are nothing to report
    yield Site(cast)
    logging.disable(logging.NOTSET)


# On the second database it is enough to ask as those who come to see rows: who may is decided before any is looked for.
WHO_SEES_ROWS = ("learner", "manager", "super")


def differences(site: Site, lines: Iterator[tuple[str, str, dict[str, str]]]) -> list[str]:
    found = []
    for route, method, cells in lines:
        for role, wanted in cells.items():
            if SECOND_RUN and role not in WHO_SEES_ROWS:
                continue
            for used in ("GET", "HEAD") if method == "GET" and role == "super" else (method,):
                got = undone(lambda role=role, used=used, route=route: answer(site.ask(role, used, route)))
                if got not in wanted.split("|"):
                    found.append(f"{used} /{route} as {role}: {got}, not {wanted}")
    return found


def test_every_cell_of_the_table(site):
    assert not differences(site, table())


@pytest.mark.once  # the admin asks for rights, not for rows
def test_every_cell_of_the_staff_pages(site):
    assert not differences(site, staff_table())


def test_every_address_is_in_the_table_with_each_method():
    wanted = {(route, method) for route in routes() for method in ("GET", "POST")}
    only_read = (
        "<path:object_id>/",
        "<path:object_id>/history/",
        *(f"/{m._meta.app_label}/{m._meta.model_name}/" for m in admin.site._registry),
    )
    wanted -= {(route, "POST") for route in routes() if route.startswith("admin/") and route.endswith(only_read)}
    listed = {(route, method) for route, method, _cells in [*table(), *staff_table()]}
    assert not wanted - listed, "Add a line to TABLE or STAFF for each of these."
    assert not listed - wanted - {(route, "GET") for route in routes()}, "These are no longer addresses of the site."


def test_every_model_of_the_staff_pages_is_in_the_table():
    listed = {line.split()[0] for line in STAFF.strip("\n").splitlines()[1:]}
    assert listed == {model._meta.label_lower for model in admin.site._registry}


# What a stranger may open. Everything else sends them to sign in, or tells them nothing.
OPEN = {
    "accounts/mail/<str:token>/",
    "healthz",
    "readyz",
    "accounts/sign-in/",
    "accounts/sign-out/",
    "accounts/reset/",
    "accounts/reset/sent/",
    "accounts/reset/<uidb64>/<token>/",
    "accounts/slip/",
    "accounts/slip/password/",
    "accounts/invitation/<str:code>/",
    "",
    "certificates/",
    "certificates/<str:code>/",
}


@pytest.mark.once
def test_nothing_answers_strangers_but_the_open_list(site):
    """Deny by default: also what somebody adds tomorrow and forgets to list."""
    for route in routes():
        for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
            got = undone(lambda route=route, method=method: answer(site.ask("nobody", method, route)))
            closed = got in ("in", "404", "405")
            harmless = route.endswith("/check/") and got == "go"  # to the lesson, which asks to sign in
            assert closed or harmless or route in OPEN, f"{method} /{route} answers a stranger with {got}"


# --- What is not mine is not there -----------------------------------------------------------------------------------

PLAIN = re.compile(
    rb"[0-9a-f]{32}|[A-Za-z0-9]{64}|(?<=next=)[^\"&]*"
)  # the request's number, a form's token, the way back


def seen(response: HttpResponse) -> tuple[int, bytes]:
    """What somebody can tell an answer by."""
    return response.status_code, PLAIN.sub(b"", response.content)


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("page", ["", "complete/", "check/", "quiz/", "quiz/1/", "quiz/1/close/", "quiz/1/1/"])
def test_a_lesson_one_may_not_see_answers_like_none(site, method, page):
    course = site.cast.course
    other = make_course("other")
    make_lesson(other.modules.get(), "only-there")
    hidden = course.lessons.filter(kind="reading").last()
    publishing.unpublish(hidden)
    route = f"courses/<slug:course>/<slug:lesson>/{page}"
    missing = undone(lambda: site.ask("learner", method, route, course=course.key, lesson="no-such-lesson"))
    assert missing.status_code in (404, 405) or (method == "GET" and page in ("complete/", "check/"))
    wanted = missing.status_code if missing.status_code < 400 else seen(missing)
    foreign = [
        (other.key, other.lessons.filter(kind="reading").first().slug),  # of a course one is not in
        (other.key, other.lessons.get(kind="quiz").slug),
        (course.key, "only-there"),  # a foreign child below one's own parent
        (course.key, hidden.slug),
        ("no-such-course", site.reading.slug),
    ]
    for key, slug in foreign:
        got = undone(lambda key=key, slug=slug: site.ask("learner", method, route, course=key, lesson=slug))
        same = got.status_code if got.status_code < 400 else seen(got)
        assert same == wanted, f"{method} {key}/{slug}/{page}"


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_course_one_is_not_in_answers_like_none(site, method):
    other = make_course("other")
    for route in ("courses/<slug:course>/", "courses/<slug:course>/module/<slug:module>/"):
        foreign = undone(lambda route=route: site.ask("learner", method, route, course=other.key, module="m1"))
        missing = undone(lambda route=route: site.ask("learner", method, route, course="nothing", module="m1"))
        assert seen(foreign) == seen(missing)


def test_a_person_of_another_team_answers_like_none(site):
    route = "accounts/slips/<int:person>/"
    foreign = undone(lambda: site.ask("manager", "POST", route, person=site.cast.otto.pk))
    missing = undone(lambda: site.ask("manager", "POST", route, person=987654))
    assert foreign.status_code == 404
    assert seen(foreign) == seen(missing)


def test_an_attempt_of_somebody_else_cannot_be_named(site):
    """Attempts are addressed by one's own numbers: in the same address another person finds their own, or nothing."""
    site.people["learner"] = site.cast.otto
    for page in ("", "close/", "1/"):
        route = f"courses/<slug:course>/<slug:lesson>/quiz/<int:number>/{page}"
        assert undone(lambda route=route: site.ask("learner", "GET", route)).status_code == 404


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_more_time_for_people_of_another_team_and_for_oneself_answers_like_none(site, method):
    route = "reports/people/<int:enrollment>/more-time/"
    missing = undone(lambda: site.ask("manager", method, route, enrollment=987654))
    own = enroll(site.cast.mia, site.cast.course)
    for other in (site.cast.otto_enrolled, own):
        foreign = undone(lambda other=other: site.ask("manager", method, route, enrollment=other.pk))
        assert foreign.status_code == 404
        assert seen(foreign) == seen(missing)


@pytest.mark.parametrize("page", ["", "register/", "cancel/", "calendar.ics", "attendance/", "participants.csv"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_session_that_is_for_others_answers_like_none(site, method, page):
    for role in ("manager", "editor", "operator"):
        route = f"sessions/<int:session>/{page}"
        foreign = undone(lambda role=role, route=route: site.ask(role, method, route))
        missing = undone(lambda role=role, route=route: site.ask(role, method, route, session=987654))
        assert foreign.status_code in (404, 405)
        assert seen(foreign) == seen(missing)


@pytest.mark.parametrize("page", ["", "<slug:paper>.pdf"])
def test_a_certificate_of_somebody_else_answers_like_none(site, page):
    route = f"my/certificates/<slug:code>/{page}"
    for role in ("manager", "hr", "super"):
        foreign = undone(lambda role=role: site.ask(role, "GET", route))
        missing = undone(lambda role=role: site.ask(role, "GET", route, code="ABCDEFGHJKMNPQRS"))
        assert foreign.status_code == 404
        assert seen(foreign) == seen(missing)


@pytest.mark.parametrize("number", ["0", "99999", "9" * 40])
def test_numbers_of_nothing_are_not_found(site, number):
    for route in routes():
        if "<int:" in route and not route.startswith("admin/"):
            names = ("number", "position", "person", "attempt", "revision", "enrollment", "team", "session")
            given = {name: number for name in names if f"<int:{name}>" in route}
            for method in ("GET", "POST"):
                got = undone(lambda route=route, method=method, given=given: site.ask("super", method, route, **given))
                assert got.status_code in (404, 405), f"{method} /{route}"


@pytest.mark.parametrize("number", ["0", "99999", "9" * 40, "%00", "x", "-1", "1_2F"])
def test_staff_pages_of_nothing_are_refused(site, number):
    for route in routes():
        if "<path:object_id>" in route or "<int:pk>" in route:
            got = undone(lambda route=route: site.ask("super", "GET", route, object_id=number, pk=number))
            assert got.status_code in (302, 400, 403, 404), f"/{route}"


# --- Reading changes nothing -----------------------------------------------------------------------------------------


def domain_hash() -> str:
    """All rows of all tables of the project, but when somebody last signed in: the tests sign in for each request."""
    digest = hashlib.sha256()
    for model in apps.get_models():
        if model.__module__.split(".")[0] not in ("django",):
            rows = model._default_manager.order_by("pk")
            for record in serializers.serialize("python", rows):
                record["fields"].pop("last_login", None)
                digest.update(repr(record).encode())
    return digest.hexdigest()


@pytest.mark.parametrize("role", ["learner", "super"])
def test_reading_every_page_changes_no_row(site, role):
    before = domain_hash()
    for route in routes():
        site.ask(role, "GET", route)
    assert domain_hash() == before
