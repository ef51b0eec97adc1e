"""Every list of the staff pages asks the database as often for four rows as for two, whatever hangs on a row."""

from datetime import timedelta

import pytest
from django.contrib import admin
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts import audit
from accounts.models import Membership, StagedFile, Team
from courses import second_person
from courses.models import Assignment, Bundle, CompanyFact, Credit, Flag, LessonRevision, Module, Path, Renewal
from notices.models import Heartbeat, Notice
from quizzes.models import RetakeChange
from tests.builders import (
    enroll,
    make_course,
    make_image,
    make_lesson,
    make_live_session,
    make_person,
    make_question,
    make_quiz,
)

pytestmark = pytest.mark.django_db


class Rows:
    """Makes one more row of a model, with rows of its own behind it: that is where a list would ask again for each."""

    def __init__(self, cast) -> None:
        self.cast, self.course = cast, cast.course

    def person(self, n):
        team = Team.add(f"Team {n}", self.cast.company)
        person = make_person(f"Person{n} Q")
        Membership.objects.create(team=team, user=person, is_home=True)
        return person

    def module(self, n):
        return Module.objects.create(course=self.some_course(n), key=f"m-{n}", title=f"M {n}", position=n + 2)

    def some_course(self, n):
        return make_course(f"course-{n}", readings=1, quiz=False)

    def enrollment(self, n):
        return enroll(self.person(n), self.some_course(n))

    def make(self, model, n):
        made = {
            "accounts.team": lambda: Team.add(f"Team {n}", Team.add(f"Above {n}", self.cast.company)),
            "accounts.user": lambda: self.person(n),
            "accounts.stagedfile": lambda: StagedFile.objects.create(
                kind=StagedFile.Kind.PEOPLE, name=f"{n}.csv", by=self.person(n)
            ),
            "admin.logentry": lambda: audit.record(self.person(n), self.module(n), "Did it"),
            "courses.assignment": lambda: Assignment.objects.create(
                team=Team.add(f"T {n}", self.cast.company),
                course=self.course,
                path=Path.objects.create(course=self.course, key=f"p-{n}", title="P"),
                created_by=self.person(n),
            ),
            "courses.enrollment": lambda: self.enrollment(n),
            "courses.credit": lambda: Credit.objects.create(
                enrollment=self.enrollment(n), done_on="2025-04-03", source="S", by=self.person(n + 100)
            ),
            "courses.renewal": lambda: Renewal.objects.create(path=self.some_course(n).paths.get(), months=12),
            "courses.course": lambda: self.some_course(n),
            "courses.module": lambda: self.module(n),
            "courses.lesson": lambda: make_lesson(self.module(n), f"l-{n}", publish=n % 2),
            "courses.path": lambda: self.some_course(n),
            "courses.companyfact": lambda: CompanyFact.objects.create(
                course=self.some_course(n), key="k", title="T", default="D"
            ),
            "courses.image": lambda: make_image(self.some_course(n), f"i-{n}"),
            "courses.bundle": lambda: Bundle.objects.create(
                name="c.zip", key=f"c-{n}", title="C", data=b"", by=self.person(n)
            ),
            "courses.flag": lambda: Flag.objects.create(
                user=self.person(n), revision=make_lesson(self.module(n), f"l-{n}").draft, kind="unclear", may_ask=True
            ),
            "courses.publishrequest": lambda: second_person.ask(
                make_lesson(self.module(n), f"l-{n}").add_revision(title="T", body="B"),
                LessonRevision.Effect.REDO,
                by=self.person(n),
            ),
            "quizzes.quiz": lambda: make_quiz(self.module(n), f"q-{n}", pool=1),
            "quizzes.question": lambda: make_question(self.some_course(n), f"q-{n}"),
            "quizzes.retakechange": lambda: RetakeChange.objects.create(
                enrollment=self.enrollment(n),
                quiz=make_quiz(self.module(n + 50), f"q-{n}", pool=1),
                limit=3,
                reason="R",
                by=self.person(n + 100),
            ),
            "events.livesession": lambda: make_live_session(
                f"S {n}", course=self.some_course(n), trainers=[self.person(n)], teams=[Team.add(f"T{n}")]
            ),
            "notices.notice": lambda: Notice.objects.create(
                key=f"n{n}", kind="plain", recipient=self.person(n), address="a@b.c", subject="S", body="B"
            ),
            "notices.heartbeat": lambda: Heartbeat.objects.create(name=f"h{n}", at=timezone.now() - timedelta(days=1)),
        }
        made[model._meta.label_lower]()


@pytest.mark.parametrize("model", sorted(admin.site._registry, key=lambda model: model._meta.label_lower))
def test_a_list_asks_equally_often_however_long_it_is(cast, root, as_, model):
    rows, client = Rows(cast), as_(root)
    url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")

    def asked():
        with CaptureQueriesContext(
            connection,
        ) as queries:
            page = client.get(url)
        assert page.status_code == 200
        listed = page.context.get("cl")  # a page of its own has none
        return len(queries), listed.result_count if listed else model._default_manager.count()

    for n in range(1, 3):
        rows.make(model, n)
    few, least = asked()
    for n in range(3, 5):
        rows.make(model, n)
    many, most = asked()
    assert most > least >= 2
    assert many == few
