from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Count, F, Max, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path as route
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.fields import WithUnshown, offer
from accounts.numbers import row_number
from courses import order, progress, publishing
from courses.models import Course, Lesson, Module, Objective, Skill
from courses.models.course import free_key, key_from
from notices.admin import ColumnFilter, StaffAdmin, StaffInline, Trail

if TYPE_CHECKING:
    ModuleModelForm = forms.ModelForm[Module]
    ObjectiveModelForm = forms.ModelForm[Objective]
else:
    ModuleModelForm = ObjectiveModelForm = forms.ModelForm

FARTHEST = 999  # objectives of a module, and more than anybody lists


def with_editing_state(lessons: Any) -> Any:
    """Lessons with what `editing_state` asks about, in the same query."""
    return lessons.select_related("module", "published_revision").annotate(
        newest=Max("revisions__number"),
        published_number=F("published_revision__number"),
        was_published=Max("revisions__published_at"),
    )


def editing_state(lesson: Any) -> tuple[str, str]:
    """Where a lesson of `with_editing_state` stands for editors: the name of its chip and the words on it."""
    if lesson.retired_at:
        return "retired", _("Retired")
    if lesson.published_revision_id is None and lesson.was_published:
        return "hidden", _("Hidden")
    if lesson.published_revision_id is None:
        return "in-preparation", _("Not published")
    if lesson.newest != lesson.published_number:
        return "update-due", _("Draft changes")
    if not lesson.module.is_ready:
        return "in-preparation", _("Waits for its module")
    return "complete", _("Published")


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
        self.fields["text"].label = _("What people can do after the module")
        self.fields["position"] = forms.IntegerField(
            label=_("Place in the list"), min_value=0, max_value=FARTHEST, initial=0
        )

    def clean_key(self) -> str:
        """Lessons and questions name it by this code, so it is one of a kind in the whole course."""
        key: str = self.cleaned_data["key"]
        others = Objective.objects.filter(module__course=self.instance.module.course_id, key=key)
        if other := others.exclude(pk=self.instance.pk).select_related("module").first():
            text = _("“%(module)s” has an objective of this code already. Take another number.")
            raise forms.ValidationError(text % {"module": other.module.title})
        return key

    def has_changed(self) -> bool:
        """A new one that says nothing is none, though it has a code and a place."""
        says = self.instance.pk or any(self[name].value() for name in ("text", "skill"))
        return bool(says) and super().has_changed()


class ObjectiveInline(StaffInline):
    """What people can do after the module."""

    model = Objective
    form = ObjectiveForm
    fields = ("key", "text", "position", "skill")
    can_delete = False
    verbose_name = gettext_lazy("objective")

    def get_formset(self, request: HttpRequest, obj: Module | None = None, **kwargs: Any) -> Any:
        """With the skills of this course to choose from, asked once for all rows."""
        formset = super().get_formset(request, obj, **kwargs)
        if obj and "skill" in formset.form.base_fields:
            formset.form.base_fields["skill"].queryset = Skill.objects.filter(course=obj.course_id)  # a choice
        return formset


class CourseFilter(ColumnFilter):
    """Only where there are several courses."""

    title = gettext_lazy("course")
    parameter_name = column = "course"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        courses = [(str(pk), title) for pk, title in Course.objects.order_by("title").values_list("pk", "title")]
        return courses if len(courses) > 1 else []


class KeyFromTitle(WithUnshown):
    """For the forms of what has a key in its course: one that is left empty is made from the title, one of a kind."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "key" in self.fields:
            self.fields["key"].required = False
            self.fields["key"].help_text = _(
                "Part of its address; it never changes. Left empty, it is made from the title."
            )

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if "key" not in self.fields or "key" in self.errors:
            return data
        known = self._meta.model.objects.filter(course=data.get("course")).values_list("key", flat=True)
        if key := data.get("key"):
            if key in known:
                self.add_error("key", _("The course has this key already. Choose another, or leave it empty."))
        elif key := key_from(data.get("title", ""), 45):
            data["key"] = free_key(key, set(known))
        elif data.get("title"):
            self.add_error("key", _("Write one: this title has no letters to make it from."))
        return data

    def unshown(self) -> set[str]:
        return {"course"}


class ModuleForm(KeyFromTitle, ModuleModelForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk and "illustration" in self.fields:
            drawings = self.instance.course.diagrams.all()
            offer(self, "illustration", drawings)

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        course, drawing = data.get("course") or getattr(self.instance, "course", None), data.get("illustration")
        if course and drawing and drawing.course_id != course.pk:
            self.add_error("illustration", _("This drawing belongs to another course."))
        return data


class StatusFilter(ColumnFilter):
    title = gettext_lazy("status")
    parameter_name = column = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(value, str(label)) for value, label in Module.Status.choices]


@admin.register(Module)
class ModuleAdmin(StaffAdmin):
    form = ModuleForm
    list_display = ("title", "course", "lessons_in_it", "status")
    list_filter = (CourseFilter, StatusFilter)
    search_fields = ("title", "key")
    search_help_text = gettext_lazy("Title or key")
    list_select_related = ("course",)
    ordering = ("course__title", "course", "position", "pk")
    sortable_by = ()
    inlines = (ObjectiveInline,)
    change_form_template = "admin/courses/module/change_form.html"
    add_title = gettext_lazy("Add a module")

    def get_fields(self, request: HttpRequest, obj: Module | None = None) -> tuple[str, ...]:
        if obj is None:
            return ("course", "title", "purpose", "key")
        drawing = ("illustration",) if obj.course.diagrams.exists() else ()
        return ("title", "purpose", *drawing, "key", "status_now")

    def get_readonly_fields(self, request: HttpRequest, obj: Module | None = None) -> tuple[str, ...]:
        return ("key", "status_now") if obj else ()

    def get_inlines(self, request: HttpRequest, obj: Module | None = None) -> Any:
        return self.inlines if obj else ()  # skills are known once the course is

    def get_queryset(self, request: HttpRequest) -> Any:
        kept = Lesson.objects.filter(module=OuterRef("pk"), retired_at=None).order_by().values("module")
        lessons = Subquery(kept.annotate(n=Count("pk")).values("n"))
        return super().get_queryset(request).annotate(kept=Coalesce(lessons, 0))

    def get_formset_kwargs(self, request: HttpRequest, obj: Module, inline: Any, prefix: str) -> Any:
        """The empty objective has the next code and place already; as long as nothing else is typed, it is none."""
        kwargs = super().get_formset_kwargs(request, obj, inline, prefix)
        if obj.pk:
            number = (obj.objectives.aggregate(last=Max("position"))["last"] or 0) + 1
            kwargs["initial"] = [{"key": f"O{obj.position}.{number}", "position": number}]
        return kwargs

    def save_model(self, request: HttpRequest, obj: Module, form: ModuleForm, change: bool) -> None:
        """A new one is the last of its course; on the home of the course it is put elsewhere."""
        if change:
            super().save_model(request, obj, form, change)
        else:
            order.append(obj)

    @admin.display(description=gettext_lazy("lessons"))
    def lessons_in_it(self, module: Any) -> int:
        return int(module.kept)

    @admin.display(description=gettext_lazy("status"))
    def status_now(self, module: Module) -> str:
        return module.get_status_display()

    def trail(self, request: HttpRequest, obj: Module | None = None) -> Trail:
        if obj is None:
            return super().trail(request)
        return [(str(obj.course), reverse("admin:courses_course_home", args=[obj.course_id]))]

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.status_view)
        return [route("<int:pk>/status/", view, name="courses_module_status"), *super().get_urls()]

    def status_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Open a module to learners, or take it back into preparation, after saying what that does."""
        module = self.get_to_change(request, pk)
        status = Module.Status.IN_PREPARATION if module.is_ready else Module.Status.READY
        if request.method == "POST":
            return self.set_status(request, module, request.POST.get("status", ""))
        if status == Module.Status.READY:
            title, button = _("Open “%(module)s” to learners?"), _("Open it to learners")
        else:
            title, button = _("Take “%(module)s” back into preparation?"), _("Take it back")
        return self.page(
            request,
            "desk/confirm.html",
            title % {"module": module.title},
            module,
            sentences=closing(module) if module.is_ready else opening(module),
            button=button,
            hidden=[("status", status.value)],
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


def opening(module: Module) -> list[str]:
    """What it means to open a module to learners."""
    others = module.course.modules.in_preparation().exclude(pk=module.pk).count()
    waits = ngettext(
        "%(n)d other module is in preparation, so nobody can complete the course yet.",
        "%(n)d other modules are in preparation, so nobody can complete the course yet.",
        others,
    )
    return [
        _("Its published lessons appear to everybody on the course, and count where their path has them."),
        *size_of(module),
        waits % {"n": others} if others else completes(progress.would_complete_if_open(module)),
    ]


def closing(module: Module) -> list[str]:
    """What it means to take a module back into preparation."""
    return [
        _("Its lessons disappear for learners. Nobody can complete the course while a module is in preparation."),
        *size_of(module),
        _("What people did in it is kept. Whoever completed the course stays complete."),
    ]


def size_of(module: Module) -> list[str]:
    """How much opening or closing a module moves, and for how many."""
    lessons = module.lessons.filter(published_revision__isnull=False, retired_at=None).count()
    people, under_way = people_on(module.course)
    shown = ngettext("It has %(n)d published lesson.", "It has %(n)d published lessons.", lessons)
    on_it = ngettext(
        "%(n)d person is on the course, %(under_way)d of them under way.",
        "%(n)d people are on the course, %(under_way)d of them under way.",
        people,
    )
    return [shown % {"n": lessons}, on_it % {"n": people, "under_way": under_way}]


def people_on(course: Course) -> tuple[int, int]:
    """How many are on a course, and how many of them have begun and not completed it."""
    found = course.enrollments.current().filter(user__is_active=True)
    return found.count(), found.filter(completed_at=None, started_at__isnull=False).count()


def completes(people: int) -> str:
    """How many people complete the course by what an editor is about to do."""
    if not people:
        return _("Nobody completes the course by that.")
    words = ngettext(
        "That completes the course for %(n)d person.", "That completes the course for %(n)d people.", people
    )
    return words % {"n": people}


def numbers_in(words: Iterable[str]) -> list[int]:
    """What a button sent, as numbers; nothing if any is none."""
    found = [row_number(word) for word in words]
    return found if all(found) else []


def say_completed(request: HttpRequest, completed: int) -> None:
    """Tell the editor that a change of content completed the course for people."""
    if completed:
        text = ngettext(
            "That completed the course for %(n)d person.", "That completed the course for %(n)d people.", completed
        )
        messages.info(request, text % {"n": completed})
