"""HR lets somebody try a final sooner, or sets or lifts a limit: facts with a name and a reason, never changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.fields import offer
from accounts.models import User
from accounts.sessions import signed_in
from courses.models import Enrollment
from notices.admin import StaffAdmin
from quizzes import retakes
from quizzes.models import Quiz, RetakeChange

if TYPE_CHECKING:
    RetakeModelForm = forms.ModelForm[RetakeChange]
    QuizField = forms.ModelChoiceField[Quiz]
else:
    RetakeModelForm, QuizField = forms.ModelForm, forms.ModelChoiceField


class FinalField(QuizField):
    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.lesson.course.title}: {obj.lesson.title}"


def finals() -> Any:
    return Quiz.objects.filter(is_final=True).select_related("lesson__course", "lesson__published_revision")


class RetakeForm(RetakeModelForm):
    """Whom, at which final, and what is allowed; the wait is over at the moment this is saved."""

    person = forms.CharField(
        label=gettext_lazy("Person"), max_length=254, help_text=gettext_lazy("E-mail address or staff number.")
    )
    quiz = FinalField(Quiz.objects.none(), label=gettext_lazy("Final"))
    now = forms.BooleanField(
        label=gettext_lazy("May try again now"),
        required=False,
        help_text=gettext_lazy("Otherwise 24 hours lie between two attempts."),
    )
    limit = forms.IntegerField(
        label=gettext_lazy("Attempts in all"),
        required=False,
        min_value=0,
        max_value=100,
        help_text=gettext_lazy("Empty changes nothing; 0 lifts a limit. Without one, a final never locks."),
    )

    class Meta:
        model = RetakeChange
        fields = ("quiz", "limit", "reason")
        widgets = {"reason": forms.TextInput()}

    field_order = ("person", "quiz", "now", "limit", "reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        found = finals()
        offer(self, "quiz", found)
        if len(found) == 1:
            self.fields["quiz"].initial = found[0]

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if data.get("limit") is None and not data.get("now"):
            self.add_error(None, _("Say what changes: they may try again now, or how many attempts they have in all."))
        if data.get("person") and data.get("quiz"):
            self.find(data["person"].strip(), data["quiz"])
        if data.get("now"):
            self.instance.may_start_at = timezone.now()
        return data

    def find(self, name: str, quiz: Quiz) -> None:
        people = User.objects.with_sign_in_name(name)
        enrollments = Enrollment.objects.current().filter(course=quiz.lesson.course_id)
        enrollment = enrollments.filter(user__in=people).first()
        if enrollment is None:
            self.add_error("person", _("Nobody with this address or number takes the course of this final."))
        else:
            self.instance.enrollment = enrollment


@admin.register(RetakeChange)
class RetakeChangeAdmin(StaffAdmin):
    form = RetakeForm
    list_display = ("person", "allowed", "reason", "by_whom", "at")
    list_display_links = None
    list_title = gettext_lazy("Further attempts at a final")
    list_intro = gettext_lazy("Who may try sooner than after 24 hours, or has a limit; who said so, and why.")
    add_title = gettext_lazy("Let somebody try again")
    save_label = gettext_lazy("Save this for good")
    readonly_fields = ("person", "allowed", "reason", "by_whom", "at")
    search_fields = ("enrollment__user__name", "enrollment__user__email", "enrollment__user__staff_number")
    search_help_text = gettext_lazy("Name, e-mail or staff number")
    list_select_related = ("enrollment__user", "by")
    ordering = ("-at", "-pk")
    sortable_by = ()

    def get_fields(self, request: HttpRequest, obj: RetakeChange | None = None) -> Any:
        return self.readonly_fields if obj else RetakeForm.field_order

    def get_readonly_fields(self, request: HttpRequest, obj: RetakeChange | None = None) -> Any:
        return self.readonly_fields if obj else ()

    def heading(self, obj: Any) -> str:
        return str(obj.enrollment.user.name)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # a fact

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description=gettext_lazy("person"))
    def person(self, change: RetakeChange) -> str:
        return change.enrollment.user.name

    @admin.display(description=gettext_lazy("what was allowed"))
    def allowed(self, change: RetakeChange) -> str:
        said = [_("May try again now")] if change.may_start_at else []
        if change.limit is not None:
            said.append(_("%(n)d attempts in all") % {"n": change.limit} if change.limit else _("No limit"))
        return ", ".join(said)

    @admin.display(description=gettext_lazy("by"))
    def by_whom(self, change: RetakeChange) -> str:
        return change.by.name

    def save_model(self, request: HttpRequest, obj: RetakeChange, form: RetakeForm, change: bool) -> None:
        obj.by = signed_in(request)
        super().save_model(request, obj, form, change)
        if obj.may_start_at and obj.enrollment.attempts.filter(quiz=obj.quiz).open().exists():
            messages.warning(request, _("An attempt is under way; this shortens no wait that comes after it."))
        rule = retakes.of(obj.enrollment, obj.quiz)
        if rule.none_left:
            messages.warning(request, _("With this limit they have no attempt left."))
