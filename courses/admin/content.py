from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.db.models import F, Max, Prefetch
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path as route
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from courses import publishing
from courses.models import Course, Flag, Lesson, Module, Objective, Path, PathStep, Skill
from notices.admin import StaffAdmin, StaffInline, Trail

if TYPE_CHECKING:
    CourseForm = forms.ModelForm[Course]
    ModuleModelForm = forms.ModelForm[Module]
    ObjectiveModelForm = forms.ModelForm[Objective]
else:
    CourseForm = ModuleModelForm = ObjectiveModelForm = forms.ModelForm


def with_editing_state(lessons: Any) -> Any:
    """Lessons with what `editing_state` asks about, in the same query."""
    return lessons.select_related("module", "published_revision").annotate(
        newest=Max("revisions__number"), published_number=F("published_revision__number")
    )


def editing_state(lesson: Any) -> tuple[str, str]:
    """Where a lesson of `with_editing_state` stands for editors: the name of its chip and the words on it."""
    if lesson.retired_at:
        return "retired", _("Retired")
    if lesson.published_revision_id is None:
        return "in-preparation", _("Not published")
    if lesson.newest != lesson.published_number:
        return "update-due", _("Draft changes")
    if not lesson.module.is_ready:
        return "in-preparation", _("Waits for its module")
    return "complete", _("Published")


@admin.register(Course)
class CourseAdmin(StaffAdmin):
    list_display = ("title", "key")
    fields = ("key", "title", "summary")
    save_label = gettext_lazy("Save title and summary")
    change_form_template = "admin/courses/course/change_form.html"
    add_title = gettext_lazy("Add a course")

    def get_readonly_fields(self, request: HttpRequest, obj: Course | None = None) -> tuple[str, ...]:
        return ("key",) if obj else ()

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        course = self.get_object(request, object_id)
        modules = self.outline(course) if course else []
        context = {"modules": modules, "ready": sum(module.is_ready for module in modules), "course": course}
        context["flags"] = Flag.objects.open().filter(revision__lesson__course=course).count() if course else 0
        return super().change_view(request, object_id, form_url, context)

    def outline(self, course: Course) -> list[Module]:
        """The modules, each with `shown`: its lessons and their states. Two queries."""
        lessons = with_editing_state(Lesson.objects.order_by("position", "pk"))
        modules = list(course.modules.prefetch_related(Prefetch("lessons", lessons, to_attr="listed")))
        for module in modules:
            module.shown = []  # type: ignore[attr-defined]  # for the template
            for lesson in module.listed:  # type: ignore[attr-defined]  # set by the prefetch
                lesson.module = module
                state, label = editing_state(lesson)
                module.shown.append({"lesson": lesson, "state": state, "label": label})  # type: ignore[attr-defined]
        add_titles([entry["lesson"] for module in modules for entry in module.shown])  # type: ignore[attr-defined]
        return modules


def add_titles(lessons: list[Lesson]) -> None:
    """Set `draft_title` on each: the newest revision's; one query for all."""
    wanted = {(lesson.pk, lesson.newest) for lesson in lessons}  # type: ignore[attr-defined]  # annotated
    found = Lesson.objects.filter(pk__in=[lesson.pk for lesson in lessons]).values_list(
        "pk", "revisions__number", "revisions__title"
    )
    titles = {pk: title for pk, number, title in found if (pk, number) in wanted}
    for lesson in lessons:
        lesson.draft_title = titles.get(lesson.pk) or lesson.key  # type: ignore[attr-defined]


class ObjectiveForm(ObjectiveModelForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.fields["key"].disabled = True  # lessons and questions name it


class ObjectiveInline(StaffInline):
    model = Objective
    form = ObjectiveForm
    fields = ("key", "text", "skill", "position")
    can_delete = False
    verbose_name = gettext_lazy("objective")

    def get_formset(self, request: HttpRequest, obj: Module | None = None, **kwargs: Any) -> Any:
        """With the skills of this course to choose from, asked once for all rows."""
        formset = super().get_formset(request, obj, **kwargs)
        if obj and "skill" in formset.form.base_fields:
            formset.form.base_fields["skill"].queryset = Skill.objects.filter(course=obj.course_id)  # type: ignore[attr-defined]  # a choice
        return formset


class ModuleForm(ModuleModelForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk and "illustration" in self.fields:
            drawings = self.instance.course.diagrams.all()
            self.fields["illustration"].queryset = drawings  # type: ignore[attr-defined]  # a ModelChoiceField

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        course, drawing = data.get("course") or getattr(self.instance, "course", None), data.get("illustration")
        if course and drawing and drawing.course_id != course.pk:
            self.add_error("illustration", _("This drawing belongs to another course."))
        return data

    def _get_validation_exclusions(self) -> Any:
        return super()._get_validation_exclusions() - {"course"}  # type: ignore[misc]  # its key is unique in its course


@admin.register(Module)
class ModuleAdmin(StaffAdmin):
    form = ModuleForm
    list_display = ("title", "course", "status")
    list_select_related = ("course",)
    ordering = ("course", "position")
    inlines = (ObjectiveInline,)
    change_form_template = "admin/courses/module/change_form.html"
    add_title = gettext_lazy("Add a module")

    def get_fields(self, request: HttpRequest, obj: Module | None = None) -> tuple[str, ...]:
        if obj is None:
            return ("course", "key", "title", "purpose", "position")
        return ("title", "purpose", "position", "illustration", "key", "status_now")

    def get_readonly_fields(self, request: HttpRequest, obj: Module | None = None) -> tuple[str, ...]:
        return ("key", "status_now") if obj else ()

    def get_inlines(self, request: HttpRequest, obj: Module | None = None) -> Any:
        return self.inlines if obj else ()  # skills are known once the course is

    @admin.display(description=gettext_lazy("status"))
    def status_now(self, module: Module) -> str:
        return module.get_status_display()

    def trail(self, request: HttpRequest, obj: Module | None = None) -> Trail:
        if obj is None:
            return super().trail(request)
        return [(str(obj.course), reverse("admin:courses_course_change", args=[obj.course_id]))]

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.status_view)
        return [route("<int:pk>/status/", view, name="courses_module_status"), *super().get_urls()]

    def status_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Open a module to learners, or take it back into preparation, after saying what that does."""
        module = self.get_to_change(request, pk)
        status = Module.Status.IN_PREPARATION if module.is_ready else Module.Status.READY
        if request.method == "POST":
            return self.set_status(request, module, request.POST.get("status", ""))
        lessons = module.lessons.filter(published_revision__isnull=False, retired_at=None).count()
        people = module.course.enrollments.current().filter(user__is_active=True).count()
        if status == Module.Status.READY:
            title, button = _("Open “%(module)s” to learners?"), _("Open it to learners")
            what = _("Its published lessons appear to everybody on the course, and count where their path has them.")
        else:
            title, button = _("Take “%(module)s” back into preparation?"), _("Take it back")
            what = _(
                "Its lessons disappear for learners. Nobody can complete the course while a module is in preparation."
            )
        sentences = [
            what,
            ngettext("It has %(n)d published lesson.", "It has %(n)d published lessons.", lessons) % {"n": lessons},
            ngettext("%(n)d person is on the course.", "%(n)d people are on the course.", people) % {"n": people},
        ]
        return self.page(
            request,
            "desk/confirm.html",
            title % {"module": module.title},
            module,
            sentences=sentences,
            button=button,
            hidden={"status": status.value},
            back=self.url("change", module.pk),
        )

    def set_status(self, request: HttpRequest, module: Module, value: str) -> HttpResponse:
        if value in Module.Status.values and value != module.status:
            completed = publishing.set_status(module, Module.Status(value))
            self.log_change(request, module, f"Status: {value}")
            say_completed(request, completed)
        messages.success(
            request,
            _("“%(module)s”: %(status)s.") % {"module": module.title, "status": module.get_status_display().lower()},
        )
        return HttpResponseRedirect(self.url("change", module.pk))


def say_completed(request: HttpRequest, completed: int) -> None:
    """Tell the editor that a change of content completed the course for people."""
    if completed:
        text = ngettext(
            "That completed the course for %(n)d person.", "That completed the course for %(n)d people.", completed
        )
        messages.info(request, text % {"n": completed})


@admin.register(Path)
class PathAdmin(StaffAdmin):
    list_display = ("title", "course", "summary", "is_in_order")
    list_select_related = ("course",)
    ordering = ("course", "position")
    fields = ("title", "summary", "is_sequential", "certificate", "key", "course_title")
    change_form_template = "admin/courses/path/change_form.html"

    def get_readonly_fields(self, request: HttpRequest, obj: Path | None = None) -> tuple[str, ...]:
        return ("key", "course_title")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # paths come from the course files

    def has_delete_permission(self, request: HttpRequest, obj: Path | None = None) -> bool:
        return False

    @admin.display(description=gettext_lazy("course"))
    def course_title(self, path: Path) -> str:
        return path.course.title

    @admin.display(description=gettext_lazy("in order"))
    def is_in_order(self, path: Path) -> str:
        return _("In order") if path.is_sequential else _("In any order")

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        path = self.get_object(request, object_id)
        steps = PathStep.objects.filter(path=path).select_related("lesson__module", "lesson__published_revision")
        listed = list(steps.order_by("position"))
        lessons = list(with_editing_state(Lesson.objects.filter(pk__in=[step.lesson_id for step in listed])))
        add_titles(lessons)
        titles = {lesson.pk: lesson.draft_title for lesson in lessons}
        rows = [(titles.get(step.lesson_id, ""), step.lesson, step.since) for step in listed]
        return super().change_view(request, object_id, form_url, {"steps": rows})
