"""How every list and form of the staff pages behaves (StaffAdmin), and the pages of this room.

It is here because this is the lowest room: the admin pages of all others build on it.
"""

from __future__ import annotations

import logging
import re
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, models
from django.db.models import Value
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from notices.models import SENDER, Heartbeat, Notice

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
    StackedInline = admin.StackedInline[Any, Any]
else:
    ModelAdmin, StackedInline = admin.ModelAdmin, admin.StackedInline

Trail = list[tuple[str, str]]
UNSUBSCRIBE = re.compile(r"(/mail/)\S+")  # whoever has such an address can press its button


@lru_cache(maxsize=256)
def state_chip(state: str, label: str) -> SafeString:
    """A state as a word with its icon, for lists and for fields one only reads. There are few: they are remembered."""
    return render_to_string("parts/state.html", {"state": state, "label": label})


def native_widget(db_field: models.Field[Any, Any]) -> dict[str, Any]:
    """Dates as the browser's own field, which has a label and a calendar; anything else as Django does it."""
    if isinstance(db_field, models.DateField) and not isinstance(db_field, models.DateTimeField):
        return {"widget": DateInput()}
    if isinstance(db_field, models.TextField) and not db_field.choices:
        return {"widget": forms.Textarea(attrs={"rows": 3})}
    return {}


class DateInput(forms.DateInput):
    input_type = "date"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%Y-%m-%d")


class PlainFields:
    """Fields without the admin's scripts, pop-ups and buttons to other models."""

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest | None, **kwargs: Any) -> Any:
        return db_field.formfield(**{**native_widget(db_field), **kwargs})


class StaffInline(PlainFields, StackedInline):
    """Rows below the form of what they belong to. A forged count gets no more of them than somebody could ever need."""

    extra = 1
    show_change_link = False
    max_num = 300

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        return super().get_formset(request, obj, absolute_max=self.max_num, **kwargs)

    @property
    def media(self) -> forms.Media:
        return forms.Media()


logger = logging.getLogger("workshop.desk")


class StaffAdmin(PlainFields, ModelAdmin):
    """A model on the staff pages: no scripts, no pop-ups, no bulk actions, and filters only by what is offered."""

    actions = None
    list_per_page = 50
    list_max_show_all = 50
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    view_on_site = False
    empty_value_display = "–"
    add_title: Any = ""
    save_label: Any = gettext_lazy("Save")
    list_title: Any = ""
    list_intro: Any = ""

    @property
    def media(self) -> forms.Media:
        return forms.Media()

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        self._record("added", request, obj)
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        self._record("changed", request, obj)
        return super().log_change(request, obj, message)

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        for obj in queryset:
            self._record("deleted", request, obj)
        return super().log_deletions(request, queryset)

    def _record(self, what: str, request: HttpRequest, obj: Any) -> None:
        """A line in the log beside the admin's own history: who did what to which row, by number."""
        event = {"event": what, "model": self.opts.label, "pk": obj.pk, "by": request.user.pk}
        logger.info("%s %s %s by %s", what, self.opts.label, obj.pk, request.user.pk, extra={"event": event})

    def heading(self, obj: Any) -> str:
        """The h1 of an object's page."""
        return str(obj)

    def trail(self, request: HttpRequest, obj: Any = None) -> Trail:
        """The pages above this one, from the index down."""
        return [(self.list_heading(), self.url("changelist"))]

    def home_of(self, obj: Any) -> str:
        """The address that stands for an object, where it is left from its other pages."""
        return self.url("change", obj.pk)

    def list_heading(self) -> str:
        """The h1 of the list."""
        return str(self.list_title or capfirst(self.opts.verbose_name_plural))

    def url(self, name: str, *args: Any) -> str:
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_{name}", args=args)

    def page(
        self, request: HttpRequest, template: str, title: str, obj: Any = None, **context: Any
    ) -> TemplateResponse:
        """A page of our own in the frame of the staff pages: below the page of an object, or where `trail` says."""
        trail = self.trail(request, obj)
        if obj is not None:
            trail.append((self.heading(obj), self.home_of(obj)))
        frame = {**self.admin_site.each_context(request), "title": title, "trail": trail, "original": obj}
        return TemplateResponse(request, template, {**frame, "opts": self.opts, **context})

    def get_to_change(self, request: HttpRequest, pk: int | str) -> Any:
        """The object of a page of our own, for somebody who may change it; `pk` may be what an address says."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        obj = self.get_object(request, str(pk))
        if obj is None:
            raise Http404
        if not self.has_change_permission(request, obj):
            raise PermissionDenied
        return obj

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """As Django does it, which breaks on an empty `_to_field` in the address."""
        return super().get_object(request, object_id, from_field or None)

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> Any:
        """SQLite refuses patterns of 50,000 bytes with the error of a database that is away."""
        return super().get_search_results(request, queryset, search_term[:200])

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Only the filters on offer; Django would allow any field of the model, a password too."""
        return lookup in {getattr(one, "parameter_name", None) for one in self.list_filter}

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        context = {"title": self.list_heading(), "intro": self.list_intro, "trail": []}
        context["add_title"] = self.add_title or _("Add")
        course = request.GET.get("course", "")
        context["add_query"] = f"?course={course}" if course.isascii() and course.isdigit() else ""
        return super().changelist_view(request, {**context, **(extra_context or {})})

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """As Django does it, but what somebody else saved at the same instant is a message, not an error page.

        The database says so (IntegrityError), or a rule that is asked again under its lock (ValidationError).
        """
        try:
            return super().changeform_view(request, *args, **kwargs)
        except (IntegrityError, ValidationError):
            messages.error(request, _("Somebody saved the same at the same moment. Have a look, then try again."))
            return HttpResponseRedirect(request.path)

    def form_frame(self, request: HttpRequest, obj: Any) -> dict[str, Any]:
        """What stands around the form of an object; of a new one if it is None."""
        title = self.heading(obj) if obj else self.add_title or _("Add")
        return {"title": title, "trail": self.trail(request, obj), "save_label": self.save_label}

    def render_change_form(
        self,
        request: HttpRequest,
        context: Any,
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Any = None,
    ) -> HttpResponse:
        context.update(self.form_frame(request, obj))
        return super().render_change_form(request, context, add, change, form_url, obj)

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied  # before anybody learns whether there is such an object
        obj = self.get_object(request, object_id)
        above = [*self.trail(request, obj), (self.heading(obj), self.home_of(obj))] if obj else []
        return super().history_view(request, object_id, {"title": _("Changes by staff"), "trail": above})

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> Any:
        obj = self.get_object(request, object_id)
        above = [*self.trail(request, obj), (self.heading(obj), self.home_of(obj))] if obj else []
        return super().delete_view(request, object_id, {"trail": above, **(extra_context or {})})

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: str | None = None) -> HttpResponse:
        messages.success(request, _("“%(name)s” is added.") % {"name": self.heading(obj)})
        return HttpResponseRedirect(self.url("change", obj.pk))

    def response_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        messages.success(request, _("“%(name)s” is saved.") % {"name": self.heading(obj)})
        return HttpResponseRedirect(self.url("change", obj.pk))

    def _get_obj_does_not_exist_redirect(self, request: HttpRequest, opts: Any, object_id: str) -> HttpResponse:
        raise Http404


class ReadOnly:
    """Facts: seen by who may see them, changed by nobody."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ColumnFilter(admin.SimpleListFilter):
    """By what stands in a column, of the values on offer; for any other the list shows all."""

    column: str

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        offered = {str(value) for value, _label in self.lookup_choices}
        return queryset.filter(**{self.column: self.value()}) if self.value() in offered else queryset


class DeliveryFilter(admin.SimpleListFilter):
    title = gettext_lazy("delivery")
    parameter_name = "delivery"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, str(label)) for name, (label, _state) in DELIVERIES.items()]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        at = timezone.now()
        chosen = {
            "waiting": queryset.waiting(at),
            "later": queryset.unsent().exclude(pk__in=queryset.waiting(at).values("pk")),
            "sent": queryset.filter(sent_at__isnull=False),
            "given-up": queryset.filter(failed_at__isnull=False),
            "bounced": queryset.bounced(),
            "withdrawn": queryset.filter(withdrawn_at__isnull=False),
        }
        return chosen.get(self.value() or "", queryset)


# What became of a notice, in words, and the color of its chip.
DELIVERIES: dict[str, tuple[Any, str]] = {
    "waiting": (gettext_lazy("Waiting"), "under-way"),
    "later": (gettext_lazy("Later"), "not-started"),
    "sent": (gettext_lazy("Sent"), "complete"),
    "given-up": (gettext_lazy("Given up"), "overdue"),
    "bounced": (gettext_lazy("Address bounces"), "overdue"),
    "withdrawn": (gettext_lazy("Not needed any more"), "excused"),
}


def delivery_of(notice: Notice, at: datetime) -> str:
    """A key of DELIVERIES."""
    if notice.sent_at:
        return "sent"
    if notice.withdrawn_at:
        return "withdrawn"
    if notice.failed_at:
        return "bounced" if notice.has_bounced else "given-up"
    return "waiting" if notice.is_waiting(at) else "later"


def why_waiting(notice: Notice, at: datetime) -> str:
    """Why a notice is not sent yet, for the operator; empty if there is nothing to wait for."""
    if not notice.is_unsent:
        return ""
    if notice.not_before > at:
        when = date_format(timezone.localtime(notice.not_before), "SHORT_DATETIME_FORMAT")
        if notice.tries:
            text = ngettext("Tried once; again at %(when)s", "Tried %(n)d times; again at %(when)s", notice.tries)
            return text % {"n": notice.tries, "when": when}
        return _("Not before %(when)s") % {"when": when}
    sender = Heartbeat.objects.filter(name=SENDER).first()
    if sender is None or sender.is_late(at):
        return _("The sender does not run.")
    return _("The sender takes it next, or the mail server is away.")


class KindFilter(ColumnFilter):
    title = gettext_lazy("kind")
    parameter_name = column = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(value, str(label)) for value, label in Notice.Kind.choices]


@admin.register(Notice)
class NoticeAdmin(ReadOnly, StaffAdmin):
    """What was mailed. Letters are about somebody's learning: operators see that there is one, HR what it says."""

    list_display = ("what", "address", "created_at", "delivery", "tries")
    list_filter = (DeliveryFilter, KindFilter)
    search_fields = ("address", "recipient__name")
    search_help_text = gettext_lazy("Name or address")
    list_title = gettext_lazy("What is mailed")
    list_intro = gettext_lazy(
        "Every mail of this site, the newest first. News goes on weekdays from 9 to 17 where the reader lives, and at "
        "most once in three days."
    )
    ordering = ("-created_at", "-pk")
    fields = (
        "delivery",
        "why",
        "error",
        "what",
        "address",
        "text",
        "created_at",
        "not_before",
        "expires_at",
        "sent_at",
        "failed_at",
        "withdrawn_at",
        "tries",
    )
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> Any:
        """Each with `is_open_to_reader`: whether who looks may read letters."""
        may_read = Value(request.user.has_perm("accounts.view_everybody"))
        return super().get_queryset(request).annotate(is_open_to_reader=may_read).prefetch_related("news")

    def heading(self, obj: Any) -> str:
        return self.what(obj)

    @admin.display(description=gettext_lazy("what"))
    def what(self, notice: Any) -> str:
        if notice.kind != Notice.Kind.LETTER or notice.is_open_to_reader:
            return str(notice.subject)
        kinds = sorted({row.get_kind_display() for row in notice.news.all()})
        return ", ".join(kinds) or _("News")

    @admin.display(description=gettext_lazy("delivery"))
    def delivery(self, notice: Notice) -> str:
        label, state = DELIVERIES[delivery_of(notice, timezone.now())]
        return state_chip(state, str(label))

    @admin.display(description=gettext_lazy("why not yet"))
    def why(self, notice: Notice) -> str:
        return why_waiting(notice, timezone.now()) or "–"

    @admin.display(description=gettext_lazy("text"))
    def text(self, notice: Any) -> str:
        if notice.kind == Notice.Kind.SECRET:
            return _("Not shown: it has a secret link in it.")
        if notice.kind == Notice.Kind.LETTER and not notice.is_open_to_reader:
            return _("Not shown: it is about what somebody learns.")
        return UNSUBSCRIBE.sub(r"\1…", str(notice.body))


@admin.register(Heartbeat)
class HeartbeatAdmin(ReadOnly, StaffAdmin):
    list_display = ("name", "at")
    fields = readonly_fields = ("name", "at")
    ordering = ("name",)
