"""The home of a course for its editors: the outline on one page, and the buttons that put things somewhere else."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.statements import Prepared
from courses.models import Course, Flag
from desk import skills
from desk.moving import anchor_of, carry_out, read_move
from desk.outline import outline_of
from desk.skills import SkillInline
from notices.admin import StaffAdmin
from notices.rows import fill, gap


class CourseList(ChangeList):
    def get_queryset(self, request: HttpRequest, exclude_parameters: list[str | None] | None = None) -> Any:
        return super().get_queryset(request, exclude_parameters).prefetch_related("modules")

    def url_for_result(self, result: Any) -> str:
        return reverse("admin:courses_course_home", args=[result.pk])


@admin.register(Course)
class CourseAdmin(StaffAdmin):
    list_display = ("title", "key", "modules_ready")
    search_fields = ("title", "key")
    search_help_text = gettext_lazy("Title or key")
    ordering = ("title", "pk")
    sortable_by = ()
    fields = ("title", "key", "summary")
    inlines = (SkillInline,)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # it needs a path, too: a page of its own starts one, or it comes from files

    def get_readonly_fields(self, request: HttpRequest, obj: Course | None = None) -> tuple[str, ...]:
        return ("key",) if obj else ()

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return CourseList

    @admin.display(description=gettext_lazy("modules"))
    def modules_ready(self, course: Course) -> str:
        modules = course.modules.all()
        words = ngettext("%(ready)d of %(n)d ready", "%(ready)d of %(n)d ready", len(modules))
        return words % {"ready": sum(module.is_ready for module in modules), "n": len(modules)}

    def home_of(self, obj: Any) -> str:
        return self.url("home", obj.pk)

    def form_frame(self, request: HttpRequest, obj: Course) -> dict[str, Any]:
        """The form of title and summary lies below the home of the course."""
        above = [*self.trail(request, obj), (obj.title, self.home_of(obj))]
        return {**super().form_frame(request, obj), "title": _("Title, summary and skills"), "trail": above}

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """A new skill is the last, with a key from its title."""
        for skill in formset.save(commit=False):
            skills.place(skill)
            skill.save()
        formset.save_m2m()

    def response_change(self, request: HttpRequest, obj: Course) -> HttpResponse:
        super().response_change(request, obj)
        return HttpResponseRedirect(self.home_of(obj))

    # --- Pages of our own --------------------------------------------------------------------------------------------

    def get_urls(self) -> list[Any]:
        wrap = self.admin_site.admin_view
        own = [
            path("<int:pk>/home/", wrap(self.home), name="courses_course_home"),
            path("<int:pk>/order/", wrap(self.order), name="courses_course_order"),
        ]
        return [*own, *super().get_urls()]

    def home(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Modules, lessons and quizzes with their states and problems, and where to go from each."""
        course = self.get_to_change(request, pk)
        outline = outline_of(course)
        context = {"course": course, "outline": outline, "parts": gap("parts"), "tools": tools(course), "wide": True}
        page = self.page(request, "desk/course_home.html", course.title, **context)
        fill(page, "parts", outline.html)
        return page

    def order(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Put a module or a lesson at another place; nothing happens if somebody else did meanwhile."""
        course = self.get_to_change(request, pk)
        home = self.home_of(course)
        if request.method != "POST":  # after signing in again
            return HttpResponseRedirect(home)
        move = read_move(course, request.POST.get("go", ""))
        if move is None:
            messages.error(request, _("It cannot go there: this course has changed. Here it is as it is now."))
            return HttpResponseRedirect(home)
        if move.is_felt and move.module:
            there = reverse("admin:courses_lesson_move", args=[move.what.pk])
            return HttpResponseRedirect(f"{there}?module={move.module.pk}&place={move.place}")
        carry_out(self, request, move, request.POST.get("order", ""))
        return HttpResponseRedirect(f"{home}#{anchor_of(course, move)}")


def tools(course: Course) -> list[tuple[str, str]]:
    """What else there is to do with the whole course: label and address. The one place for more of it."""
    return [
        (_("Paths"), f"{reverse('admin:courses_path_changelist')}?course={course.pk}"),
        (_("Questions"), f"{reverse('admin:quizzes_question_changelist')}?course={course.pk}"),
        (_("How people answer"), course.get_analysis_url()),
        (_("What holds at your company"), reverse("admin:desk_facts", args=[course.pk])),
        (flagged(course), f"{reverse('admin:courses_flag_changelist')}?state=open&course={course.pk}"),
        (_("Pictures"), reverse("admin:courses_image_changelist")),
        (_("Course files: out, in, a new release, copy"), reverse("admin:courses_bundle_changelist")),
        (_("Title, summary and skills"), reverse("admin:courses_course_change", args=[course.pk])),
    ]


@Prepared
def open_flags(course: int) -> QuerySet[Any, Any]:
    found = Flag.objects.open().filter(revision__lesson__course=course).order_by()
    return found.values("revision__lesson__course").annotate(n=Count("pk")).values_list("n")


def flagged(course: Course) -> str:
    n = sum(n for (n,) in open_flags(course=course.pk))
    return ngettext("%(n)d flag of a reader", "%(n)d flags of readers", n) % {"n": n} if n else _("Flags of readers")
