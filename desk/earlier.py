"""Earlier completions for HR: the facts, and the file that brings them: looked at first, then credited, in steps."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.models import StagedFile, StagedRow
from accounts.sessions import signed_in
from courses.models import Credit
from desk.files import earlier, refused, steps
from desk.files.columns import EARLIER
from desk.files.reading import NotReadable
from desk.files.staging import stage_earlier
from notices.admin import ReadOnly, StaffAdmin

SECONDS = 5  # of work in one answer; the page then says how far it is
SHOWN = 50  # refused rows on the page; the file has all
Outcome = StagedRow.Outcome


class EarlierFileForm(forms.Form):
    file = forms.FileField(label=gettext_lazy("File"), help_text=gettext_lazy("CSV or XLSX, with a row of headings."))


@admin.register(Credit)
class CreditAdmin(ReadOnly, StaffAdmin):
    list_display = ("person", "path", "what", "done_on", "source", "by_whom", "at")
    search_fields = ("enrollment__user__name", "source")
    search_help_text = gettext_lazy("Name or source")
    list_select_related = ("enrollment__user", "enrollment__path__course", "by")
    fields = readonly_fields = ("person", "path", "what", "done_on", "source", "by_whom", "at")
    ordering = ("-at", "-pk")
    add_title = gettext_lazy("Bring earlier completions")
    list_title = gettext_lazy("Earlier completions")
    list_intro = gettext_lazy("What people did in another system before, and where that is written.")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return StaffAdmin.has_add_permission(self, request)

    @admin.display(description=gettext_lazy("person"))
    def person(self, credit: Credit) -> str:
        return credit.enrollment.user.name

    @admin.display(description=gettext_lazy("path"))
    def path(self, credit: Credit) -> str:
        return f"{credit.enrollment.path.course.title}: {credit.enrollment.path.title}"

    @admin.display(description=gettext_lazy("what"))
    def what(self, credit: Credit) -> str:
        return _("The whole course") if credit.is_course else _("Lessons")

    @admin.display(description=gettext_lazy("by"))
    def by_whom(self, credit: Credit) -> str:
        return credit.by.name if credit.by else "–"

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        return [
            path("file/<int:pk>/", view(self.file_view), name="courses_credit_file"),
            path("file/<int:pk>/refused/", view(self.refused_view), name="courses_credit_refused"),
            *super().get_urls(),
        ]

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = EarlierFileForm(request.POST or None, request.FILES or None)
        if request.method == "POST" and form.is_valid():
            given = form.cleaned_data["file"]
            try:
                staged = stage_earlier(given, given.name, by=signed_in(request))
            except NotReadable as error:
                form.add_error("file", str(error))
            else:
                return self.go_on(staged, earlier.judge)
        columns = [(column.title, column.help) for column in EARLIER if not column.ignored]
        return self.page(request, "desk/earlier.html", str(self.add_title), form=form, columns=columns)

    def file_of(self, request: HttpRequest, pk: int) -> StagedFile:
        if not self.has_add_permission(request):
            raise PermissionDenied
        return get_object_or_404(StagedFile, pk=pk, kind=StagedFile.Kind.EARLIER)

    def file_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """How far a file is; a POST takes the next steps: to look at its rows, and once that is done to credit them."""
        file = self.file_of(request, pk)
        if request.method == "POST":
            if file.judged_at is None:
                return self.go_on(file, earlier.judge)
            response = self.go_on(file, earlier.bring_in)
            self.say_if_done(request, pk)
            return response
        return self.page(request, "desk/earlier_file.html", file.name, **self.shown(file))

    def go_on(self, file: StagedFile, step: Callable[[StagedFile], bool]) -> HttpResponse:
        until = monotonic() + SECONDS
        while step(file) and monotonic() < until:
            pass
        return HttpResponseRedirect(self.url("file", file.pk))

    def say_if_done(self, request: HttpRequest, pk: int) -> None:
        if StagedFile.objects.filter(pk=pk, applied_at__isnull=False).exists():
            messages.success(request, _("What the file says is credited."))

    def shown(self, file: StagedFile) -> dict[str, Any]:
        counts = file.counts()
        rows = file.rows.filter(outcome=Outcome.REFUSED).order_by("number")[:SHOWN]
        people = steps.waiting(file).order_by().values("person").distinct().count()
        return {
            "file": file,
            "progress": steps.progress(file),
            "sentences": _sentences(counts, people, file.applied_at is not None),
            "to_do": counts[Outcome.CREATED] + counts[Outcome.CHANGED],
            "is_begun": file.rows.filter(applied_at__isnull=False).exists(),
            "refused": counts[Outcome.REFUSED],
            "problems": [(row.number, refused.sentences(row)) for row in rows],
            "refused_url": self.url("refused", file.pk),
        }

    def refused_view(self, request: HttpRequest, pk: int) -> StreamingHttpResponse:
        """The refused rows, to be mended and brought again."""
        file = self.file_of(request, pk)
        headers = {"Content-Disposition": 'attachment; filename="refused.csv"'}
        return StreamingHttpResponse(refused.lines(file), content_type="text/csv; charset=utf-8", headers=headers)


def _sentences(counts: dict[str, int], people: int, is_done: bool) -> list[str]:
    """What the file does, or did: what is to be done first, then what is not."""
    changing = counts[Outcome.CREATED] + counts[Outcome.CHANGED]
    rows = ngettext("%(n)d row is credited", "%(n)d rows are credited", changing) % {"n": changing}
    who = ngettext("to %(n)d person", "to %(n)d people", people) % {"n": people}
    lines = [_("%(rows)s.") % {"rows": rows} if is_done else _("%(rows)s, %(who)s.") % {"rows": rows, "who": who}]
    if not changing:
        lines = [_("There is nothing in it to credit.")]
    if n := counts[Outcome.CREATED]:
        new = ngettext(
            "%(n)d of them is for somebody who is not on the course yet and gets enrolled.",
            "%(n)d of them are for people who are not on the course yet and get enrolled.",
            n,
        )
        lines += [] if is_done else [new % {"n": n}]
    if n := counts[Outcome.UNCHANGED]:
        same = ngettext("%(n)d row changes nothing.", "%(n)d rows change nothing.", n)
        lines.append(same % {"n": n})
    return lines
