"""Course files on the staff pages: take a course, bring one in after a look, copy one, start one."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import audit
from accounts.sessions import signed_in
from coursefiles import importing, starting
from coursefiles.bundle import files_in, pack
from coursefiles.export import Export
from coursefiles.findings import CourseError
from coursefiles.stored import Stored
from courses.models import Bundle, Course
from courses.models.enrollment import site_day
from desk.bundles import showing
from desk.bundles.forms import CopyForm, DecisionForm, StartForm, UploadForm, taken
from notices.admin import StaffAdmin

SHIPPED = Path(settings.BASE_DIR) / "content"
IN_MEMORY = 4 * 1024 * 1024  # of a ZIP that is made; the rest goes to the disk
SHOWN = 30  # of what was brought in before


@admin.register(Bundle)
class BundleAdmin(StaffAdmin):
    list_title = gettext_lazy("Course files")
    add_title = gettext_lazy("Bring a course in")

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        own: dict[str, tuple[Any, str]] = {
            "start/": (self.start, "start"),
            "shipped/<slug:course>/": (self.shipped, "shipped"),
            "of/<slug:course>/zip/": (self.export, "export"),
            "of/<slug:course>/copy/": (self.copy, "copy"),
            "<int:pk>/bring-in/": (self.bring_in, "apply"),
            "<int:pk>/throw-away/": (self.discard, "discard"),
            "<int:pk>/<slug:noun>/<str:key>/": (self.unit, "unit"),
        }
        pages = [path(where, view(page), name=f"courses_bundle_{name}") for where, (page, name) in own.items()]
        return [*pages, *super().get_urls()]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # who brought what in stays

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("by", "applied_by")

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """What can be done with course files, and what was."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        earlier = self.get_queryset(request).defer("data", "contents")[:SHOWN]
        context = {"courses": Course.objects.all(), "shipped": shipped_courses(), "earlier": earlier}
        return self.page(request, "desk/bundles/hub.html", self.list_heading(), trail=[], **context)

    # --- Out ---

    def export(self, request: HttpRequest, course: str) -> HttpResponse | FileResponse:
        """The files of a course as a ZIP; that it was taken is noted."""
        found = self.course_of(request, course)
        if request.method != "POST":  # after signing in again
            return HttpResponseRedirect(self.url("changelist"))
        out: Any = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115  # the response closes it
        try:
            pack(out, found.key, Export(Stored(found)).files())
        except CourseError as error:
            messages.error(request, error.findings[0].text)
            return HttpResponseRedirect(self.url("changelist"))
        audit.record(signed_in(request), found, "Took the course as files")
        return FileResponse(out, as_attachment=True, filename=f"{found.key}-{site_day().isoformat()}.zip")

    def course_of(self, request: HttpRequest, key: str) -> Course:
        if not self.has_add_permission(request):
            raise PermissionDenied
        return get_object_or_404(Course, key=key)

    # --- In: the look ---

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = UploadForm(request.POST or None, request.FILES or None)
        findings: list[Any] = []
        if request.method == "POST" and form.is_valid():
            upload = form.cleaned_data["file"]
            bundle, findings = self.take(request, upload.file, upload.name)
            if bundle:
                return HttpResponseRedirect(self.url("change", bundle.pk))
        return self.page(
            request,
            "desk/bundles/upload.html",
            str(self.add_title),
            form=form,
            findings=findings,
            errors=bool(findings),
        )

    def take(self, request: HttpRequest, file: IO[bytes], name: str) -> tuple[Bundle | None, list[Any]]:
        """The bundle to look at, or what is wrong in the file."""
        try:
            return importing.stage(file, name, signed_in(request)), []
        except CourseError as error:
            return None, error.findings

    def shipped(self, request: HttpRequest, course: str) -> HttpResponse:
        """Look at the files that came with this release of Workshop."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        if course not in shipped_courses():
            raise Http404
        if request.method != "POST":
            return HttpResponseRedirect(self.url("changelist"))
        with tempfile.TemporaryFile() as file:
            pack(file, course, files_in(SHIPPED / course))
            bundle, findings = self.take(request, file, f"{course}, {_('as shipped with this release')}")
        if bundle is None:
            messages.error(request, str(findings[0]))
            return HttpResponseRedirect(self.url("changelist"))
        return HttpResponseRedirect(self.url("change", bundle.pk))

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        """What it would do; once it is brought in, what it did."""
        bundle = self.get_to_change(request, object_id)
        return self.look(request, bundle) if bundle.is_waiting() else self.done(request, bundle)

    def done(self, request: HttpRequest, bundle: Bundle) -> HttpResponse:
        course = Course.objects.filter(key=bundle.key).first()
        return self.page(request, "desk/bundles/done.html", bundle.name, bundle=bundle, course=course)

    def look(self, request: HttpRequest, bundle: Bundle, data: Any = None) -> HttpResponse:
        plan = importing.plan_for(bundle)
        form = DecisionForm(plan, data)
        context = {**showing.look_of(plan, form), "warnings": bundle.contents["warnings"]}
        title = _("Look at “%(name)s”") % {"name": bundle.name}
        return self.page(request, "desk/bundles/look.html", title, bundle=bundle, form=form, **context)

    def unit(self, request: HttpRequest, pk: int, noun: str, key: str) -> HttpResponse:
        """One lesson or other unit: here, in the file, and what both were."""
        bundle = self.get_to_change(request, pk)
        entries = importing.plan_for(bundle).entries if bundle.is_waiting() else []
        entry = next((each for each in entries if each.part.place == (noun, key)), None)
        if entry is None:
            raise Http404
        context = {"entry": entry, "noun": showing.NOUNS[noun], "sides": showing.sides_of(entry)}
        return self.page(request, "desk/bundles/unit.html", entry.title, bundle, **context)

    # --- In: the deed ---

    def bring_in(self, request: HttpRequest, pk: int) -> HttpResponse:
        bundle = self.get_to_change(request, pk)
        if request.method != "POST" or not bundle.is_waiting():
            return HttpResponseRedirect(self.url("change", pk))
        form = DecisionForm(importing.plan_for(bundle), request.POST)
        if not form.is_valid():
            return self.look(request, bundle, request.POST)
        self.do(request, bundle, form)
        return HttpResponseRedirect(self.url("change", pk))

    def do(self, request: HttpRequest, bundle: Bundle, form: DecisionForm) -> None:
        """Bring it in, and say how that went."""
        chosen = {"retire": form.cleaned_data["retire"], "seen": form.cleaned_data["seen"]}
        try:
            report = importing.bring_in(bundle, signed_in(request), form.decisions, **chosen)
        except importing.Stale:
            messages.warning(request, _("The course changed since you looked. Nothing was brought in; look again."))
        except CourseError as error:
            for finding in error.findings[:10]:
                messages.error(request, str(finding))
        else:
            messages.success(request, _("Brought in.") if report else _("This was brought in already."))

    def discard(self, request: HttpRequest, pk: int) -> HttpResponse:
        bundle = self.get_to_change(request, pk)
        if request.method == "POST" and importing.discard(bundle, signed_in(request)):
            messages.success(request, _("Thrown away. Nothing was changed."))
        return HttpResponseRedirect(self.url("changelist"))

    # --- New courses ---

    def copy(self, request: HttpRequest, course: str) -> HttpResponse:
        found, by = self.course_of(request, course), signed_in(request)
        form = CopyForm(request.POST or None, initial={"title": _("%(title)s (copy)") % {"title": found.title}})
        findings: list[Any] = []
        if request.method == "POST" and form.is_valid():
            try:
                return self.made(request, starting.copy_course(found, **form.cleaned_data, by=by))
            except starting.Taken:
                form.add_error("key", taken())
            except CourseError as error:
                findings = error.findings
        title = _("Copy “%(title)s”") % {"title": found.title}
        context = {"form": form, "findings": findings, "errors": bool(findings), "button": _("Copy it")}
        return self.page(request, "desk/bundles/copy.html", title, **context)

    def start(self, request: HttpRequest) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = StartForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                return self.made(request, starting.start_course(**form.cleaned_data, by=signed_in(request)))
            except starting.Taken:
                form.add_error("key", taken())
        context = {"form": form, "button": _("Start this course")}
        return self.page(request, "desk/bundles/start.html", _("Start an empty course"), **context)

    def made(self, request: HttpRequest, course: Course) -> HttpResponse:
        messages.success(request, _("“%(title)s” is there. Nobody is enrolled in it.") % {"title": course.title})
        return HttpResponseRedirect(reverse("admin:courses_course_home", args=[course.pk]))


def shipped_courses() -> list[str]:
    """The keys of the courses that came with this release."""
    return sorted(file.parent.name for file in SHIPPED.glob("*/course.yaml"))
