"""The learner's pages. Each view: fetch with permission, form, act, respond."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from courses import progress
from courses.models import Course, Enrollment, Lesson
from courses.models.course import edits_courses
from learn import home as home_page
from learn import lesson_page
from learn.course_map import course_map
from learn.forms import CheckForm, CompleteForm
from quizzes import checks


@login_not_required
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated:
        return render(request, "learn/my_learning.html", home_page.my_learning(request.user))
    return render(request, "learn/public_home.html", home_page.public_home())


@require_safe
def outline(request: HttpRequest, course: str) -> HttpResponse:
    found = get_object_or_404(Course.objects.visible_to(request.user), key=course)
    enrollment = home_page.own_enrollments(request.user).filter(course=found).first()
    return render(
        request,
        "learn/outline.html",
        {"course": found, "map": course_map(request.user, found, enrollment), "enrollment": enrollment},
    )


@require_safe
def module(request: HttpRequest, course: str, module: str) -> HttpResponse:
    """The warm moment after the last required lesson of a module; until then the outline says where one is."""
    found = get_object_or_404(Course.objects.visible_to(request.user), key=course)
    enrollment = home_page.own_enrollments(request.user).filter(course=found).first()
    seen = course_map(request.user, found, enrollment)
    row = next((row for row in seen.modules if row.module.key == module), None)
    if row is None:
        raise Http404
    if enrollment is None or not row.is_complete:
        return redirect(f"{found.get_absolute_url()}#{row.module.key}")
    return render(
        request,
        "learn/module_complete.html",
        {"course": found, "map": seen, "row": row, "enrollment": enrollment, "next": seen.next},
    )


@login_not_required
@require_safe
def lesson(request: HttpRequest, course: str, lesson: str) -> HttpResponse:
    enrollment = lesson_page.enrollment_of(request.user, course)
    found = lesson_page.find_lesson(request.user, course, slug=lesson)
    if found is None:
        return moved(request, course, lesson)
    return show(request, found, enrollment)


def moved(request: HttpRequest, course: str, key: str) -> HttpResponse:
    """To the lesson with this key, whose address has changed; to sign-in for strangers, so that they learn nothing."""
    found = lesson_page.find_lesson(request.user, course, key=key)
    if found:
        return redirect(found)
    if not request.user.is_authenticated:
        return redirect(f"{reverse('accounts:sign_in')}?next={request.path}")
    raise Http404


def show(
    request: HttpRequest,
    lesson: Lesson,
    enrollment: Enrollment | None,
    form: CheckForm | None = None,
    given: Any = None,
) -> HttpResponse:
    """The page of a lesson; with `given`, the answer that is explained here and stored nowhere."""
    if before := lesson_page.waits_for(enrollment, lesson):
        return render(request, "learn/locked.html", {"lesson": lesson, "course": lesson.course, "before": before})
    place = lesson_page.place_of(lesson, enrollment)
    records = enrollment is not None and enrollment.is_open()
    context: dict[str, Any] = {
        "course": lesson.course,
        "lesson": lesson,
        "revision": lesson.published_revision,
        "enrollment": enrollment,
        "records": records,
        "knows_course": enrollment is not None or edits_courses(request.user),
        "place": place,
        "here": place.here,
        "changed": lesson_page.is_changed(lesson, place.here),
        "body": lesson_page.body_of(lesson),
        "form": form,
    }
    if lesson.kind == Lesson.Kind.READING:
        stored = enrollment is not None and given is None
        context["check"] = lesson_page.check_of(request.user, lesson, stored, form, given)
    if lesson.kind == Lesson.Kind.QUIZ:
        context["quiz"] = lesson_page.quiz_of(lesson, enrollment)
    return render(request, "learn/lesson.html", context)


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def check(request: HttpRequest, course: str, lesson: str) -> HttpResponse:
    if request.method != "POST":  # after signing in again
        return redirect("learn:lesson", course, lesson)
    enrollment = lesson_page.enrollment_of(request.user, course)
    found = lesson_page.find_lesson(request.user, course, slug=lesson, kind=Lesson.Kind.READING)
    question = checks.question_of(found) if found else None
    if found is None or question is None:
        raise Http404
    if lesson_page.waits_for(enrollment, found):
        return redirect(found)
    form = CheckForm(question, request.POST)
    if not form.is_valid():
        return show(request, found, enrollment, form)
    if enrollment and enrollment.is_open():
        checks.save(enrollment.user, found, form.given)
        return redirect(f"{found.get_absolute_url()}#check")
    return show(request, found, enrollment, form, form.response)


@require_http_methods(["GET", "HEAD", "POST"])
def complete(request: HttpRequest, course: str, lesson: str) -> HttpResponse:
    if request.method != "POST":  # after signing in again
        return redirect("learn:lesson", course, lesson)
    enrollment = lesson_page.enrollment_of(request.user, course)
    found = lesson_page.find_lesson(request.user, course, slug=lesson, kind=Lesson.Kind.READING)
    if found is None or enrollment is None:
        raise Http404
    if lesson_page.waits_for(enrollment, found):
        return redirect(found)
    try:
        outcome = record(enrollment, found, CompleteForm(request.POST))
    except checks.CheckUnanswered:
        messages.warning(request, _("One thing first: answer the check question. Right or wrong, it lets you go on."))
        return redirect(f"{found.get_absolute_url()}#check")
    except progress.Closed:
        messages.warning(request, _("This course is closed for you: you can read on, but nothing more is recorded."))
        return redirect(found)
    except progress.Outdated:
        messages.warning(
            request, _("This lesson changed while it was open. Please read it as it is now, then press Continue again.")
        )
        return redirect(found)
    return redirect(after(enrollment, found, outcome))


def record(enrollment: Enrollment, lesson: Lesson, form: CompleteForm) -> progress.Outcome:
    """Complete the reading as it stood in the revision that was on the page. Raises what `complete_reading` raises."""
    revision = lesson.revisions.filter(pk=form.cleaned_data["revision"]).first() if form.is_valid() else None
    if revision is None:
        raise progress.Outdated
    return checks.complete_reading(enrollment, lesson, revision)


def after(enrollment: Enrollment, lesson: Lesson, outcome: progress.Outcome) -> str:
    """Where Continue leads: to the next lesson, and once to the page that says the module is complete."""
    place = lesson_page.place_of(lesson, enrollment)
    required = [row for row in place.lessons if row.is_required]
    if outcome.course_completed or (outcome.new and required and all(row.is_complete for row in required)):
        return lesson.module.get_absolute_url()
    step = place.here.step if place.here else None
    following = place.next or (lesson_page.first_beyond(lesson, enrollment, step) if step is not None else None)
    return following.url if following else lesson.course.get_absolute_url()


@require_safe
def what_manager_sees(request: HttpRequest) -> HttpResponse:
    return render(request, "learn/what_manager_sees.html", home_page.manager_view(request.user))
