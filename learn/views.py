"""The learner's pages. Each view: fetch with permission, form, act, respond."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.links import session_ended, sign_in_first
from accounts.log import record as log
from accounts.sessions import signed_in
from accounts.throttling import Misses, count, seconds_until, wait_message
from courses import flagging, progress
from courses import search as lesson_search
from courses.models import Certificate, Course, Enrollment, Lesson
from courses.models.course import edits_courses
from courses.models.enrollment import clean_code
from learn import certificates, lesson_page, own_data, pdf
from learn import home as home_page
from learn.course_map import course_map
from learn.forms import CheckForm, CodeForm, CompleteForm, FlagForm, ShownForm
from learn.told import told_of
from quizzes import checks

logger = logging.getLogger("workshop.certificates")
FLAGS = 20  # in a quarter of an hour; who reads has no more to say


@login_not_required
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated:
        return render(request, "learn/my_learning.html", home_page.my_learning(request.user))
    return render(request, "learn/public_home.html", home_page.public_home())


@require_POST
def got_it(request: HttpRequest) -> HttpResponse:
    """What stood in the panel on My learning is read."""
    home_page.got_it(request.user, request.POST.getlist("news"))
    return redirect("learn:home")


@require_safe
def outline(request: HttpRequest, course: str) -> HttpResponse:
    found = get_object_or_404(Course.objects.visible_to(request.user), key=course)
    enrollment = home_page.own_enrollment(request.user, found)
    return render(
        request,
        "learn/outline.html",
        {
            "course": found,
            "map": course_map(request.user, found, enrollment),
            "enrollment": enrollment,
            "told": told_of([enrollment])[enrollment.pk] if enrollment else None,
        },
    )


@require_safe
def module(request: HttpRequest, course: str, module: str) -> HttpResponse:
    """All of one module; after its last required lesson it begins with the warm moment."""
    found = get_object_or_404(Course.objects.visible_to(request.user), key=course)
    enrollment = home_page.own_enrollment(request.user, found)
    page = course_map(request.user, found, enrollment).page_of_module(module)
    if page is None:
        raise Http404
    return render(request, *page)


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
        return sign_in_first(request)
    raise Http404


def show(
    request: HttpRequest,
    lesson: Lesson,
    enrollment: Enrollment | None,
    form: CheckForm | None = None,
    given: Any = None,
    flag: FlagForm | None = None,
) -> HttpResponse:
    """The page of a lesson; with `given`, the answer that is explained here and stored nowhere."""
    lesson.module.course = lesson.course  # the trail leads to the module, whose address names the course
    if before := lesson_page.waits_for(enrollment, lesson):
        return render(request, "learn/locked.html", {"lesson": lesson, "course": lesson.course, "before": before})
    place = lesson_page.place_of(lesson, enrollment)
    context = lesson_page.shown(
        lesson,
        enrollment,
        place,
        form or flag,
        knows_course=enrollment is not None or edits_courses(request.user),
        changed=lesson_page.is_changed(lesson, place.here),
        takes_flags=request.user.is_authenticated,
        flag=flag,
    )
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
    if session_ended(request) or (found is None and not request.user.is_authenticated):
        return sign_in_first(request)
    shown = ShownForm.revision_in(request.POST)
    question = checks.question_of(found, shown) if found else None
    if found is None or question is None:
        raise Http404
    if lesson_page.waits_for(enrollment, found):
        return redirect(found)
    form = CheckForm(question, request.POST)
    if not form.is_valid():
        return show(request, found, enrollment, form)
    if enrollment and enrollment.is_open():
        checks.save(enrollment.user, found, form.given, shown=shown)
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
        messages.warning(request, lesson_page.CHECK_FIRST)
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


@require_http_methods(["GET", "HEAD", "POST"])
def flag(request: HttpRequest, course: str, lesson: str) -> HttpResponse:
    """Somebody finds something unclear or out of date; editors read it at the lesson."""
    if request.method != "POST":  # after signing in again
        return redirect("learn:lesson", course, lesson)
    enrollment = lesson_page.enrollment_of(request.user, course)
    found = lesson_page.find_lesson(request.user, course, slug=lesson)
    if found is None:
        raise Http404
    if lesson_page.waits_for(enrollment, found):
        return redirect(found)
    form = FlagForm(found, request.POST)
    if form.is_valid() and (until := count("flag", str(request.user.pk), FLAGS)):
        form.add_error(None, wait_message(until))
    if not form.is_valid():
        return show(request, found, enrollment, flag=form)
    flagging.flag(signed_in(request), **form.cleaned_data)
    messages.success(request, _("Thank you. The editors of this course will look at it."))
    return redirect(found)


def record(enrollment: Enrollment, lesson: Lesson, form: CompleteForm) -> progress.Outcome:
    """Complete the reading as it stood in the revision that was on the page. Raises what `complete_reading` raises."""
    revision = lesson.revisions.filter(pk=form.cleaned_data["revision"]).first() if form.is_valid() else None
    if revision is None:
        raise progress.Outdated
    return checks.complete_reading(enrollment, lesson, revision)


def after(enrollment: Enrollment, lesson: Lesson, outcome: progress.Outcome) -> str:
    """Where Continue leads: to the next lesson, and once to the page that says the module is complete."""
    place = lesson_page.place_of(lesson, enrollment)
    if outcome.course_completed or (outcome.new and place.is_complete):
        return lesson.module.get_absolute_url()
    step = place.here.step if place.here else None
    following = place.next or (lesson_page.first_beyond(lesson, enrollment, step) if step is not None else None)
    return following.url if following else lesson.course.get_absolute_url()


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """Lessons found by words in them; whatever is asked has an answer."""
    query = request.GET.get("q", "")[: lesson_search.LONGEST_QUERY].strip()
    found = lesson_search.find(request.user, query)
    courses = [] if found.hits else Course.objects.visible_to(request.user)
    return render(request, "learn/search.html", {"query": query, "found": found, "courses": courses})


@require_safe
def what_manager_sees(request: HttpRequest) -> HttpResponse:
    return render(request, "learn/what_manager_sees.html", home_page.manager_view(request.user))


# --- Certificates ----------------------------------------------------------------------------------------------------


@require_safe
def certificate(request: HttpRequest, code: str) -> HttpResponse:
    found = get_object_or_404(Certificate.objects.of(request.user), code=code)
    return render(request, "learn/certificate.html", certificates.page_of(found))


@require_safe
def certificate_pdf(request: HttpRequest, code: str, paper: str) -> HttpResponse:
    found = get_object_or_404(Certificate.objects.of(request.user), code=code)
    if paper not in pdf.PAPERS:
        raise Http404
    try:
        content = pdf.pdf_of(found, paper)
    except pdf.Busy:
        return no_pdf(request, found, busy=True)
    except pdf.NotMade as error:
        logger.error("The PDF of certificate %s was not made: %s", found.pk, error)
        return no_pdf(request, found, busy=False)
    headers = {"Content-Disposition": content_disposition_header(True, pdf.file_name(found, paper))}
    return HttpResponse(content, content_type="application/pdf", headers=headers)


def no_pdf(request: HttpRequest, certificate: Certificate, busy: bool) -> HttpResponse:
    """The way to print without it; when another one is being made, the page asks again by itself."""
    context = {"certificate": certificate, "busy": busy}
    response = render(request, "learn/no_pdf.html", context, status=503)
    if busy:
        response["Retry-After"] = response["Refresh"] = "2"
    return response


@require_POST
def data(request: HttpRequest) -> FileResponse:
    """Everything that is kept about the person who asks, as a file."""
    person = signed_in(request)
    log("data_taken", request, person)
    return own_data.download(person)


@login_not_required
@require_safe
def find_certificate(request: HttpRequest) -> HttpResponse:
    form = CodeForm(request.GET if "code" in request.GET else None)
    if form.is_valid():
        return redirect("learn:check_certificate", form.cleaned_data["code"])
    return unlisted(render(request, "learn/find_certificate.html", {"form": form}))


@login_not_required
@require_safe
def check_certificate(request: HttpRequest, code: str) -> HttpResponse:
    """What the certificate with this code says, to anybody who has the code; nothing else of the person."""
    misses, clean = Misses("certificate", request), clean_code(code)
    if until := misses.shut_until():
        return too_many_misses(request, until)
    if clean and clean != code:
        return redirect("learn:check_certificate", clean)
    found = Certificate.objects.filter(code=clean or "").first()
    if found is None:
        misses.count()
        return unlisted(render(request, "learn/no_such_certificate.html", {"code": code[:80]}, status=404))
    if not found.is_valid:
        return unlisted(render(request, "learn/withdrawn_certificate.html", status=410))
    context = {"certificate": found, "words": certificates.words_of(found), "is_expired": found.is_expired()}
    return unlisted(render(request, "learn/checked_certificate.html", context))


def too_many_misses(request: HttpRequest, until: datetime) -> HttpResponse:
    log("certificate_check_shut", request)
    response = render(request, "learn/no_such_certificate.html", {"wait": wait_message(until)}, status=429)
    response["Retry-After"] = str(seconds_until(until))
    return unlisted(response)


def unlisted(response: HttpResponse) -> HttpResponse:
    """For those who have the code, and not for search engines."""
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response
