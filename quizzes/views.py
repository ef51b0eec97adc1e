"""The pages of a quiz. Each reaches its attempt through `Attempt.objects.of(user)`: in the current cycle, by number."""

from django.db.models import OuterRef, QuerySet, Subquery
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.models import User
from accounts.sessions import signed_in
from accounts.statements import Prepared
from courses.models import Enrollment, Lesson
from courses.models.lesson import LessonQuerySet
from quizzes import grading, pages, results, taking
from quizzes.forms import SaveForm
from quizzes.models import Answer, Attempt, Quiz
from quizzes.models.attempt import AttemptQuerySet
from quizzes.refusals import explain_refusals, wants_json

READ_AND_WRITE = ["GET", "HEAD", "POST"]


@require_http_methods(READ_AND_WRITE)
@explain_refusals
def start(request: HttpRequest, course: str, lesson: str) -> HttpResponse:
    """Start the quiz, or go on with the open attempt. GET, which one gets after signing in again, shows the intro."""
    quiz = get_object_or_404(
        Quiz.objects.select_related("lesson__course"), lesson__in=_quiz_lessons(request, course, lesson)
    )
    enrollments = Enrollment.objects.current().filter(user=request.user.pk).select_related("path")
    enrollment = get_object_or_404(enrollments, course=quiz.lesson.course_id)
    if request.method != "POST" or enrollment.waits_for(quiz.lesson):
        return redirect(quiz.lesson)  # its page says what it waits for
    attempt = taking.start(enrollment, quiz)
    attempt.quiz = quiz
    return redirect(attempt)


@require_http_methods(["GET", "HEAD"])
def attempt(request: HttpRequest, course: str, lesson: str, number: int) -> HttpResponse:
    """The result; of an open attempt, the question where the person was."""
    attempt = _attempt(request, course, lesson, number)
    if attempt.is_open:
        return redirect(attempt.get_question_url(_resume_at(attempt)))
    result = results.of(attempt, signed_in(request))
    looks = attempt.inspections.select_related("by")
    return render(request, "quizzes/result.html", {"result": result, "looks": looks, **pages.frame(attempt)})


@require_http_methods(READ_AND_WRITE)
@explain_refusals
def question(request: HttpRequest, course: str, lesson: str, number: int, position: int) -> HttpResponse:
    """One question: shown with what was saved, or saved. With `Accept: application/json` saving answers in JSON."""
    if request.method == "POST":
        return _save(request, _attempt(request, course, lesson, number), position)
    attempt = _attempt(request, course, lesson, number)
    if not attempt.is_open:
        return redirect(attempt)
    taking.refuse_past_cut_off(attempt)
    answers: list[Answer] = answers_of(attempt=attempt.pk)
    if not 1 <= position <= len(answers):
        raise Http404
    return render(request, "quizzes/question.html", {**pages.question(answers, position), **pages.frame(attempt)})


@require_http_methods(READ_AND_WRITE)
@explain_refusals
def close(request: HttpRequest, course: str, lesson: str, number: int) -> HttpResponse:
    """What is unanswered, and the button that closes; POST grades. A closed attempt shows its result, however often."""
    attempt = _attempt(request, course, lesson, number)
    if request.method == "POST":
        taking.close(attempt)
    if request.method == "POST" or not attempt.is_open:
        return redirect(attempt)
    taking.refuse_past_cut_off(attempt)
    answers = list(attempt.answers.only("attempt_id", "position", "response", "marked"))
    return render(request, "quizzes/close.html", {**pages.closing(answers), **pages.frame(attempt)})


def _save(request: HttpRequest, attempt: Attempt, position: int) -> HttpResponse:
    form = SaveForm(request.POST, last=attempt.last_position)  # type: ignore[attr-defined]  # of own_attempt
    if not form.is_valid():
        raise grading.BadResponse
    try:
        saved = taking.save_form(attempt, position, dict(request.POST.lists()), form.cleaned_data["marked"])
    except Answer.DoesNotExist as error:
        raise Http404 from error
    return after_saving(request, attempt, saved, form)


def after_saving(request: HttpRequest, attempt: Attempt, saved: Answer, form: SaveForm) -> HttpResponse:
    """The word for the script that saved, or the way to where the person's button leads."""
    if wants_json(request):
        return JsonResponse({"saved": True, "at": timezone.localtime(saved.saved_at).isoformat(timespec="seconds")})
    onward = form.position_after(saved.position)
    return redirect(attempt.get_question_url(onward) if onward else attempt.get_close_url())


def _quiz_lessons(request: HttpRequest, course: str, lesson: str) -> LessonQuerySet:
    quizzes = Lesson.objects.visible_to(request.user).filter(kind=Lesson.Kind.QUIZ)
    return quizzes.filter(course__key=course, slug=lesson)


def _attempt(request: HttpRequest, course: str, lesson: str, number: int) -> Attempt:
    """The person's own attempt of this number with its `last_position` and what its pages show; one query, or 404."""
    found = own_attempt(user=request.user.pk or 0, course=course, lesson=lesson, number=number)
    if not found:
        raise Http404
    attempt: Attempt = found[0]
    return attempt


@Prepared
def own_attempt(user: int, course: str, lesson: str, number: int) -> AttemptQuerySet:
    attempts = Attempt.objects.of(User(pk=user)).reachable().order_by()
    own = attempts.filter(number=number, quiz__lesson__slug=lesson, quiz__lesson__course__key=course)
    last = Answer.objects.filter(attempt=OuterRef("pk")).order_by("-position").values("position")[:1]
    lesson_parts = ("course", "module__course", "published_revision")
    return own.annotate(last_position=Subquery(last)).select_related(
        "enrollment", *(f"quiz__lesson__{part}" for part in lesson_parts)
    )


@Prepared
def answers_of(attempt: int) -> QuerySet[Answer]:
    return Answer.objects.filter(attempt=attempt).order_by("position")


def _resume_at(attempt: Attempt) -> int:
    """The first question without an answer; if all have one, the one that was saved last."""
    if position := taking.first_unanswered(attempt):
        return position
    last = attempt.answers.order_by("-saved_at", "-position").values_list("position", flat=True).first()
    return last or 1
