"""The page on which a draft is published: the difference, the checks, the people, then the effect."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.sessions import signed_in
from courses import publishing, second_person
from courses.models import Lesson, LessonRevision, PublishRequest
from desk import lesson_checks
from desk.differences import differences
from desk.lesson_forms import PublishForm
from notices.admin import StaffAdmin


class PublishPages(StaffAdmin):
    """For LessonAdmin: publish now, or ask a second person where it reaches many."""

    def publish(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show who it reaches and what changes; on POST, publish or ask."""
        lesson = self.get_to_change(request, pk)
        form = PublishForm(lesson, request.POST or None, initial={"revision": lesson.draft})
        if request.method == "POST" and form.is_valid() and (place := self.publish_or_ask(request, lesson, form)):
            return HttpResponseRedirect(place)
        return self.page(request, "desk/publish.html", _("Publish"), lesson, **shown_before(lesson), form=form)

    def publish_or_ask(self, request: HttpRequest, lesson: Lesson, form: PublishForm) -> str:
        """Do what the form says, and say where to go then; empty if it could not be done."""
        revision, effect = form.cleaned_data["revision"], form.chosen_effect
        if revision.published_at is None and second_person.is_needed(lesson, effect):
            due = form.cleaned_data.get("redo_due_on")
            asked = second_person.ask(revision, effect, by=signed_in(request), redo_due_on=due)
            self.log_change(request, lesson, f"Asked to publish revision {revision.number}: {effect.value}")
            messages.success(request, _("Asked. Learners see it once somebody else has confirmed it."))
            return reverse("admin:courses_publishrequest_change", args=[asked.pk])
        return self.url("change", lesson.pk) if self.publish_now(request, lesson, form) else ""

    def publish_now(self, request: HttpRequest, lesson: Lesson, form: PublishForm) -> bool:
        """Publish what the form says; True if that is done, now or by an earlier click."""
        revision = form.cleaned_data["revision"]
        if revision.published_at is not None and lesson.published_revision_id:
            messages.info(request, _("This text is published already."))
            return True
        if revision.published_at is not None:  # it was taken away, and comes back as it was
            revision = copy_of(revision, signed_in(request))
        try:
            publishing.publish(
                revision,
                form.chosen_effect,
                by=signed_in(request),
                redo_due_on=form.cleaned_data.get("redo_due_on"),
                ask_people_under_way=form.cleaned_data.get("ask_people_under_way", False),
            )
        except ValidationError as error:
            form.add_error(None, error)
            return False
        self.log_change(request, lesson, f"Published revision {revision.number}: {form.chosen_effect.value}")
        messages.success(request, published(lesson))
        return True


def shown_before(lesson: Lesson) -> dict[str, Any]:
    """What an editor sees before publishing: the people, the difference, the checks, a request that waits."""
    now, draft = lesson.published_revision, lesson.draft
    return {
        "lesson": lesson,
        "draft": draft,
        "counts": publishing.head_counts(lesson),
        "nothing_new": draft is None or draft.pk == lesson.published_revision_id,
        "rows": differences(now, draft) if draft else [],
        "figures": lesson_checks.figures(draft) if draft else None,
        "problems": lesson_checks.problems(draft) if draft else [],
        "request_waiting": PublishRequest.objects.waiting().filter(revision__lesson=lesson).first(),
        "alone": second_person.ALONE,
    }


def copy_of(revision: LessonRevision, by: User, note: str = "") -> LessonRevision:
    """The same text as the newest revision; a revision is published once."""
    names = ("title", "body", "takeaway", "minutes", "objectives", "sources", "note")
    content = {name: getattr(revision, name) for name in names}
    return revision.lesson.add_revision(by=by, **{**content, "note": note or revision.note})


def published(lesson: Lesson) -> str:
    """What publishing came to; a module in preparation shows none of its lessons."""
    if lesson.module.is_ready:
        return _("Published. Learners see this text from now on.")
    text = _("Published. Learners see it as soon as its module “%(module)s” is open to them.")
    return text % {"module": lesson.module.title}
