"""What readers flagged as unclear or out of date: the list, and the page on which an editor resolves it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import F, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.sessions import signed_in
from courses import flagging
from courses.admin.content import CourseFilter
from courses.models import Flag, Lesson, Module
from notices.admin import ColumnFilter, StaffAdmin, Trail, state_chip

BESIDE = 20  # flags shown at a lesson; the list has them all


class ResolveForm(forms.Form):
    note = forms.CharField(
        label=gettext_lazy("What was done"),
        max_length=300,
        required=False,
        help_text=gettext_lazy("For your colleagues, such as “Said it in two sentences” or “It is still so”."),
    )


class StateFilter(admin.SimpleListFilter):
    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("open", _("Open")), ("resolved", _("Resolved"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        chosen = {"open": queryset.open, "resolved": queryset.resolved}.get(self.value() or "")
        return chosen() if chosen else queryset


class OfLessonCourse(CourseFilter):
    column = "revision__lesson__course"


class ModuleFilter(ColumnFilter):
    """The modules in which something is flagged."""

    title = gettext_lazy("module")
    parameter_name = "module"
    column = "revision__lesson__module"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        found = Module.objects.filter(lessons__revisions__flags__isnull=False).distinct()
        return [(str(module.pk), module.title) for module in found.order_by("course", "position")]


def state_of(flag: Flag) -> str:
    return state_chip("due-soon", _("Open")) if flag.is_open else state_chip("complete", _("Resolved"))


def open_at(lesson: Lesson) -> QuerySet[Flag]:
    """What is open at a lesson, in any of its texts, newest first."""
    return Flag.objects.open().filter(revision__lesson=lesson).select_related("revision", "user")


@admin.register(Flag)
class FlagAdmin(StaffAdmin):
    list_display = ("title", "kind", "start", "at", "state")
    list_filter = (StateFilter, OfLessonCourse, ModuleFilter)
    list_select_related = ("revision",)
    search_fields = ("comment", "revision__title")
    search_help_text = gettext_lazy("Words of the comment, or the lesson")
    ordering = (F("resolved_at").asc(nulls_first=True), "-at", "-pk")
    sortable_by = ()
    list_title = gettext_lazy("What readers flagged")
    list_intro = gettext_lazy(
        "Readers say on a lesson that something is unclear or out of date. They do it without their name, unless they "
        "let you ask."
    )

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("revision__lesson__course", "user", "resolved_by")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # readers do

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def trail(self, request: HttpRequest, obj: Any = None) -> Trail:
        return [(self.list_heading(), f"{self.url('changelist')}?state=open")]

    @admin.display(description=gettext_lazy("lesson"))
    def title(self, flag: Flag) -> str:
        return flag.revision.title

    @admin.display(description=gettext_lazy("comment"))
    def start(self, flag: Flag) -> str:
        return Truncator(flag.comment).chars(120) or "–"

    @admin.display(description=gettext_lazy("state"))
    def state(self, flag: Flag) -> str:
        return state_of(flag)

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        """What was said, about which text, and what became of it."""
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        flag = self.get_object(request, object_id)
        if flag is None:
            raise Http404
        form = ResolveForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            return self.answer(request, flag, form.cleaned_data["note"])
        context = {"flag": flag, "state": state_of(flag), "form": form, "lesson": flag.lesson}
        context["may_answer"] = self.has_change_permission(request, flag)
        return self.page(request, "desk/flag.html", self.heading(flag), trail=self.trail(request, flag), **context)

    def answer(self, request: HttpRequest, flag: Flag, note: str) -> HttpResponse:
        """Resolve it, or open it again; to where more are open at the same lesson, or to the list."""
        if not self.has_change_permission(request, flag):
            raise PermissionDenied
        if request.POST.get("do") == "reopen":
            flagging.reopen(flag, signed_in(request))
            messages.success(request, _("It is open again."))
            return HttpResponseRedirect(self.url("change", flag.pk))
        if flagging.resolve(flag, signed_in(request), note):
            messages.success(request, _("Resolved."))
        else:
            messages.info(request, _("A colleague resolved it before you did. Their note stays."))
        return HttpResponseRedirect(self.url("change", flag.pk))
