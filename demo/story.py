"""Makes the demo company and plays what its people did, through the same verbs as the pages, at moments of the past."""

from __future__ import annotations

import math
from datetime import datetime, timedelta

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
from quizzes.models import Answer, Attempt

FIRST_STAFF_NUMBER = 1001
TEXTS = 180  # days ago the texts were published
CAST_FIRST = ["Ada Moreau"]


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
    lessons = _lessons_of_paths(course)
    for place in PLACES:
        for person in place.people:
            enrollment = people[person.name].enrollments.select_related("path").first()
            if enrollment:
                _play(person, enrollment, lessons[enrollment.path_id], now)
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


def _play(person: Person, enrollment: Enrollment, lessons: list[Lesson], now: datetime) -> None:
    """Learn `person.done` of the lessons, the last of them `person.last` days ago, one every few days before."""
    todo = lessons[: math.ceil(person.done * len(lessons))]
    days = max(enrollment_days(enrollment, now) - person.last, 0)
    days = min(days, 4 * len(todo))
    for place, lesson in enumerate(todo):
        day = person.last + days * (len(todo) - 1 - place) // len(todo)
        at = min(moment(now, day, 9 + place % 8, 7 * place), now)
        if lesson.kind == Lesson.Kind.QUIZ:
            _take_quiz(enrollment, lesson, person.tries, at)
        else:
            _read(enrollment, lesson, at, right=place % 3 > 0)


def _read(enrollment: Enrollment, lesson: Lesson, at: datetime, right: bool) -> None:
    if question := checks.question_of(lesson):
        order = grading.steady_order(question.type, question.body)
        given = grading.read(question.type, answers.form(question, order, right))
        checks.save(enrollment.user, lesson, given, at)
    if lesson.published_revision:
        progress.complete_lesson(enrollment, lesson, lesson.published_revision, Completion.How.READ, at)


def _take_quiz(enrollment: Enrollment, lesson: Lesson, tries: int, at: datetime) -> None:
    """Not enough right answers in each try but the last, which is passed at `at`; a final at once."""
    tries = 1 if lesson.quiz.is_final else tries
    for again in range(tries - 1, -1, -1):
        begun = at - timedelta(minutes=25 * again + 10)
        attempt = taking.start(enrollment, lesson.quiz, begun)
        asked = list(attempt.answers.select_related("question_revision"))
        missed = _missed(attempt, asked) if again == 0 else {answer.position for answer in asked[::2]}
        for answer in asked:
            right = answer.position not in missed
            form = answers.form(answer.question_revision, answer.option_order, right)
            taking.save_form(attempt, answer.position, form, False, begun + timedelta(minutes=answer.position))
        taking.close(attempt, at - timedelta(minutes=25 * again))


def _missed(attempt: Attempt, asked: list[Answer]) -> set[int]:
    """What somebody who passes gets wrong: a few, some questions more often than others."""
    spare = attempt.max_score - drawing.mark(attempt.quiz, attempt.max_score)
    hard = [answer.position for answer in asked if (answer.question_revision_id * 7 + attempt.enrollment_id) % 5 == 0]
    return set(hard[:spare])


def enrollment_days(enrollment: Enrollment, now: datetime) -> int:
    return (site_day(now) - site_day(enrollment.enrolled_at)).days
