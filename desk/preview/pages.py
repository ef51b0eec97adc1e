"""The course as a learner walks through it, for editors: the learner's own pages of a walk that records nothing.

Below /admin/preview/ stand the addresses of learn and quizzes; while one of these pages is made, whatever leads to a
page of the course leads to its preview (addresses.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import get_urlconf, reverse, set_urlconf
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from accounts.fields import offer
from accounts.sessions import signed_in
from courses.models import Completion, Course, Lesson, LessonRevision
from courses.models.course import edits_courses
from desk.preview.attempts import Sitting, Sittings
from desk.preview.walk import Walk, paths_of
from learn import lesson_page
from learn.forms import CheckForm
from quizzes import grading, taking
from quizzes import pages as quiz_pages
from quizzes.forms import SaveForm
from quizzes.models import Quiz
from quizzes.refusals import explain_refusals
from quizzes.views import after_saving

View = Callable[..., HttpResponse]
Ways = list[tuple[str, str]]
ADDRESSES = "desk.preview.addresses"
READ_AND_WRITE = ["GET", "HEAD", "POST"]


@contextmanager
def preview_addresses() -> Iterator[None]:
    """Meanwhile, addresses of the course are those of its preview."""
    before = get_urlconf()
    set_urlconf(ADDRESSES)
    try:
        yield
    finally:
        set_urlconf(before)


def for_editors(view: View) -> View:
    """A page of the preview."""

    @wraps(view)
    def guarded(request: HttpRequest, **address: Any) -> HttpResponse:
        if not edits_courses(request.user):
            raise PermissionDenied
        with preview_addresses():
            return view(request, **address)

    return guarded


def walk_in(request: HttpRequest, course: str) -> Walk:
    found = get_object_or_404(Course.objects.visible_to(request.user), key=course)
    return Walk.of(signed_in(request), request.session, found)


def find(walk: Walk, slug: str, kind: str | None = None) -> Lesson:
    lesson = walk.lesson(slug=slug, **({"kind": kind} if kind else {}))
    if lesson is None:
        raise Http404
    return lesson


class WalkForm(forms.Form):
    """What the bar above each page asks: which path, which texts."""

    path = forms.ChoiceField(label=gettext_lazy("Path"))
    texts = forms.ChoiceField(
        label=gettext_lazy("Texts"),
        choices=[("drafts", gettext_lazy("Drafts included")), ("published", gettext_lazy("Only what is published"))],
    )

    def __init__(self, walk: Walk, data: Any = None) -> None:
        start = {"path": str(walk.path.pk), "texts": "drafts" if walk.drafts else "published"}
        super().__init__(data, initial=start, prefix="walk")
        self.paths = {str(path.pk): path for path in paths_of(walk.course)}
        offer(self, "path", [(pk, path.title) for pk, path in self.paths.items()])
        for field in self.fields.values():
            field.widget.attrs["class"] = "form-select"


def show(
    request: HttpRequest,
    walk: Walk,
    template: str,
    context: dict[str, Any],
    lesson: Lesson | None = None,
    ways: Ways | None = None,
    **said: Any,
) -> HttpResponse:
    """A learner's page, with the bar of the preview above it; `ways` lead from it to what can be edited."""
    home = (_("Course home"), reverse("admin:courses_course_home", args=[walk.course.pk]))
    edit = [(_("Edit this lesson"), reverse("admin:courses_lesson_change", args=[lesson.pk]))] if lesson else []
    bar = {"walk": walk, "asks": WalkForm(walk), "lesson": lesson, "ways": [*(ways or []), *edit, home], **said}
    ribbon = render_to_string("desk/preview_bar.html", bar, request)
    return render(request, template, {**context, "ribbon": ribbon})


# --- The course ------------------------------------------------------------------------------------------------------


@for_editors
@require_http_methods(READ_AND_WRITE)
def outline(request: HttpRequest, course: str) -> HttpResponse:
    walk = walk_in(request, course)
    if request.method == "POST":
        return turn(request, walk)
    context = {"course": walk.course, "map": walk.map, "enrollment": walk.enrollment}
    return show(request, walk, "learn/outline.html", context)


def turn(request: HttpRequest, walk: Walk) -> HttpResponse:
    """Take another path or other texts, start over, or skip what a lesson waits for; then go on where one was."""
    lesson = walk.lesson(slug=request.POST.get("lesson", ""))
    form, do = WalkForm(walk, request.POST), request.POST.get("do")
    if do == "again":
        walk.start_over()
    elif do == "skip" and lesson:
        walk.skip_to(lesson)
    elif form.is_valid():
        walk.path, walk.drafts = form.paths[form.cleaned_data["path"]], form.cleaned_data["texts"] == "drafts"
        walk.save()
    else:
        messages.warning(request, _("Nothing was changed: choose a path and the texts from the lists, then “Show”."))
    again = walk.lesson(slug=lesson.slug) if lesson else None
    if lesson and again is None:
        messages.info(request, _("“%(title)s” is not published, so its place is not shown.") % {"title": lesson.title})
    return redirect(again or walk.course)


@for_editors
@require_safe
def module(request: HttpRequest, course: str, module: str) -> HttpResponse:
    walk = walk_in(request, course)
    page = walk.map.page_of_module(module)
    if page is None:
        raise Http404
    pk = page[1]["row"].module.pk
    ways = [(_("Edit this module"), reverse("admin:courses_module_change", args=[pk]))]
    return show(request, walk, *page, ways=ways)


# --- A lesson --------------------------------------------------------------------------------------------------------


@for_editors
@require_safe
def lesson(request: HttpRequest, course: str, lesson: str) -> HttpResponse:
    walk = walk_in(request, course)
    found = walk.lesson(slug=lesson)
    if found is None:
        by_key = walk.lesson(key=lesson)  # as links in a text name it
        if by_key is None:
            raise Http404
        return redirect(by_key)
    return open_lesson(request, walk, found)


def open_lesson(request: HttpRequest, walk: Walk, lesson: Lesson, form: CheckForm | None = None) -> HttpResponse:
    """The page of a lesson, or what it waits for on a path in order."""
    if before := walk.waits_for(lesson):
        context = {"lesson": lesson, "course": walk.course, "before": before}
        return show(request, walk, "learn/locked.html", context, lesson, is_locked=True)
    return show_lesson(request, walk, lesson, form)


def show_lesson(
    request: HttpRequest, walk: Walk, lesson: Lesson, form: CheckForm | None = None, **said: Any
) -> HttpResponse:
    more: dict[str, Any] = {"knows_course": True, "changed": False}
    ways: Ways = []
    if lesson.kind == Lesson.Kind.READING and (check := walk.check_of(lesson, form)):
        more["check"] = check
        ways.append((_("Edit its check question"), question_url(check.revision.question_id)))
    if lesson.kind == Lesson.Kind.QUIZ:
        quiz = Quiz.objects.filter(lesson=lesson).first()
        more["quiz"] = quiz_of(walk, quiz, lesson) if quiz else {"questions": 0}
        ways += [(_("Edit its questions"), reverse("admin:quizzes_quiz_change", args=[quiz.pk]))] if quiz else []
    context = lesson_page.shown(lesson, walk.enrollment, walk.place_of(lesson), form, **more)
    return show(request, walk, "learn/lesson.html", context, lesson, ways, **said)


def question_url(pk: int) -> str:
    return reverse("admin:quizzes_question_change", args=[pk])


def quiz_of(walk: Walk, quiz: Quiz, lesson: Lesson) -> dict[str, Any]:
    """As learn.lesson_page.quiz_of."""
    sittings = Sittings.of(walk, quiz, lesson)
    under_way = sittings.under_way
    goes_on = taking.first_open(under_way.answers) if under_way else None
    rules = lesson_page.rules_of(quiz, sittings.count())
    return {**rules, **lesson_page.attempts_in(sittings.attempts, goes_on), "retakes": sittings.retakes}


def show_text(request: HttpRequest, lesson: Lesson, text: LessonRevision | None) -> HttpResponse:
    """Any text of a lesson where it would stand, even one that is not saved, and whatever the lesson waits for."""
    with preview_addresses():
        walk = walk_in(request, lesson.course.key)
        lesson.module.course = lesson.course
        lesson.published_revision = text
        return show_lesson(request, walk, lesson, text=text, is_newest=text is not None and text == lesson.draft)


@for_editors
@require_http_methods(READ_AND_WRITE)
def check(request: HttpRequest, course: str, lesson: str) -> HttpResponse:
    """The answer to a check question; the first one stays, as for learners."""
    walk = walk_in(request, course)
    found = find(walk, lesson, Lesson.Kind.READING)
    shown = walk.check_of(found)
    if request.method != "POST" or walk.waits_for(found):
        return redirect(found)
    if shown is None:
        raise Http404
    if not shown.is_answered:
        form = CheckForm(shown.revision, request.POST)
        if not form.is_valid():
            return open_lesson(request, walk, found, form)
        walk.answer_check(found, shown.revision, form.response)
    return redirect(f"{found.get_absolute_url()}#check")


@for_editors
@require_http_methods(READ_AND_WRITE)
def complete(request: HttpRequest, course: str, lesson: str) -> HttpResponse:
    """Continue: on to the next lesson, by the page that says the module is complete if this was its last."""
    walk = walk_in(request, course)
    found = find(walk, lesson, Lesson.Kind.READING)
    if request.method != "POST" or walk.waits_for(found):
        return redirect(found)
    shown = walk.check_of(found)
    if shown and not shown.is_answered:
        messages.warning(request, lesson_page.CHECK_FIRST)
        return redirect(f"{found.get_absolute_url()}#check")
    is_new = walk.complete([found], Completion.How.READ)
    place = walk.place_of(found)
    if is_new and place.is_complete:
        return redirect(found.module)
    following = place.next or walk.beyond(place)
    return redirect(following.url if following else walk.course)


# --- A quiz ----------------------------------------------------------------------------------------------------------


def sittings_of(request: HttpRequest, course: str, lesson: str) -> Sittings:
    walk = walk_in(request, course)
    found = find(walk, lesson, Lesson.Kind.QUIZ)
    return Sittings.of(walk, get_object_or_404(Quiz, lesson=found), found)


def numbered(request: HttpRequest, course: str, lesson: str, number: int) -> tuple[Sittings, Sitting]:
    sittings = sittings_of(request, course, lesson)
    sitting = sittings.numbered(number)
    if sitting is None:
        raise Http404
    return sittings, sitting


def show_quiz(
    request: HttpRequest, sittings: Sittings, sitting: Sitting, template: str, context: dict[str, Any], ways: Ways
) -> HttpResponse:
    shown = {**context, **quiz_pages.frame(sitting.attempt)}
    return show(request, sittings.walk, f"quizzes/{template}.html", shown, sittings.quiz.lesson, ways)


@for_editors
@require_http_methods(READ_AND_WRITE)
@explain_refusals
def start(request: HttpRequest, course: str, lesson: str) -> HttpResponse:
    sittings = sittings_of(request, course, lesson)
    if request.method != "POST":
        return redirect(sittings.quiz.lesson)
    return redirect(sittings.start().attempt)


@for_editors
@require_safe
def attempt(request: HttpRequest, course: str, lesson: str, number: int) -> HttpResponse:
    """The result; of an open attempt, the first question without an answer."""
    sittings, sitting = numbered(request, course, lesson, number)
    if sitting.attempt.is_open:
        return redirect(sitting.attempt.get_question_url(taking.first_open(sitting.answers) or 1))
    ways = [(_("Edit its questions"), reverse("admin:quizzes_quiz_change", args=[sittings.quiz.pk]))]
    return show_quiz(request, sittings, sitting, "result", {"result": sittings.result(sitting)}, ways)


@for_editors
@require_http_methods(READ_AND_WRITE)
@explain_refusals
def question(request: HttpRequest, course: str, lesson: str, number: int, position: int) -> HttpResponse:
    sittings, sitting = numbered(request, course, lesson, number)
    if not 1 <= position <= len(sitting.answers):
        raise Http404
    if request.method == "POST":
        return answer(request, sittings, sitting, position)
    if not sitting.attempt.is_open:
        return redirect(sitting.attempt)
    ways = [(_("Edit this question"), question_url(sitting.answers[position - 1].question_revision.question_id))]
    return show_quiz(request, sittings, sitting, "question", quiz_pages.question(sitting.answers, position), ways)


def answer(request: HttpRequest, sittings: Sittings, sitting: Sitting, position: int) -> HttpResponse:
    """Keep what a browser sent, on the walk."""
    form = SaveForm(request.POST, last=len(sitting.answers))
    if not form.is_valid():
        raise grading.BadResponse
    if not sitting.attempt.is_open:
        raise taking.AlreadyClosed
    given = sitting.answers[position - 1]
    sent = grading.read(given.question_revision.type, dict(request.POST.lists()))
    taking.fill_in(given, sent, form.cleaned_data["marked"])
    sittings.save()
    return after_saving(request, sitting.attempt, given, form)


@for_editors
@require_http_methods(READ_AND_WRITE)
@explain_refusals
def close(request: HttpRequest, course: str, lesson: str, number: int) -> HttpResponse:
    sittings, sitting = numbered(request, course, lesson, number)
    if request.method == "POST":
        sittings.close(sitting)
    if request.method == "POST" or not sitting.attempt.is_open:
        return redirect(sitting.attempt)
    return show_quiz(request, sittings, sitting, "close", quiz_pages.closing(sitting.answers), [])
