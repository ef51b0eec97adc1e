"""Who may do what: every address × every role × GET, HEAD and POST, in one table. An address that is not in it fails.

Add a line for each new address. A cell is a status, `in` (to sign-in, and back), or `go` (a redirect elsewhere).
HEAD must answer as GET does. Addresses of the staff pages that Django makes for each model are in STAFF, below.
"""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.tokens import default_token_generator
from django.core import serializers
from django.db import connection, transaction
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from accounts import audit
from accounts.mailing import signer
from accounts.models import StagedFile, User
from courses import publishing, second_person
from courses.models import Assignment, Certificate, CompanyFact, Credit, EnrollmentChange, LessonRevision, Renewal
from desk.files import staging
from events.models import Registration
from notices.models import SENDER, Heartbeat, Notice
from quizzes import taking
from quizzes.models import Question, RetakeChange
from tests.builders import enroll, make_course, make_image, make_lesson, make_live_session, make_person
from tests.conftest import Cast, with_role

ROLES = ["nobody", "off", "learner", "manager", "other", "editor", "hr", "operator", "super"]

TABLE = """
address                                                  method nobody off learner manager other editor hr  operator super
healthz                                                  GET    200    200 200     200     200   200    200 200      200
healthz                                                  POST   405    405 405     405     405   405    405 405      405
readyz                                                   GET    200    200 200     200     200   200    200 200      200
readyz                                                   POST   405    405 405     405     405   405    405 405      405

accounts/sign-in/                                        GET    200    200 go      go      go    go     go  go       go
accounts/sign-in/                                        POST   200    200 go      go      go    go     go  go       go
accounts/sign-in/demo/                                   GET    405    405 405     405     405   405    405 405      405
accounts/sign-in/demo/                                   POST   404    404 404     404     404   404    404 404      404
accounts/sign-out/                                       GET    405    405 405     405     405   405    405 405      405
accounts/sign-out/                                       POST   go     go  go      go      go    go     go  go       go
accounts/sign-out/everywhere/                            GET    in     in  405     405     405   405    405 405      405
accounts/sign-out/everywhere/                            POST   in     in  go      go      go    go     go  go       go
accounts/reset/                                          GET    200    200 200     200     200   200    200 200      200
accounts/reset/                                          POST   200    200 200     200     200   200    200 200      200
accounts/reset/sent/                                     GET    200    200 200     200     200   200    200 200      200
accounts/reset/sent/                                     POST   405    405 405     405     405   405    405 405      405
accounts/reset/<uidb64>/<token>/                         GET    go     go  200     go      go    go     go  go       go
accounts/reset/<uidb64>/<token>/                         POST   go     go  200     go      go    go     go  go       go
accounts/slip/                                           GET    200    200 go      go      go    go     go  go       go
accounts/slip/                                           POST   200    200 go      go      go    go     go  go       go
accounts/slip/password/                                  GET    go     go  go      go      go    go     go  go       go
accounts/slip/password/                                  POST   go     go  go      go      go    go     go  go       go
accounts/invitation/<str:code>/                          GET    200    200 go      go      go    go     go  go       go
accounts/invitation/<str:code>/                          POST   405    405 405     405     405   405    405 405      405
accounts/slips/                                          GET    in     in  403     200     200   403    200 403      200
accounts/slips/                                          POST   in     in  405     405     405   405    405 405      405
accounts/slips/team/<int:team>/                          GET    in     in  403     200     404   403    200 403      200
accounts/slips/team/<int:team>/                          POST   in     in  403     200     404   403    200 403      200
accounts/slips/<int:person>/                             GET    in     in  405     405     405   405    405 405      405
accounts/slips/<int:person>/                             POST   in     in  404     200     404   404    200 404      200
accounts/mail/<str:token>/                               GET    200    200 200     200     200   200    200 200      200
accounts/mail/<str:token>/                               POST   200    200 200     200     200   200    200 200      200
accounts/profile/                                        GET    in     in  200     200     200   200    200 200      200
accounts/profile/                                        POST   in     in  200     200     200   200    200 200      200
accounts/password/                                       GET    in     in  200     200     200   200    200 200      200
accounts/password/                                       POST   in     in  200     200     200   200    200 200      200

reports/                                                 GET    in     in  403     200     200   403    200 403      200
reports/                                                 POST   in     in  405     405     405   405    405 405      405
reports/team.csv                                         GET    in     in  403     200     200   403    200 403      200
reports/team.csv                                         POST   in     in  405     405     405   405    405 405      405
reports/people/<int:enrollment>/more-time/               GET    in     in  404     200     404   404    go  404      go
reports/people/<int:enrollment>/more-time/               POST   in     in  404     200     404   404    go  404      go
reports/questions/                                       GET    in     in  403     403     403   200    200 403      200
reports/questions/                                       POST   in     in  405     405     405   405    405 405      405
reports/questions/<slug:course>/                         GET    in     in  403     403     403   200    200 403      200
reports/questions/<slug:course>/                         POST   in     in  405     405     405   405    405 405      405
reports/questions/<slug:course>/<slug:question>/         GET    in     in  403     403     403   200    200 403      200
reports/questions/<slug:course>/<slug:question>/         POST   in     in  405     405     405   405    405 405      405

                                                         GET    200    200 200     200     200   200    200 200      200
                                                         POST   405    405 405     405     405   405    405 405      405
my/news/                                                 GET    in     in  405     405     405   405    405 405      405
my/news/                                                 POST   in     in  go      go      go    go     go  go       go
my/what-my-manager-sees/                                 GET    in     in  200     200     200   200    200 200      200
my/what-my-manager-sees/                                 POST   in     in  405     405     405   405    405 405      405
my/data/                                                 GET    in     in  405     405     405   405    405 405      405
my/data/                                                 POST   in     in  200     200     200   200    200 200      200
my/certificates/<slug:code>/                             GET    in     in  200     404     404   404    404 404      404
my/certificates/<slug:code>/                             POST   in     in  405     405     405   405    405 405      405
my/certificates/<slug:code>/<slug:paper>.pdf             GET    in     in  200     404     404   404    404 404      404
my/certificates/<slug:code>/<slug:paper>.pdf             POST   in     in  405     405     405   405    405 405      405
certificates/                                            GET    200    200 200     200     200   200    200 200      200
certificates/                                            POST   405    405 405     405     405   405    405 405      405
certificates/<str:code>/                                 GET    200    200 200     200     200   200    200 200      200
certificates/<str:code>/                                 POST   405    405 405     405     405   405    405 405      405
search/                                                  GET    in     in  200     200     200   200    200 200      200
search/                                                  POST   in     in  405     405     405   405    405 405      405
courses/<slug:course>/                                   GET    in     in  200     404     404   200    404 404      200
courses/<slug:course>/                                   POST   in     in  405     405     405   405    405 405      405
courses/<slug:course>/module/<slug:module>/              GET    in     in  200     404     404   200    404 404      200
courses/<slug:course>/module/<slug:module>/              POST   in     in  405     405     405   405    405 405      405
courses/<slug:course>/images/<slug:name>.webp            GET    404    404 200     404     404   200    404 404      200
courses/<slug:course>/images/<slug:name>.webp            POST   405    405 405     405     405   405    405 405      405
courses/<slug:course>/<slug:lesson>/                     GET    in     in  200     404     404   200    404 404      200
courses/<slug:course>/<slug:lesson>/                     POST   405    405 405     405     405   405    405 405      405
courses/<slug:course>/<slug:lesson>/complete/            GET    in     in  go      go      go    go     go  go       go
courses/<slug:course>/<slug:lesson>/complete/            POST   in     in  go      404     404   404    404 404      404
courses/<slug:course>/<slug:lesson>/check/               GET    go     go  go      go      go    go     go  go       go
courses/<slug:course>/<slug:lesson>/check/               POST   404    404 go      404     404   200    404 404      200
courses/<slug:course>/<slug:lesson>/quiz/                GET    in     in  go      404     404   404    404 404      404
courses/<slug:course>/<slug:lesson>/quiz/                POST   in     in  go      404     404   404    404 404      404
courses/<slug:course>/<slug:lesson>/quiz/<int:number>/   GET    in     in  go      404     404   404    404 404      404
courses/<slug:course>/<slug:lesson>/quiz/<int:number>/   POST   in     in  405     405     405   405    405 405      405
courses/<slug:course>/<slug:lesson>/quiz/<int:number>/close/          GET  in in 200 404 404 404 404 404 404
courses/<slug:course>/<slug:lesson>/quiz/<int:number>/close/          POST in in go  404 404 404 404 404 404
courses/<slug:course>/<slug:lesson>/quiz/<int:number>/<int:position>/ GET  in in 200 404 404 404 404 404 404
courses/<slug:course>/<slug:lesson>/quiz/<int:number>/<int:position>/ POST in in go  404 404 404 404 404 404

sessions/                                                GET    in     in  200     200     200   200    200 200      200
sessions/                                                POST   in     in  405     405     405   405    405 405      405
sessions/<int:session>/                                  GET    in     in  200     404     200   404    200 404      200
sessions/<int:session>/                                  POST   in     in  405     405     405   405    405 405      405
sessions/<int:session>/register/                         GET    in     in  go      404     404   404    404 404      404
sessions/<int:session>/register/                         POST   in     in  go      404     404   404    404 404      404
sessions/<int:session>/cancel/                           GET    in     in  go      404     go    404    go  404      go
sessions/<int:session>/cancel/                           POST   in     in  go      404     go    404    go  404      go
sessions/<int:session>/calendar.ics                      GET    in     in  200     404     200   404    200 404      200
sessions/<int:session>/calendar.ics                      POST   in     in  405     405     405   405    405 405      405
sessions/<int:session>/attendance/                       GET    in     in  404     404     200   404    200 404      200
sessions/<int:session>/attendance/                       POST   in     in  404     404     go    404    go  404      go
sessions/<int:session>/participants.csv                  GET    in     in  404     404     200   404    200 404      200
sessions/<int:session>/participants.csv                  POST   in     in  405     405     405   405    405 405      405

admin/                                                   GET    in     in  403     403     403   200    200 200      200
admin/                                                   POST   in     in  403     403     403   200    200 200      200
admin/login/                                             GET    in     in  in      in      in    go     go  go       go
admin/login/                                             POST   in     in  in      in      in    go     go  go       go
admin/sender/                                            GET    in     in  403     403     403   403    403 200      200
admin/sender/                                            POST   in     in  403     403     403   403    403 200|405  200|405
admin/invite/                                            GET    in     in  403     403     403   403    200 403      200
admin/invite/                                            POST   in     in  403     403     403   403    200 403      200
admin/not-come/                                          GET    in     in  403     403     403   403    200 403      200
admin/not-come/                                          POST   in     in  403     403     403   403    200 403      200
admin/accounts/team/<int:pk>/merge/                      GET    in     in  403     403     403   403    200 403      200
admin/accounts/team/<int:pk>/merge/                      POST   in     in  403     403     403   403    200 403      200
admin/courses/lesson/<int:pk>/preview/                   GET    in     in  403     403     403   200    403 403      200
admin/courses/lesson/<int:pk>/preview/                   POST   in     in  403     403     403   200    403 403      200
admin/courses/lesson/<int:pk>/pane/                      GET    in     in  403     403     403   404    403 403      404
admin/courses/lesson/<int:pk>/pane/                      POST   in     in  403     403     403   200    403 403      200
admin/courses/lesson/<int:pk>/parts/                     GET    in     in  403     403     403   200    403 403      200
admin/courses/lesson/<int:pk>/parts/                     POST   in     in  403     403     403   200    403 403      200
admin/courses/lesson/<int:pk>/compare/                   GET    in     in  403     403     403   200    403 403      200
admin/courses/lesson/<int:pk>/compare/                   POST   in     in  403     403     403   200    403 403      200
admin/courses/image/<int:pk>/replace/                    GET    in     in  403     403     403   200    403 403      200
admin/courses/image/<int:pk>/replace/                    POST   in     in  403     403     403   200    403 403      200
admin/courses/image/<int:pk>/retire/                     GET    in     in  403     403     403   200    403 403      200
admin/courses/image/<int:pk>/retire/                     POST   in     in  403     403     403   go     403 403      go
admin/courses/lesson/<int:pk>/publish/                   GET    in     in  403     403     403   200    403 403      200
admin/courses/lesson/<int:pk>/publish/                   POST   in     in  403     403     403   200    403 403      200
admin/courses/lesson/<int:pk>/revisions/                 GET    in     in  403     403     403   200    403 403      200
admin/courses/lesson/<int:pk>/revisions/                 POST   in     in  403     403     403   200|405 403 403     200|405
admin/courses/lesson/<int:pk>/revisions/<int:number>/    GET    in     in  403     403     403   200    403 403      200
admin/courses/lesson/<int:pk>/revisions/<int:number>/    POST   in     in  403     403     403   200|405 403 403     200|405
admin/courses/lesson/<int:pk>/revisions/<int:number>/restore/ GET in    in  403     403     403   go     403 403      go
admin/courses/lesson/<int:pk>/revisions/<int:number>/restore/ POST in   in  403     403     403   go     403 403      go
admin/courses/enrollment/<int:pk>/do/<slug:verb>/        GET    in     in  403     403     403   403    200 403      200
admin/courses/enrollment/<int:pk>/do/<slug:verb>/        POST   in     in  403     403     403   403    200 403      200
admin/courses/enrollment/do/<slug:verb>/                 GET    in     in  403     403     403   403    go  403      go
admin/courses/enrollment/do/<slug:verb>/                 POST   in     in  403     403     403   403    go  403      go
admin/courses/lesson/<int:pk>/do/<slug:verb>/            GET    in     in  403     403     403   200    403 403      200
admin/courses/lesson/<int:pk>/do/<slug:verb>/            POST   in     in  403     403     403   go     403 403      go
admin/quizzes/question/<int:pk>/retire/                  GET    in     in  403     403     403   200    403 403      200
admin/quizzes/question/<int:pk>/retire/                  POST   in     in  403     403     403   200    403 403      200
admin/quizzes/question/<int:pk>/regrade/                 GET    in     in  403     403     403   200    403 403      200
admin/quizzes/question/<int:pk>/regrade/                 POST   in     in  403     403     403   go     403 403      go
admin/accounts/user/<int:pk>/data/                       GET    in     in  403     403     403   403    405 403      405
admin/accounts/user/<int:pk>/data/                       POST   in     in  403     403     403   403    200 403      200
admin/accounts/user/<int:pk>/erase/                      GET    in     in  403     403     403   403    200 403      200
admin/accounts/user/<int:pk>/erase/                      POST   in     in  403     403     403   403    200 403      200
admin/admin/logentry/csv/                                GET    in     in  403     403     403   403    405 403      405
admin/admin/logentry/csv/                                POST   in     in  403     403     403   403    200 403      200
admin/events/livesession/<int:pk>/cancel/                GET    in     in  403     403     403   403    200 403      200
admin/events/livesession/<int:pk>/cancel/                POST   in     in  403     403     403   403    go  403      go
admin/courses/module/<int:pk>/status/                    GET    in     in  403     403     403   200    403 403      200
admin/courses/module/<int:pk>/status/                    POST   in     in  403     403     403   go     403 403      go
admin/accounts/stagedfile/sample.csv                     GET    in     in  403     403     403   403    200 403      200
admin/accounts/stagedfile/sample.csv                     POST   in     in  403     403     403   403    200 403      200
admin/accounts/stagedfile/<int:pk>/step/                 GET    in     in  403     403     403   403    go  403      go
admin/accounts/stagedfile/<int:pk>/step/                 POST   in     in  403     403     403   403    go  403      go
admin/accounts/stagedfile/<int:pk>/bring-in/             GET    in     in  403     403     403   403    go  403      go
admin/accounts/stagedfile/<int:pk>/bring-in/             POST   in     in  403     403     403   403    go  403      go
admin/accounts/stagedfile/<int:pk>/rows/<slug:outcome>/  GET    in     in  403     403     403   403    200 403      200
admin/accounts/stagedfile/<int:pk>/rows/<slug:outcome>/  POST   in     in  403     403     403   403    200 403      200
admin/accounts/stagedfile/<int:pk>/refused/              GET    in     in  403     403     403   403    200 403      200
admin/accounts/stagedfile/<int:pk>/refused/              POST   in     in  403     403     403   403    200 403      200
admin/accounts/stagedfile/<int:pk>/not-in-it/            GET    in     in  403     403     403   403    200 403      200
admin/accounts/stagedfile/<int:pk>/not-in-it/            POST   in     in  403     403     403   403    200 403      200
admin/courses/credit/file/<int:pk>/                      GET    in     in  403     403     403   403    200 403      200
admin/courses/credit/file/<int:pk>/                      POST   in     in  403     403     403   403    go  403      go
admin/courses/credit/file/<int:pk>/refused/              GET    in     in  403     403     403   403    200 403      200
admin/courses/credit/file/<int:pk>/refused/              POST   in     in  403     403     403   403    200 403      200
admin/(?P<url>.*)$                                       GET    in     in  403     403     403   404    404 404      404
admin/(?P<url>.*)$                                       POST   in     in  403     403     403   404    404 404      404
"""  # noqa: E501  # a table is read by its columns

# The pages Django makes for each model: list, add, change (`c` may be to look only), delete, history. Managers get 403
# on all of them, strangers are sent to sign in.
STAFF = """
model                   editor  hr      operator  super
accounts.team           -       lacdh   -         lacdh
accounts.user           -       lach    -         lach
accounts.stagedfile     -       lach    -         lach
courses.assignment      -       lach    -         lach
courses.enrollment      -       lch     -         lch
courses.credit          -       lach    -         lach
courses.renewal         -       lacdh   -         lacdh
courses.course          lch     -       -         lacdh
courses.module          lach    -       -         lacdh
courses.lesson          lach    -       -         lach
courses.path            lch     -       -         lch
courses.companyfact     lch     -       -         lch
courses.image           lach    -       -         lach
courses.publishrequest  lch     lch     -         lch
quizzes.quiz            lch     -       -         lch
quizzes.question        lach    -       -         lach
quizzes.retakechange    -       lach    -         lach
events.livesession      -       lach    -         lach
notices.notice          -       lch     lch       lch
notices.heartbeat       -       -       lch       lch
admin.logentry          -       lch     -         lch
"""
PAGES = {
    "l": "",
    "a": "add/",
    "c": "<path:object_id>/change/",
    "d": "<path:object_id>/delete/",
    "h": "<path:object_id>/history/",
}


def routes() -> dict[str, str | None]:
    """Every address of the site as it is written in urls.py, with its name."""
    return dict(_walk(get_resolver().url_patterns))


def _walk(patterns: list[URLPattern | URLResolver], prefix: str = "") -> Iterator[tuple[str, str | None]]:
    for one in patterns:
        if isinstance(one, URLResolver):
            yield from _walk(one.url_patterns, prefix + str(one.pattern))
        else:
            yield prefix + str(one.pattern), one.name


def table() -> Iterator[tuple[str, str, dict[str, str]]]:
    for line in TABLE.strip("\n").splitlines()[1:]:
        words = line.split()
        if words:
            route = "" if words[0] in ("GET", "POST") else words.pop(0)
            yield route, words[0], dict(zip(ROLES, words[1:], strict=True))


def staff_table() -> Iterator[tuple[str, str, dict[str, str]]]:
    """The lines of STAFF, spelled out; a form sent empty is shown again or, if all may be empty, saved."""
    for line in STAFF.strip("\n").splitlines()[1:]:
        model, *rights = line.split()
        for letter, page in PAGES.items():
            cells = {"nobody": "in", "manager": "403"}  # one door for all of them; TABLE has its every cell
            got = {role: "200" if letter in right else "403" for role, right in zip(ROLES[5:], rights, strict=True)}
            route = f"admin/{model.replace('.', '/')}/{page}"
            yield route, "GET", cells | got
            sent = {role: "200|go|403" if status == "200" else status for role, status in got.items()}
            if letter in "acd":  # a list and a history take nothing
                yield route, "POST", cells | sent
        old = dict.fromkeys(ROLES[5:], "go")  # the address without `change/`, which Django keeps for old links
        yield f"admin/{model.replace('.', '/')}/<path:object_id>/", "GET", cells | old


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
        taking.start(cast.ada_enrolled, self.quiz.quiz)
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
        draft = self.reading.add_revision(title="T", body="B")
        second_person.ask(draft, LessonRevision.Effect.REDO, by=make_person("Ask Er"))
        self.certificate = Certificate.objects.create(enrollment=cast.ada_enrolled, name="Ada", course_title="Course")

    def path(self, route: str, **given: object) -> str:
        """An address with everything in it that the learner may see."""
        values: dict[str, object] = {
            "course": self.cast.course.key,
            "module": self.cast.course.modules.first().key,
            "lesson": self.quiz.slug if "/quiz/" in route else self.reading.slug,
            "number": 1,
            "position": 1,
            "question": Question.objects.filter(pool_items__quiz=self.quiz.quiz).first().key,
            "person": self.cast.ada.pk,
            "enrollment": self.cast.ada_enrolled.pk,
            "team": self.cast.lyon.pk,
            "uidb64": urlsafe_base64_encode(force_bytes(self.cast.ada.pk)),
            "token": self.token_of(route),
            "object_id": self.object_of(route),
            "pk": self.object_of(route),
            "url": "nowhere/",
            "verb": "pause" if "/enrollment/" in route else "retire",
            "outcome": "refused",
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
        if route.endswith("/complete/"):
            return {"revision": self.reading.published_revision_id}
        return {"option": "a"} if route.endswith(("/check/", "<int:position>/")) else {}

    def ask(self, role: str, method: str, route: str, **given: object) -> HttpResponse:
        """One request of a new visitor of this role."""
        person, client = self.people[role], Client(raise_request_exception=False)
        path = self.path(route, **given)
        if person:
            client.force_login(person)
        if role == "off":  # in the middle of a session
            User.objects.filter(pk=person.pk).update(is_active=False)
        with CaptureQueriesContext(connection) as queries:
            response = getattr(client, method.lower())(path, self.data(route) if method == "POST" else None)
        if method != "POST" and response.status_code < 500:
            writes = [q["sql"] for q in queries if is_write(q["sql"])]
            assert not writes, f"{role} {method} {path} writes: {writes}"
        return response


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


def differences(site: Site, lines: Iterator[tuple[str, str, dict[str, str]]]) -> list[str]:
    found = []
    for route, method, cells in lines:
        for role, wanted in cells.items():
            for used in ("GET", "HEAD") if method == "GET" and role == "super" else (method,):
                got = undone(lambda role=role, used=used, route=route: answer(site.ask(role, used, route)))
                if got not in wanted.split("|"):
                    found.append(f"{used} /{route} as {role}: {got}, not {wanted}")
    return found


def test_every_cell_of_the_table(site):
    assert not differences(site, table())


def test_every_cell_of_the_staff_pages(site):
    assert not differences(site, staff_table())


def test_every_address_is_in_the_table_with_each_method():
    wanted = {(route, method) for route in routes() for method in ("GET", "POST")}
    only_read = (
        "<path:object_id>/",
        "<path:object_id>/history/",
        *(f"/{m._meta.model_name}/" for m in admin.site._registry),
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
            names = ("number", "position", "person", "enrollment", "team", "session")
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
