"""The audit list: what everybody did on the staff pages, to look at, to filter, and to take away as a file."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, StreamingHttpResponse
from django.urls import path
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts import audit
from accounts.cells import BOM, CHUNK, Line, safe
from accounts.models import User
from accounts.sessions import signed_in
from courses.models.enrollment import site_day
from notices.admin import ColumnFilter, ReadOnly, StaffAdmin

PERIODS = {"day": 1, "week": 7, "month": 31, "year": 366}
DEEDS = {
    audit.ADDITION: gettext_lazy("Added"),
    audit.CHANGE: gettext_lazy("Changed"),
    audit.DELETION: gettext_lazy("Deleted"),
}


def sentence(entry: LogEntry) -> str:
    """What was done, in words; of what named somebody who was erased only what kind of deed it was."""
    said: str = entry.get_change_message()
    return said or str(DEEDS.get(entry.action_flag, ""))


def kind_of(entry: LogEntry) -> str:
    """What kind of thing it was done to, as its staff pages call it."""
    model = entry.content_type.model_class() if entry.content_type else None
    return str(capfirst(model._meta.verbose_name)) if model else "–"


class WhoFilter(ColumnFilter):
    """Everybody who ever did something here."""

    title = gettext_lazy("who")
    parameter_name = "who"
    column = "user"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        people = User.objects.filter(Exists(LogEntry.objects.filter(user=OuterRef("pk"))))
        return [(str(pk), name) for pk, name in people.order_by("name", "pk").values_list("pk", "name")]


class KindFilter(ColumnFilter):
    """The kinds of things that something was done to."""

    title = gettext_lazy("kind of thing")
    parameter_name = "kind"
    column = "content_type"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        kinds = ContentType.objects.filter(Exists(LogEntry.objects.filter(content_type=OuterRef("pk"))))
        named = [(str(kind.pk), model) for kind in kinds if (model := kind.model_class())]
        return sorted(
            ((key, str(capfirst(model._meta.verbose_name))) for key, model in named), key=lambda pair: pair[1]
        )


class PeriodFilter(admin.SimpleListFilter):
    title = gettext_lazy("period")
    parameter_name = "period"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("day", _("The last 24 hours")),
            ("week", _("The last 7 days")),
            ("month", _("The last 31 days")),
            ("year", _("The last 366 days")),
        ]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() not in PERIODS:
            return queryset
        return queryset.filter(action_time__gte=timezone.now() - timedelta(days=PERIODS[self.value() or ""]))


@admin.register(LogEntry)
class AuditAdmin(ReadOnly, StaffAdmin):
    list_display = ("when", "who", "what", "about")
    list_filter = (WhoFilter, KindFilter, PeriodFilter)
    list_title = gettext_lazy("What staff did")
    list_intro = gettext_lazy("Every change on the staff pages, newest first. Nobody can change this list.")
    list_select_related = ("user", "content_type")
    search_fields = ("object_repr", "change_message", "user__name")
    search_help_text = gettext_lazy("Words or a name")
    ordering = ("-action_time", "-pk")
    sortable_by = ()
    fields = readonly_fields = ("when", "who", "what", "about")
    change_list_template = "desk/audit.html"

    def get_urls(self) -> list[Any]:
        own = [path("csv/", self.admin_site.admin_view(self.csv), name="admin_logentry_csv")]
        return [*own, *super().get_urls()]

    @admin.display(description=gettext_lazy("when"))
    def when(self, entry: LogEntry) -> str:
        return date_format(timezone.localtime(entry.action_time), "DATETIME_FORMAT")

    @admin.display(description=gettext_lazy("who"))
    def who(self, entry: LogEntry) -> str:
        return str(entry.user)

    @admin.display(description=gettext_lazy("what"))
    def what(self, entry: LogEntry) -> str:
        return sentence(entry)

    @admin.display(description=gettext_lazy("about"))
    def about(self, entry: LogEntry) -> str:
        return f"{kind_of(entry)}: {entry.object_repr}"

    def csv(self, request: HttpRequest) -> Any:
        """The list, by the filters of the address, as a file. That it was taken is noted in it, too."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        found = self.get_changelist_instance(request).get_queryset(request)
        by = signed_in(request)
        audit.record(by, by, "Took the audit list as a file")
        response = StreamingHttpResponse(lines(found), content_type="text/csv; charset=utf-8")
        name = f"audit-{site_day().isoformat()}.csv"
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        return response

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        filters = request.GET.urlencode()
        csv_url = self.url("csv") + (f"?{filters}" if filters else "")
        return super().changelist_view(request, {"csv_url": csv_url, **(extra_context or {})})


def lines(entries: Any) -> Iterator[str]:
    """The file, line by line, as it is read. The last line counts the others: a file that was cut off has none."""
    writer, count = csv.writer(Line()), 0
    yield BOM + writer.writerow([_("When"), _("Who"), _("What"), _("Kind"), _("About")])
    for entry in entries.select_related("user", "content_type").iterator(chunk_size=CHUNK):
        count += 1
        texts = [str(entry.user), sentence(entry), kind_of(entry), entry.object_repr]
        yield writer.writerow([entry.action_time.isoformat(timespec="seconds"), *(safe(text) for text in texts)])
    yield writer.writerow([ngettext("%(n)d row", "%(n)d rows", count) % {"n": count}])
