"""The very text that somebody completed a lesson with, for who must show it to an auditor."""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from accounts.models import User
from courses.models import Completion, Course, LessonRevision
from courses.models.course import edits_courses
from learn import lesson_text


def texts_for(user: User | AnonymousUser) -> QuerySet[LessonRevision]:
    """Editors read every text that was published, HR those that somebody completed a lesson with."""
    published = LessonRevision.objects.filter(published_at__isnull=False)
    if edits_courses(user):
        return published
    if not user.is_authenticated or not user.sees_everybody:
        return published.none()
    return published.filter(Exists(Completion.objects.filter(revision=OuterRef("pk"))))


@require_safe
def page(request: HttpRequest, revision: int) -> HttpResponse:
    """Pictures are for people on the course; others read what each shows."""
    texts = texts_for(request.user).select_related("lesson__course", "lesson__module")
    found = get_object_or_404(texts, pk=revision)
    course = found.lesson.course
    has_pictures = Course.objects.visible_to(request.user).filter(pk=course.pk).exists()
    body = lesson_text.html_of(course, found.body, has_pictures)
    context = {"revision": found, "lesson": found.lesson, "course": course, "body": body}
    return render(request, "learn/as_read.html", context)
