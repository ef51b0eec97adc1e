"""Attempts at a quiz on a walk. What draws, grades and explains them for learners does it here; the walk keeps them."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from courses.models import Completion, Lesson
from desk.preview import content
from desk.preview.walk import Walk
from quizzes import drawing, results, taking
from quizzes.models import Answer, Attempt, QuestionRevision, Quiz
from quizzes.retakes import Retakes


@dataclass
class Sitting:
    """One attempt with its answers; neither is ever saved."""

    attempt: Attempt
    answers: list[Answer]

    @property
    def kept(self) -> dict[str, Any]:
        """As it stands in the session."""
        closed = self.attempt.closed_at
        asked = [[a.question_revision_id, a.option_order, a.response, a.marked] for a in self.answers]
        return {
            "started": self.attempt.started_at.isoformat(),
            "closed": closed.isoformat() if closed else None,
            "asked": asked,
        }


@dataclass
class Sittings:
    """All attempts of a walk at one quiz, in their order."""

    walk: Walk
    quiz: Quiz
    all: list[Sitting]

    @classmethod
    def of(cls, walk: Walk, quiz: Quiz, lesson: Lesson) -> Sittings:
        """Two queries, however many there are; none if there are none."""
        quiz.lesson = lesson
        kept = walk.attempts.get(str(lesson.pk), [])
        wanted = {asked[0] for one in kept for asked in one["asked"]}
        known = QuestionRevision.objects.select_related("objective").in_bulk(wanted)
        found = [one for one in kept if all(asked[0] in known for asked in one["asked"])]
        return cls(walk, quiz, [_sitting(walk, quiz, n, one, known) for n, one in enumerate(found, 1)])

    def save(self) -> None:
        self.walk.attempts[str(self.quiz.lesson_id)] = [sitting.kept for sitting in self.all]
        self.walk.save()

    def numbered(self, number: int) -> Sitting | None:
        return self.all[number - 1] if 1 <= number <= len(self.all) else None

    @property
    def under_way(self) -> Sitting | None:
        return next((sitting for sitting in self.all if sitting.attempt.is_open), None)

    @property
    def attempts(self) -> list[Attempt]:
        return [sitting.attempt for sitting in self.all]

    @property
    def retakes(self) -> Retakes:
        """As quizzes.retakes.of, but for the day between two finals: an editor need not wait."""
        finals = [one for one in self.attempts if self.quiz.is_final and not one.is_open]
        passed = sum(one.is_passed for one in finals)
        return Retakes(failed=len(finals) - passed, passed=passed > 0, opens_at=None, limit=None)

    @property
    def modules(self) -> set[int]:
        """As quizzes.drawing.modules_of, of the walk's path."""
        if not self.quiz.is_final:
            return set()
        return {row.module_id for row in self.walk.rows if row.is_required and row.pk != self.quiz.lesson_id}

    def count(self) -> int:
        """How many questions an attempt has."""
        return drawing.count_of(self.quiz, content.pool_of(self.quiz, self.walk.drafts), self.modules)

    def start(self) -> Sitting:
        """The open attempt, drawn if there is none. Raises taking.EmptyPool."""
        return self.under_way or self._draw()

    def _draw(self) -> Sitting:
        chance = random.SystemRandom()
        seen = Counter(answer.question_revision.question_id for one in self.all for answer in one.answers)
        pool = content.pool_of(self.quiz, self.walk.drafts)
        drawn = drawing.draw_from(self.quiz, pool, self.modules, seen, chance)
        attempt = _attempt(self.walk, self.quiz, len(self.all) + 1, taking.graded_among(drawn), self.walk.at)
        sitting = Sitting(attempt, taking.unanswered(attempt, drawn, chance))
        self.all.append(sitting)
        self.save()
        return sitting

    def close(self, sitting: Sitting) -> None:
        """Grade it; what passed counts on the walk as it would for a learner. Closing again changes nothing."""
        if not sitting.attempt.is_open:
            return
        taking.grade(sitting.attempt, sitting.answers, self.walk.at)
        self.save()
        if sitting.attempt.passed:
            if taking.shows_mastery(sitting.attempt):
                self.walk.complete(list(self._replaced()), Completion.How.BY_QUIZ)
            self.walk.complete([self.quiz.lesson], Completion.How.QUIZ)

    def _replaced(self) -> Iterable[Lesson]:
        """The readings that mastery of their module stands in for."""
        for lesson in self.walk.lessons:
            is_reading = lesson.kind == Lesson.Kind.READING and lesson.required and not lesson.always_read
            if is_reading and lesson.module_id == self.quiz.lesson.module_id:
                yield lesson

    def result(self, sitting: Sitting) -> results.Result:
        readable = {lesson.pk: lesson for lesson in self.walk.lessons}
        return results.made(self.attempts[::-1], sitting.attempt, sitting.answers, readable, self.retakes)


def _attempt(walk: Walk, quiz: Quiz, number: int, graded: int, started_at: datetime) -> Attempt:
    attempt = Attempt(enrollment=walk.enrollment, quiz=quiz, number=number, max_score=graded, started_at=started_at)
    attempt.regrade = None
    return attempt


def _sitting(walk: Walk, quiz: Quiz, number: int, kept: dict[str, Any], known: dict[int, QuestionRevision]) -> Sitting:
    asked = [(known[pk], *more) for pk, *more in kept["asked"]]
    graded = taking.graded_among(revision for revision, *_more in asked)
    attempt = _attempt(walk, quiz, number, graded, datetime.fromisoformat(kept["started"]))
    answers = [
        Answer(
            attempt=attempt,
            question_revision=revision,
            position=position,
            option_order=order,
            response=response,
            marked=marked,
        )
        for position, (revision, order, response, marked) in enumerate(asked, 1)
    ]
    if kept["closed"]:
        taking.grade(attempt, answers, datetime.fromisoformat(kept["closed"]))
    return Sitting(attempt, answers)
