"""What this room keeps about a person, out and away; and the forgetting of answers, which comes earlier."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import User
from accounts.privacy import erased_name
from courses.models import Lesson
from notices.privacy import Section, section
from quizzes import grading
from quizzes.models import Answer, Attempt, CheckAnswer, Inspection, QuestionRevision, Regrade, RetakeChange
from quizzes.models.attempt import plain


def rows_about(person: User) -> list[QuerySet[Any, Any]]:
    """Everything of this room that is about the person, by model: what staff may have done something to."""
    return [
        Attempt.objects.of(person),
        Answer.objects.filter(attempt__enrollment__user=person),
        Regrade.objects.filter(attempt__enrollment__user=person),
        Inspection.objects.filter(attempt__enrollment__user=person),
        RetakeChange.objects.filter(enrollment__user=person),
        person.check_answers.all(),
    ]


# --- Out -------------------------------------------------------------------------------------------------------------


def export(person: User) -> list[Section]:
    return [attempts(person), answers(person), checks(person), regrades(person), retakes(person), inspections(person)]


def title_of(lesson: Lesson) -> str:
    return f"{lesson.course.title}: {lesson.title}"


def attempts(person: User) -> Section:
    columns = {
        "quiz": _("Quiz"),
        "number": _("Attempt"),
        "started_at": _("Started"),
        "closed_at": _("Closed"),
        "score": _("Score"),
        "questions": _("Questions"),
        "mark": _("Mark"),
        "passed": _("Passed"),
        "answers_forgotten_at": _("Answers forgotten"),
    }
    rows = [
        (
            title_of(a.quiz.lesson),
            a.number,
            a.started_at,
            a.closed_at,
            a.plain_score,
            a.max_score,
            a.pass_mark,
            a.passed,
            a.forgotten_at,
        )
        for a in with_lesson(Attempt.objects.of(person), "quiz__").order_by("started_at", "pk")
    ]
    return section("attempts", _("Attempts at quizzes"), columns, rows)


def with_lesson(rows: QuerySet[Any, Any], way: str = "") -> QuerySet[Any, Any]:
    return rows.select_related(f"{way}lesson__course", f"{way}lesson__published_revision")


def answers(person: User) -> Section:
    """What was asked and what was given; never what would have been right, for an attempt may be open."""
    columns = {
        "quiz": _("Quiz"),
        "attempt": _("Attempt"),
        "position": _("Question"),
        "question": _("What was asked"),
        "answer": _("What was answered"),
        "saved_at": _("Saved"),
    }
    found = Answer.objects.filter(attempt__enrollment__user=person).select_related("attempt", "question_revision")
    rows = [
        (
            title_of(a.attempt.quiz.lesson),
            a.attempt.number,
            a.position,
            a.question_revision.stem,
            given(a.question_revision, a.response),
            a.saved_at,
        )
        for a in with_lesson(found, "attempt__quiz__").order_by("attempt__started_at", "attempt", "position")
    ]
    return section("answers", _("Answers"), columns, rows)


def given(revision: QuestionRevision, response: Any) -> str:
    """A response in the words of the question: what was chosen, what was put in which place, or the text."""
    if response is None or isinstance(response, str):
        return response or ""
    texts = {option["key"]: str(option["text"]) for option in revision.body.get("options", [])}
    if not isinstance(response, dict):
        return "; ".join(texts.get(key, str(key)) for key in response)
    # By what was given, never as the body has it: steps stand there in their right order.
    pairs = [("–" if value is None else str(value), texts.get(key, key)) for key, value in response.items()]
    return "; ".join(f"{value}: {text}" for value, text in sorted(pairs))


def checks(person: User) -> Section:
    columns = {
        "lesson": _("Lesson"),
        "question": _("What was asked"),
        "answer": _("What was answered"),
        "at": _("When"),
    }
    found = with_lesson(person.check_answers.select_related("question_revision")).order_by("at", "pk")
    rows = [(title_of(c.lesson), c.question_revision.stem, given(c.question_revision, c.response), c.at) for c in found]
    return section("checks", _("First answers to the questions in lessons"), columns, rows)


def regrades(person: User) -> Section:
    """Without the reason, which speaks of the key of a question and not of the person."""
    columns = {
        "at": _("When"),
        "quiz": _("Quiz"),
        "attempt": _("Attempt"),
        "before": _("Score before"),
        "after": _("Score after"),
        "by": _("Who"),
    }
    found = Regrade.objects.filter(attempt__enrollment__user=person).select_related("attempt", "by")
    rows = [
        (
            r.at,
            title_of(r.attempt.quiz.lesson),
            r.attempt.number,
            plain(r.score_before),
            plain(r.score_after),
            r.by.name,
        )
        for r in with_lesson(found, "attempt__quiz__").order_by("at", "pk")
    ]
    return section("regrades", _("Regrades"), columns, rows)


def retakes(person: User) -> Section:
    columns = {
        "at": _("When"),
        "quiz": _("Final"),
        "may_start_at": _("May start from"),
        "limit": _("Attempts in all"),
        "reason": _("Reason"),
        "by": _("Who"),
    }
    found = RetakeChange.objects.filter(enrollment__user=person).select_related("by")
    rows = [
        (r.at, title_of(r.quiz.lesson), r.may_start_at, r.limit, r.reason, r.by.name)
        for r in with_lesson(found, "quiz__").order_by("at", "pk")
    ]
    return section("retakes", _("Further attempts at a final"), columns, rows)


def inspections(person: User) -> Section:
    columns = {
        "at": _("When"),
        "quiz": _("Quiz"),
        "attempt": _("Attempt"),
        "by": _("Who"),
        "reason": _("Reason"),
    }
    found = Inspection.objects.filter(attempt__enrollment__user=person).select_related("attempt", "by")
    rows = [
        (i.at, title_of(i.attempt.quiz.lesson), i.attempt.number, i.by.name, i.reason)
        for i in with_lesson(found, "attempt__quiz__").order_by("at", "pk")
    ]
    return section("looks_at_answers", _("Who opened your answers"), columns, rows)


# --- Away ------------------------------------------------------------------------------------------------------------


def erase(person: User, at: datetime) -> None:
    """Take the words out that the person wrote, or others about them. Scores and chosen options stay, nobody's now."""
    for rows in rows_about(person):
        audit.forget(rows, erased_name())
    RetakeChange.objects.filter(enrollment__user=person).update(reason="")
    Regrade.objects.filter(attempt__enrollment__user=person).update(reason="")
    Inspection.objects.filter(attempt__enrollment__user=person).update(reason="")
    in_words = [name for name, kind in grading.TYPES.items() if kind.tallied not in ("chosen", "right")]
    written = Answer.objects.filter(attempt__enrollment__user=person, question_revision__type__in=in_words)
    written.update(response=None)
    person.check_answers.all().delete()


def forget_answers(people: Collection[int], at: datetime) -> int:
    """Blank all answers of these people; scores stay. Returns how many there were: none the second time.

    An answer that is gone is no wrong answer: question analysis leaves it out, and the result says that it is gone.
    """
    checks_gone, _models = CheckAnswer.objects.filter(user__in=people).delete()
    given = Answer.objects.filter(attempt__enrollment__user__in=people, response__isnull=False)
    gone = given.update(response=None, saved_at=None)
    Attempt.objects.closed().filter(enrollment__user__in=people, forgotten_at=None).update(forgotten_at=at)
    return gone + checks_gone
