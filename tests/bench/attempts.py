"""Two hundred thousand answers, and attempts of 24 questions that are ready to be closed, in bulk."""

from __future__ import annotations

from django.db import connection
from django.utils import timezone

from accounts.models import User
from quizzes import taking
from quizzes.models import Answer, Attempt, PoolItem, Quiz
from tests.bench.data import World, in_bulk

LARGE = 24  # questions of the final, on the whole path
ATTEMPTS = """
    INSERT INTO quizzes_attempt
        (enrollment_id, quiz_id, number, started_at, closed_at, score, pass_mark, max_score, passed)
    SELECT e.id, z.id, 1, e.started_at, e.started_at, 7, 6, 8, %s
    FROM courses_enrollment e
    JOIN courses_lesson l ON l.course_id = e.course_id
    JOIN quizzes_quiz z ON z.lesson_id = l.id
    WHERE l.course_id = %s AND e.started_at IS NOT NULL AND l.key IN ('m2-5', 'm3-5')
"""
ANSWERS = """
    INSERT INTO quizzes_answer (attempt_id, question_revision_id, position, option_order, response, saved_at, marked)
    SELECT a.id, q.published_revision_id, p.position, '["a", "b", "c"]', {response}, a.started_at, %s
    FROM quizzes_attempt a
    JOIN quizzes_quiz z ON z.id = a.quiz_id
    JOIN courses_lesson l ON l.id = z.lesson_id
    JOIN quizzes_poolitem p ON p.quiz_id = a.quiz_id AND p.position <= 8
    JOIN quizzes_question q ON q.id = p.question_id
    WHERE l.course_id = %s AND l.key IN ('m2-5', 'm3-5') AND (a.id + p.position) %% 3 = %s
"""
RESPONSES = ["""'["a"]'""", """'["b"]'""", """'["c"]'"""]


@in_bulk()
def answer_often(world: World) -> int:
    """First attempts of everybody at two more quizzes; how many answers to the questions of the course there are."""
    with connection.cursor() as cursor:
        cursor.execute(ATTEMPTS, [True, world.course.pk])
        for turn, response in enumerate(RESPONSES):
            cursor.execute(ANSWERS.format(response=response), [False, world.course.pk, turn])
    return Answer.objects.filter(question_revision__question__course=world.course).count()


def large_attempts(world: World, people: list[User]) -> list[Attempt]:
    """An open attempt of 24 answered questions for each of these people."""
    quiz = Quiz.objects.select_related("lesson__course").get(lesson__course=world.course, lesson__key="m12-4")
    known = set(quiz.pool_items.values_list("question", flat=True))
    others = PoolItem.objects.filter(quiz__lesson__course=world.course).exclude(question__in=known)
    PoolItem.objects.bulk_create(
        PoolItem(quiz=quiz, question_id=item.question_id, position=100 + n)
        for n, item in enumerate(others.order_by("pk")[:40])
    )
    Quiz.objects.filter(pk=quiz.pk).update(draw=LARGE, pass_mark=20)
    quiz.refresh_from_db(fields=["draw", "pass_mark"])
    attempts = [taking.start(user.enrollments.get(), quiz) for user in people]
    mine = Answer.objects.filter(attempt__in=attempts)
    mine.update(response=["a"], saved_at=timezone.now())
    for attempt in attempts:
        attempt.quiz = quiz
    return attempts
