"""What a closed attempt has to say: every question explained, the score by objective, what to read again.

Nothing here may be asked of an open attempt; `of` refuses it.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import Prefetch, prefetch_related_objects

from accounts.models import User
from courses.models import Lesson
from quizzes import grading, retakes, taking
from quizzes.models import Answer, Attempt, Regrade
from quizzes.models.attempt import plain
from quizzes.retakes import Retakes


@dataclass(frozen=True)
class Explained:
    """One question of a closed attempt, for the page."""

    position: int
    type: str
    stem: str
    explained: dict[str, Any]
    points: Decimal
    answered: bool
    reread: Lesson | None
    is_regraded: bool

    @property
    def fragment(self) -> str:
        return f"quizzes/results/{self.type}.html"

    @property
    def state(self) -> str:
        """right, partly, wrong or unanswered; yours, if it carries no points."""
        if not self.is_graded:
            return "yours"
        if not self.answered:
            return "unanswered"
        return {Decimal(0): "wrong", Decimal(1): "right"}.get(self.points, "partly")

    @property
    def is_missed(self) -> bool:
        return self.is_graded and self.points < 1

    @property
    def is_graded(self) -> bool:
        return grading.is_graded(self.type)

    @property
    def score(self) -> str:
        return plain(self.points)


@dataclass
class OfObjective:
    """How the questions of one objective went."""

    text: str
    points: Decimal = Decimal(0)
    questions: int = 0

    @property
    def score(self) -> str:
        return plain(self.points)


@dataclass(frozen=True)
class Bar:
    """The score beside the mark, in hundredths of a question."""

    score: int
    mark: int
    total: int

    @property
    def steps(self) -> range:
        return range(100, self.total, 100)


@dataclass(frozen=True)
class Result:
    """A closed attempt for its page; `rereads` are the lessons that missed questions point to, most missed first.

    Of a final that was never passed `questions` is empty: its answers are explained once it is. Of an attempt whose
    answers were forgotten it is empty too, and so are the others: what is gone is not wrong.
    """

    attempt: Attempt
    questions: list[Explained]
    objectives: list[OfObjective]
    rereads: list[Lesson]
    retakes: Retakes
    attempts: list[Attempt] = field(default_factory=list)

    @property
    def score(self) -> str:
        return self.attempt.plain_score_now

    @property
    def bar(self) -> Bar:
        return Bar(
            score=int((self.attempt.score_now or 0) * 100),
            mark=(self.attempt.pass_mark or 0) * 100,
            total=self.attempt.max_score * 100,
        )

    @property
    def weakest(self) -> list[Lesson]:
        """After the second failed final, the two lessons to read first."""
        return self.rereads[:2] if self.retakes.names_weakest else []

    @property
    def shows_mastery(self) -> bool:
        return taking.shows_mastery(self.attempt)

    @property
    def earlier(self) -> list[Attempt]:
        return [one for one in self.attempts if one.number != self.attempt.number and not one.is_open]

    @property
    def ever_passed(self) -> bool:
        return any(attempt.is_passed for attempt in self.attempts)

    @property
    def under_way(self) -> bool:
        return any(attempt.is_open for attempt in self.attempts)


def of(attempt: Attempt, user: User) -> Result:
    """The result of a closed attempt, with links to lessons this person can open. Six queries, eight of a final."""
    if attempt.is_open:
        raise ValueError("An open attempt has no result.")
    attempts = list(attempt.quiz.attempts.filter(enrollment=attempt.enrollment_id).order_by("-number"))
    regrades = Regrade.objects.select_related("question_revision__objective")
    prefetch_related_objects([attempt, *attempts], Prefetch("regrades", regrades))
    answers = [] if attempt.forgotten_at else _answers(attempt)
    rule, readable = retakes.of(attempt.enrollment, attempt.quiz), _readable(answers, user)
    return made(attempts, attempt, answers, readable, rule, regraded_in(attempt))


def made(
    attempts: list[Attempt],
    attempt: Attempt,
    answers: Sequence[Answer],
    readable: Mapping[int, Lesson],
    rule: Retakes,
    regraded: Container[int] = (),
) -> Result:
    """The result of one of these attempts, out of its answers and the lessons that can be read again, by number."""
    questions = [_explain(answer, readable, answer.pk in regraded) for answer in answers]
    return Result(
        attempt=attempt,
        questions=questions if rule.passed or not attempt.quiz.is_final else [],
        objectives=_by_objective(answers),
        rereads=_most_missed(questions),
        retakes=rule,
        attempts=attempts,
    )


def inspected(attempt: Attempt, user: User) -> list[Explained]:
    """Every question of a closed attempt, for HR who opened its answers: also of a final that was never passed."""
    if attempt.is_open:
        raise ValueError("An open attempt has no result.")
    prefetch_related_objects([attempt], Prefetch("regrades", Regrade.objects.select_related("question_revision")))
    answers = _answers(attempt)
    readable, regraded = _readable(answers, user), regraded_in(attempt)
    return [_explain(answer, readable, answer.pk in regraded) for answer in answers]


def regraded_in(attempt: Attempt) -> set[int]:
    """The answers of which a regrade took another revision."""
    return {regrade.answer_id for regrade in attempt.regrades.all()}


def _answers(attempt: Attempt) -> list[Answer]:
    """The answers, each with the revision that it is graded by now: what was drawn, or what a regrade took."""
    mended = {regrade.answer_id: regrade.question_revision for regrade in attempt.regrades.all()}
    answers = list(attempt.answers.select_related("question_revision__objective"))
    for answer in answers:
        answer.question_revision = mended.get(answer.pk, answer.question_revision)
    return answers


def _most_missed(questions: Sequence[Explained]) -> list[Lesson]:
    missed: dict[Lesson, Decimal] = {}
    for question in questions:
        if question.is_missed and question.reread:
            missed[question.reread] = missed.get(question.reread, Decimal(0)) + 1 - question.points
    return sorted(missed, key=lambda lesson: -missed[lesson])


def _readable(answers: Sequence[Answer], user: User) -> dict[int, Lesson]:
    named = [answer.question_revision.reread_id for answer in answers]
    lessons = Lesson.objects.visible_to(user).filter(pk__in={pk for pk in named if pk is not None})
    return {lesson.pk: lesson for lesson in lessons.select_related("course", "published_revision")}


def _points(answer: Answer) -> Decimal:
    revision = answer.question_revision
    return grading.points(revision.type, revision.body, answer.response)


def _explain(answer: Answer, readable: Mapping[int, Lesson], is_regraded: bool) -> Explained:
    revision = answer.question_revision
    return Explained(
        position=answer.position,
        type=revision.type,
        stem=revision.stem,
        explained=grading.explained(revision.type, revision.body, answer.response, answer.option_order),
        points=_points(answer),
        answered=answer.response is not None,
        reread=readable.get(revision.reread_id or 0),
        is_regraded=is_regraded,
    )


def _by_objective(answers: Sequence[Answer]) -> list[OfObjective]:
    """In the order of the module, whatever the order they were drawn in."""
    found: dict[Any, OfObjective] = {}
    for answer in sorted(answers, key=_place_of_objective):
        if not grading.is_graded(answer.question_revision.type):
            continue
        objective = answer.question_revision.objective
        row = found.setdefault(objective and objective.pk, OfObjective(objective.text if objective else ""))
        row.points += _points(answer)
        row.questions += 1
    return list(found.values())


def _place_of_objective(answer: Answer) -> tuple[int, int, int]:
    objective = answer.question_revision.objective
    return (1, 0, 0) if objective is None else (0, objective.position, objective.pk)
