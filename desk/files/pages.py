"""Bring people in: the upload, the look at what would happen, the bringing in, and who is not in the file."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts import audit
from accounts.cells import BOM
from accounts.models import StagedFile, StagedRow
from accounts.sessions import signed_in
from desk.files import missing, steps
from desk.files.columns import PEOPLE, SAMPLE
from desk.files.reading import NotReadable
from desk.files.refused import lines, sentences
from desk.files.staging import stage
from notices.admin import StaffAdmin

Outcome = StagedRow.Outcome
SHOWN = {
    Outcome.REFUSED: gettext_lazy("Refused"),
    Outcome.CREATED: gettext_lazy("New people"),
    Outcome.MOVED: gettext_lazy("Moved to another team"),
    Outcome.CHANGED: gettext_lazy("Changed"),
    Outcome.UNCHANGED: gettext_lazy("As they were"),
}
FIRST, PAGE = 5, 50


class UploadForm(forms.Form):
    file = forms.FileField(
        label=gettext_lazy("File"),
        help_text=gettext_lazy("CSV or XLSX, with a row of headings. Nothing changes before you have seen what would."),
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,.tsv,.xlsx"}),
        error_messages={"empty": gettext_lazy("The file is empty. Save it again with a row for each person.")},
    )
    make_teams = forms.BooleanField(
        label=gettext_lazy("Make teams that are not here yet"),
        required=False,
        help_text=gettext_lazy("You see which before they are made. Without it their rows are refused."),
    )


@dataclass(frozen=True)
class Line:
    """A row of a file as a list shows it."""

    number: int
    who: str
    team: str
    texts: list[str]

    @classmethod
    def of(cls, row: StagedRow) -> Line:
        cells = row.cells
        known = row.person.name if row.person else ""
        keys = (cells.get(key) for key in ("email", "staff_number", "external_id"))
        who = known or cells.get("name") or next(filter(None, keys), "–")
        return cls(row.number, who, cells.get("home_team", ""), sentences(row))


@admin.register(StagedFile)
class StagedFileAdmin(StaffAdmin):
    list_display = ("name", "at", "brought_by", "state")
    ordering = ("-at", "-pk")
    sortable_by = ()
    add_title = gettext_lazy("Bring people in")
    list_title = gettext_lazy("Files brought in")
    list_intro = gettext_lazy("Their rows are kept for 30 days. What they did stays in the history of each file.")

    def get_queryset(self, request: HttpRequest) -> QuerySet[StagedFile]:
        return super().get_queryset(request).filter(kind=StagedFile.Kind.PEOPLE).select_related("by")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # `tidy` does it

    @admin.display(description=gettext_lazy("by"))
    def brought_by(self, file: StagedFile) -> str:
        return file.by.name if file.by else _("a command")

    @admin.display(description=gettext_lazy("state"))
    def state(self, file: StagedFile) -> str:
        if file.applied_at:
            return _("Brought in")
        if file.options.get("approved"):
            return _("Being brought in")
        return _("Looked at, nothing changed yet") if file.judged_at else _("Being looked at")

    def get_urls(self) -> list[Any]:
        own: dict[str, tuple[Any, str]] = {
            "step/": (self.step, "step"),
            "bring-in/": (self.bring_in, "bring_in"),
            "rows/<slug:outcome>/": (self.rows, "rows"),
            "refused/": (self.refused, "refused"),
            "not-in-it/": (self.not_in_it, "not_in_it"),
        }
        view: Any = self.admin_site.admin_view
        pages = [
            path(f"<int:pk>/{address}", view(page), name=f"accounts_stagedfile_{name}")
            for address, (page, name) in own.items()
        ]
        return [path("sample.csv", view(self.sample), name="accounts_stagedfile_sample"), *pages, *super().get_urls()]

    # --- The file ---

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """The form with the columns; a file that can be read goes on to the look at it."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = UploadForm(request.POST or None, request.FILES or None)
        if request.method == "POST" and form.is_valid():
            try:
                file = self.take(request, form)
            except NotReadable as error:
                form.add_error("file", str(error))
            else:
                return HttpResponseRedirect(self.url("change", file.pk))
        columns = [column for column in PEOPLE if not column.ignored]
        return self.page(request, "desk/files/upload.html", str(self.add_title), form=form, columns=columns)

    def take(self, request: HttpRequest, form: UploadForm) -> StagedFile:
        upload = form.cleaned_data["file"]
        by = signed_in(request)
        file = stage(upload.file, upload.name, by, make_teams=form.cleaned_data["make_teams"])
        audit.record(by, file, f"Looked at a file of {file.rows.count()} rows.", audit.ADDITION)
        steps.judge(file)
        steps.judge(file)  # a file of a few hundred rows is done with that
        return file

    def sample(self, request: HttpRequest) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        response = HttpResponse(BOM, content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = 'attachment; filename="people.csv"'
        csv.writer(response).writerows([[str(column.title) for column in PEOPLE if not column.ignored], *SAMPLE])
        return response

    # --- The look, and the work ---

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        """Where the file stands: being worked on, looked at, or brought in."""
        file = self.get_to_change(request, object_id)
        if not file.judged_at or (file.options.get("approved") and not file.applied_at):
            return self.work(request, file)
        return self.look(request, file)

    def work(self, request: HttpRequest, file: StagedFile) -> HttpResponse:
        title = _("Bringing people in") if file.judged_at else _("Looking at the file")
        now = steps.progress(file)
        said = {"done": f"{now.done:,}", "total": f"{now.total:,}"}
        context = {"progress": now, "said": said, "next": self.url("step", file.pk), "heading_of_file": file.name}
        return self.page(request, "desk/files/work.html", title, **context)

    def look(self, request: HttpRequest, file: StagedFile) -> HttpResponse:
        counts = file.counts()
        to_do = sum(counts[outcome] for outcome in steps.TO_DO)
        parts = [
            (outcome, label, counts[outcome], [Line.of(row) for row in self.of(file, outcome)[:FIRST]])
            for outcome, label in SHOWN.items()
        ]
        teams = file.options.get("new_teams", [])
        button = ngettext("Bring in %(n)s person", "Bring in %(n)s people", to_do) % {"n": f"{to_do:,}"}
        return self.page(
            request,
            "desk/files/look.html",
            file.name,
            file=file,
            parts=parts,
            refused=counts[Outcome.REFUSED],
            to_do=to_do,
            button=button,
            absent=missing.missing(file).count(),
            teams=teams[: FIRST * 10],
            teams_in_all=len(teams),
        )

    def of(self, file: StagedFile, outcome: str) -> QuerySet[StagedRow]:
        return file.rows.filter(outcome=outcome).select_related("person").order_by("number")

    def step(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The next rows; sent again and again by the page, or by its button."""
        file = self.get_to_change(request, pk)
        if request.method == "POST" and not file.judged_at:
            steps.judge(file)
        elif request.method == "POST" and file.options.get("approved"):
            steps.bring_in(file)
        return HttpResponseRedirect(self.url("change", pk))

    def bring_in(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Begin with it; the look before has said how many people it touches."""
        file = self.get_to_change(request, pk)
        if request.method == "POST" and steps.approve(file, signed_in(request)):
            steps.bring_in(file)
            steps.bring_in(file)
        return HttpResponseRedirect(self.url("change", pk))

    def rows(self, request: HttpRequest, pk: int, outcome: str) -> HttpResponse:
        file = self.get_to_change(request, pk)
        if outcome not in SHOWN:
            raise Http404
        page = page_of(request, self.of(file, outcome))
        found = [Line.of(row) for row in page.object_list]
        title = str(SHOWN[Outcome(outcome)])
        return self.page(request, "desk/files/rows.html", title, file, rows=found, page=page)

    def refused(self, request: HttpRequest, pk: int) -> StreamingHttpResponse:
        file = self.get_to_change(request, pk)
        response = StreamingHttpResponse(lines(file), content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="refused-{file.pk}.csv"'
        return response

    # --- Who is not in it ---

    def not_in_it(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The list; a page with the number; the deed, if the number is still the one that was shown."""
        file = self.get_to_change(request, pk)
        leaving = missing.may_leave(file, signed_in(request))
        count = leaving.count() if request.method == "POST" else 0
        if request.method == "POST" and request.POST.get("number") == str(count):
            return self.mark(request, file)
        if count:
            return self.confirm(request, file, count)
        page = page_of(request, missing.missing(file))
        return self.page(
            request,
            "desk/files/missing.html",
            _("Here, but not in your file"),
            file,
            page=page,
            leaving=leaving.count(),
        )

    def confirm(self, request: HttpRequest, file: StagedFile, count: int) -> HttpResponse:
        sentences = [
            ngettext("%(n)d person is marked as a leaver.", "%(n)d people are marked as leavers.", count)
            % {"n": count},
            _("They are signed out at once, get no mail, and are in no report. What they did is kept."),
            _("You, and colleagues with staff rights, are not among them."),
        ]
        button = ngettext("Mark this %(n)d as a leaver", "Mark these %(n)d as leavers", count) % {"n": count}
        return self.page(
            request,
            "desk/confirm.html",
            _("Mark as leavers?"),
            file,
            sentences=sentences,
            hidden=[("number", count)],
            button=button,
            back=self.url("not_in_it", file.pk),
        )

    def mark(self, request: HttpRequest, file: StagedFile) -> HttpResponse:
        by = signed_in(request)
        count = missing.mark_as_leavers(file, by)
        if count:
            audit.record(by, file, f"Marked {count} people as leavers who were not in the file.")
        text = ngettext("%(n)d person is marked as a leaver.", "%(n)d people are marked as leavers.", count)
        messages.success(request, text % {"n": count})
        return HttpResponseRedirect(self.url("change", file.pk))


def page_of(request: HttpRequest, rows: QuerySet[Any]) -> Page[Any]:
    return Paginator(rows, PAGE).get_page(request.GET.get("page"))
