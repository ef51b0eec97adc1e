"""Makes the demo company and plays what its people did, through the same verbs as the pages, at moments of the past."""

from __future__ import annotations

import math
from collections import Counter
from datetime import datetime, timedelta
from random import Random

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts.models import Membership, Team, User
from courses import changes, more_time, progress
from courses.models import Assignment, Completion, Course, Enrollment, Lesson, LessonRevision, Path
from courses.models.enrollment import site_day
from demo import answers, mail, sessions
from demo.company import ALSO, EXCUSED, MORE_TIME, PAUSED, PLACES, Person
from demo.moments import moment
from desk.roles import set_roles
from quizzes import checks, drawing, grading, taking
from quizzes.models import Answer, Attempt, CheckAnswer, QuestionRevision

FIRST_STAFF_NUMBER = 1001
TEXTS = 180  # days ago the texts were published
CAST_FIRST = ["Ada Moreau"]
QUIZ = Lesson.Kind.QUIZ


def exists() -> bool:
    return User.objects.filter(email="ada@example.com").exists()


@transaction.atomic
def make(course: Course, now: datetime | None = None) -> int:
    """Create the company and its history; returns how many people. All of it or nothing."""
    now = now or timezone.now()
    teams = _make_teams()
    people = _make_people(now)
    assignments = _assign(course, teams, people["Hana Sato"], now)
    _hire(teams, assignments, people, now)
    _publish_before(course, now)
    story = _Story(course, now)
    for place in PLACES:
        for person in place.people:
            enrollment = people[person.name].enrollments.first()
            if enrollment:
                story.play(person, enrollment)
    _change(people, now)
    _sign_in(now)
    sessions.make(course, teams, people, now)
    mail.make(now)
    return len(people)


def _publish_before(course: Course, now: datetime) -> None:
    """Let the texts be there before anybody reads them, or a record reads as if it were made up."""
    first = LessonRevision.objects.filter(lesson__course=course, number=1, published_at__gt=moment(now, TEXTS, 9))
    first.update(published_at=moment(now, TEXTS, 9))


def _change(people: dict[str, User], now: datetime) -> None:
    """One excused and one paused by Hana, and one whose manager gave two weeks more."""
    hana = people["Hana Sato"]
    name, excuse, note, days = EXCUSED
    changes.excuse(Enrollment.objects.filter(user=people[name]), hana, excuse, note, moment(now, days, 11))
    name, reason, days = PAUSED
    changes.pause(Enrollment.objects.filter(user=people[name]), hana, reason, moment(now, days, 10))
    name, manager, reason, days = MORE_TIME
    enrollment = people[name].enrollments.get()
    if last := more_time.last_day(enrollment):
        more_time.give(enrollment, people[manager], last, reason, moment(now, days, 15))


def _sign_in(now: datetime) -> None:
    """Who has learned something, or works on the staff pages, has come; the others are still to be invited."""
    came = Q(enrollments__started_at__isnull=False) | Q(is_staff=True)
    came |= Q(memberships__role=Membership.Role.MANAGER)
    User.objects.filter(pk__in=User.objects.filter(came).values("pk")).update(last_login=moment(now, 1, 9))


def _make_teams() -> dict[str, Team]:
    teams: dict[str, Team] = {}
    for place in PLACES:
        teams[place.name] = Team.add(place.name, teams.get(place.parent))
    return teams


def _make_people(now: datetime) -> dict[str, User]:
    """One password for all, hashed once: sixty hashes would be the slowest part of it all."""
    password = make_password(settings.DEMO_PASSWORD)
    known = [person for place in PLACES for person in place.people]
    known.sort(key=lambda person: person.name not in CAST_FIRST)
    made = User.objects.bulk_create(
        User(
            name=person.name,
            email=person.address,
            staff_number=str(number),
            password=password,
            date_joined=moment(now, person.joined, 8),
        )
        for number, person in enumerate(known, FIRST_STAFF_NUMBER)
    )
    for user, person in zip(made, known, strict=True):
        if person.role:
            set_roles(user, [person.role])
    return {user.name: user for user in made}


def _assign(course: Course, teams: dict[str, Team], hana: User, now: datetime) -> dict[str, Assignment]:
    """What Hana asked of each team; a path the course does not have becomes its default path."""
    return {
        place.name: Assignment.objects.create(
            team=teams[place.name],
            course=course,
            path=course.paths.filter(key=place.path).first() or course.paths.get(is_default=True),
            due_days=place.due_days,
            due_on=site_day(now) + timedelta(days=place.due_in) if place.due_in is not None else None,
            created_at=moment(now, max(person.joined for person in place.people), 8),
            created_by=hana,
        )
        for place in PLACES
        if place.path
    }


def _hire(teams: dict[str, Team], assignments: dict[str, Assignment], people: dict[str, User], now: datetime) -> None:
    """Day by day, people got a place, and the next morning's timer enrolled them; who joined today waits for it."""
    for joined in sorted({person.joined for place in PLACES for person in place.people}, reverse=True):
        for place in PLACES:
            Membership.objects.bulk_create(
                Membership(
                    team=teams[place.name],
                    user=people[person.name],
                    role=Membership.Role.MANAGER if person.manages else Membership.Role.MEMBER,
                    is_home=True,
                )
                for person in place.people
                if person.joined == joined
            )
            if joined and place.name in assignments:
                assignments[place.name].enroll_due(moment(now, joined, 9))
    Membership.objects.bulk_create(Membership(team=teams[team], user=people[name]) for name, team in ALSO)


def _lessons_of_paths(course: Course) -> dict[int, list[Lesson]]:
    """The lessons of each path that can be done today, in its order."""
    lessons = Lesson.objects.published().select_related("published_revision", "module", "course")
    ready = {lesson.pk: lesson for lesson in lessons.filter(course=course, required=True)}
    return {
        path.pk: [ready[pk] for pk in path.steps.order_by("position").values_list("lesson", flat=True) if pk in ready]
        for path in Path.objects.filter(course=course)
    }


class _Story:
    """What people did in the course. Facts are written for one person at a time, many in a statement, and what follows
    from them is left to the verbs of the pages: what a passed quiz is worth, and that somebody is through.
    """

    def __init__(self, course: Course, now: datetime) -> None:
        self.now, self.chance = now, Random(1)  # noqa: S311  # the same story each time
        self.lessons = _lessons_of_paths(course)
        every = {lesson.pk: lesson for lessons in self.lessons.values() for lesson in lessons}.values()
        self.checks = {lesson.pk: checks.question_of(lesson) for lesson in every if lesson.kind != QUIZ}
        self.pools = {lesson.pk: drawing.pool_of(lesson.quiz) for lesson in every if lesson.kind == QUIZ}

    def play(self, person: Person, enrollment: Enrollment) -> None:
        """Learn `person.done` of the lessons, the last of them `person.last` days ago, one every few days before."""
        lessons = self.lessons[enrollment.path_id]
        todo = lessons[: math.ceil(person.done * len(lessons))]
        days = max(enrollment_days(enrollment, self.now) - person.last, 0)
        days = min(days, 4 * len(todo))
        done: list[tuple[Lesson, datetime]] = []
        for place, lesson in enumerate(todo):
            day = person.last + days * (len(todo) - 1 - place) // len(todo)
            done.append((lesson, min(moment(self.now, day, 9 + place % 8, 7 * place), self.now)))
        if not done:
            return
        self._answer(enrollment.user, [(lesson, at) for lesson, at in done if lesson.kind != QUIZ])
        self._read(enrollment, [(lesson, at) for lesson, at in done[:-1] if lesson.kind != QUIZ])
        self._take(enrollment, [(lesson, at) for lesson, at in done if lesson.kind == QUIZ], person.tries)
        lesson, at = done[-1]
        how = Completion.How.QUIZ if lesson.kind == QUIZ else Completion.How.READ
        progress.complete_lesson(enrollment, lesson, published(lesson), how, at)

    def _answer(self, user: User, done: list[tuple[Lesson, datetime]]) -> None:
        """Two of three checks rightly."""
        CheckAnswer.objects.bulk_create(
            CheckAnswer(
                user=user,
                lesson=lesson,
                question_revision=question,
                response=_response(question, right=place % 3 > 0),
                at=at,
            )
            for place, (lesson, at) in enumerate(done)
            if (question := self.checks[lesson.pk])
        )

    def _read(self, enrollment: Enrollment, done: list[tuple[Lesson, datetime]]) -> None:
        Completion.objects.bulk_create(
            Completion(
                enrollment=enrollment,
                lesson=lesson,
                revision=published(lesson),
                redo_level=published(lesson).redo_level,
                how=Completion.How.READ,
                at=at,
            )
            for lesson, at in done
        )
        if done:
            progress.mark_started(enrollment, done[0][1])

    def _take(self, enrollment: Enrollment, done: list[tuple[Lesson, datetime]], tries: int) -> None:
        """Not enough right answers in each try but the last, which is passed at its moment; a final at once."""
        team = taking.counted_in(enrollment)
        attempts, answered = [], []
        for lesson, at in done:
            quiz, seen = lesson.quiz, Counter[int]()
            modules = drawing.modules_of(quiz, enrollment)
            numbers = range(1, 2 if quiz.is_final else tries + 1)
            for number in numbers:
                closed = at - timedelta(minutes=25 * (numbers[-1] - number))
                begun = closed - timedelta(minutes=10)
                drawn = drawing.draw_from(quiz, self.pools[lesson.pk], modules, seen, self.chance)
                seen.update(revision.question_id for revision in drawn)
                attempt = Attempt(enrollment=enrollment, quiz=quiz, number=number, started_at=begun)
                attempt.max_score = taking.graded_among(drawn)
                attempt.counted_in_id = team if number == 1 else None
                asked = taking.unanswered(attempt, drawn, self.chance)
                missed = _missed(attempt, asked) if number == numbers[-1] else {one.position for one in asked[::2]}
                for answer in asked:
                    revision = answer.question_revision
                    form = answers.form(revision, answer.option_order, answer.position not in missed)
                    saved_at = begun + timedelta(minutes=answer.position)
                    taking.fill_in(answer, grading.read(revision.type, form), marked=False, at=saved_at)
                taking.grade(attempt, asked, closed)
                attempts.append(attempt)
                answered += asked
        Attempt.objects.bulk_create(attempts)
        Answer.objects.bulk_create(answered)
        for attempt in attempts:
            if attempt.passed and attempt.closed_at:
                taking.complete(attempt, published(attempt.quiz.lesson), attempt.closed_at)


def published(lesson: Lesson) -> LessonRevision:
    """What people of the demo read. Raises ValueError of a draft, which none of them can have done."""
    if lesson.published_revision is None:
        raise ValueError(f"{lesson.key} is not published")
    return lesson.published_revision


def _response(question: QuestionRevision, right: bool) -> grading.Response:
    order = grading.steady_order(question.type, question.body)
    return checks.cleaned(question, grading.read(question.type, answers.form(question, order, right)))


def _missed(attempt: Attempt, asked: list[Answer]) -> set[int]:
    """What somebody who passes gets wrong: a few, some questions more often than others."""
    spare = attempt.max_score - drawing.mark(attempt.quiz, attempt.max_score)
    hard = [answer.position for answer in asked if (answer.question_revision_id * 7 + attempt.enrollment_id) % 5 == 0]
    return set(hard[:spare])


def enrollment_days(enrollment: Enrollment, now: datetime) -> int:
    return (site_day(now) - site_day(enrollment.enrolled_at)).days
