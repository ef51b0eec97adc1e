"""What editors asked to publish and a second person confirms: the list, and the page with the difference."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import audit
from accounts.sessions import signed_in
from courses import publishing, second_person
from courses.models import LessonRevision, PublishRequest
from desk.differences import differences
from notices.admin import StaffAdmin, state_chip

Answer = PublishRequest.Answer


class AnswerForm(forms.Form):
    """Yes, or no with a reason, or one's own request taken back."""

    answer = forms.ChoiceField(choices=Answer.choices, widget=forms.HiddenInput)
    reason = forms.CharField(
        label=gettext_lazy("Why not"),
        max_length=300,
        required=False,
        help_text=gettext_lazy("For whoever asked; needed only if you decline."),
    )

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if data.get("answer") == Answer.DECLINED and not data.get("reason"):
            self.add_error("reason", _("Say why, so that whoever asked knows what to change."))
        return data


class StateFilter(admin.SimpleListFilter):
    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("waiting", _("Waiting")), *((one.value, str(one.label)) for one in Answer)]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() == "waiting":
            return queryset.waiting()
        return queryset.filter(answer=self.value()) if self.value() in Answer.values else queryset


def state_of(asked: PublishRequest, is_waiting: bool) -> str:
    if asked.answer:
        states = {Answer.CONFIRMED: "complete", Answer.DECLINED: "overdue", Answer.WITHDRAWN: "retired"}
        return state_chip(states[Answer(asked.answer)], str(asked.get_answer_display()))
    return state_chip("due-soon", _("Waiting")) if is_waiting else state_chip("retired", _("Void"))


@admin.register(PublishRequest)
class PublishRequestAdmin(StaffAdmin):
    list_display = ("title", "effect_said", "people", "asked_by", "asked_at", "state")
    list_filter = (StateFilter,)
    search_fields = ("revision__title", "asked_by__name")
    search_help_text = gettext_lazy("Title of the lesson, or who asked")
    list_select_related = ("revision__lesson", "asked_by")
    ordering = ("-asked_at", "-pk")
    sortable_by = ()
    list_title = gettext_lazy("What waits for a second person")
    list_intro = gettext_lazy(
        "An announcement or a redo that touches more than 50 people is published once somebody else has confirmed it."
    )

    def get_queryset(self, request: HttpRequest) -> Any:
        return (
            super().get_queryset(request).select_related("revision__lesson__course", "base", "asked_by", "answered_by")
        )

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        changelist = super().get_changelist_instance(request)
        shown = [asked.pk for asked in changelist.result_list]
        waiting = set(PublishRequest.objects.waiting().filter(pk__in=shown).values_list("pk", flat=True))
        for asked in changelist.result_list:
            asked.waits = asked.pk in waiting
        return changelist

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # a request is made on the page of its lesson

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description=gettext_lazy("lesson"))
    def title(self, asked: PublishRequest) -> str:
        return asked.revision.title

    @admin.display(description=gettext_lazy("effect"))
    def effect_said(self, asked: PublishRequest) -> str:
        return _("Do it again") if asked.effect == LessonRevision.Effect.REDO else _("Announce")

    @admin.display(description=gettext_lazy("state"))
    def state(self, asked: Any) -> str:
        return state_of(asked, asked.waits)

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        """The difference, the people, and the answer."""
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        asked = self.get_object(request, object_id)
        if asked is None:
            raise Http404
        if request.method == "POST" and not (self.is_own(request, asked) or self.has_change_permission(request, asked)):
            raise PermissionDenied
        form = AnswerForm(request.POST or None)
        if request.method == "POST" and form.is_valid() and self.answer(request, asked, form):
            return HttpResponseRedirect(self.url("change", asked.pk))
        return self.show(request, asked, form)

    def is_own(self, request: HttpRequest, asked: PublishRequest) -> bool:
        return asked.asked_by_id == request.user.pk

    def show(self, request: HttpRequest, asked: PublishRequest, form: AnswerForm) -> HttpResponse:
        mine = self.is_own(request, asked)
        is_waiting = asked.is_waiting
        context = {
            "asked": asked,
            "lesson": asked.lesson,
            "effect": self.effect_said(asked),
            "state": state_of(asked, is_waiting),
            "is_waiting": is_waiting,
            "counts": publishing.head_counts(asked.lesson),
            "rows": differences(asked.base, asked.revision),
            "form": form,
            "may_answer": is_waiting and not mine and self.has_change_permission(request, asked),
            "may_withdraw": is_waiting and mine,
            "edits": request.user.has_perm("courses.change_lesson"),
        }
        title = _("Publish “%(title)s”?") % {"title": asked.revision.title}
        return self.page(request, "desk/request.html", title, None, **context)

    def answer(self, request: HttpRequest, asked: PublishRequest, form: AnswerForm) -> bool:
        """Do what was answered; False, with the reason in the form, if that cannot be."""
        answer, by = Answer(form.cleaned_data["answer"]), signed_in(request)
        if answer == Answer.WITHDRAWN and not self.is_own(request, asked):
            raise PermissionDenied
        try:
            if answer == Answer.CONFIRMED:
                second_person.confirm(asked, by)
            elif answer == Answer.DECLINED:
                second_person.decline(asked, by, form.cleaned_data["reason"])
            else:
                second_person.withdraw(asked, by)
        except ValidationError as error:
            form.add_error(None, error)
            asked.refresh_from_db()
            return False
        self.log_change(request, asked, f"Request to publish: {answer.value}")
        audit.record(by, asked.lesson, f"Request to publish revision {asked.revision.number}: {answer.value}")
        said = {
            Answer.CONFIRMED: _("Confirmed and published. Learners see the text from now on."),
            Answer.DECLINED: _("Declined. Learners see what they saw."),
            Answer.WITHDRAWN: _("Withdrawn. Learners see what they saw."),
        }
        messages.success(request, said[answer])
        return True
