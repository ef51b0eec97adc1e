"""The paths of a course: which lessons a group of people is asked to take, and in what order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Count, Exists, OuterRef
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path as route
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.fields import offer, to_confirm
from courses import order, progress
from courses.admin.content import (
    CourseFilter,
    KeyFromTitle,
    add_titles,
    completes,
    editing_state,
    numbers_in,
    say_completed,
    with_editing_state,
)
from courses.models import Completion, Lesson, Path, PathStep
from courses.models.lesson import COMPLETABLE, LessonQuerySet, newest_title
from notices.admin import StaffAdmin, Trail

if TYPE_CHECKING:
    LessonField = forms.ModelChoiceField[Lesson]
    PathModelForm = forms.ModelForm[Path]
else:
    LessonField, PathModelForm = forms.ModelChoiceField, forms.ModelForm


class LessonChoiceField(LessonField):
    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.module.title}: {obj.draft_title or obj.key}"


def lessons_to_add(path: Path) -> LessonQuerySet:
    """What a path can ask for and does not yet, with the title that editors know."""
    there = PathStep.objects.filter(path=path, lesson=OuterRef("pk"))
    lessons = Lesson.objects.filter(~Exists(there), course=path.course_id, kind__in=COMPLETABLE, retired_at=None)
    return lessons.select_related("module").annotate(draft_title=newest_title("pk")).in_order()


class AddStepForm(forms.Form):
    """A lesson that the path asks for from now on."""

    lesson = LessonChoiceField(
        Lesson.objects.none(),
        label=gettext_lazy("Lesson"),
        empty_label=None,
        help_text=gettext_lazy("Readings and quizzes of this course that the path does not have yet."),
    )
    ask_people_under_way = forms.BooleanField(
        label=gettext_lazy("Ask people who are on the path already, too"),
        required=False,
        help_text=gettext_lazy(
            "Off: it is new and optional for them, and asked of people who start later. Of a lesson that was never "
            "published you decide that when you publish it."
        ),
    )

    def __init__(self, path: Path, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "lesson", lessons_to_add(path))
        self.is_felt = is_felt(path)
        if not self.is_felt:
            del self.fields["ask_people_under_way"]


class PathForm(KeyFromTitle, PathModelForm):
    """A path; a new one gets its lessons on its page."""


@admin.register(Path)
class PathAdmin(StaffAdmin):
    form = PathForm
    add_title = gettext_lazy("Add a path")
    list_display = ("title", "course", "summary", "lessons_on_it", "is_in_order")
    list_filter = (CourseFilter,)
    search_fields = ("title", "key", "summary")
    search_help_text = gettext_lazy("Title, key, or for whom")
    list_select_related = ("course",)
    list_intro = gettext_lazy("Which lessons a group of people is asked to take. What no path has stays open to all.")
    ordering = ("course__title", "course", "position", "pk")
    sortable_by = ()
    change_form_template = "admin/courses/path/change_form.html"

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).annotate(lessons=Count("steps"))

    def get_fields(self, request: HttpRequest, obj: Path | None = None) -> tuple[str, ...]:
        asked = ("title", "summary", "is_sequential", "certificate", "key")
        return (*asked, "course_title") if obj else ("course", *asked)

    def get_readonly_fields(self, request: HttpRequest, obj: Path | None = None) -> tuple[str, ...]:
        return ("key", "course_title") if obj else ()

    def save_model(self, request: HttpRequest, obj: Path, form: PathForm, change: bool) -> None:
        """A new one is the last of its course."""
        if change:
            super().save_model(request, obj, form, change)
        else:
            order.append(obj)

    def has_delete_permission(self, request: HttpRequest, obj: Path | None = None) -> bool:
        return False

    def trail(self, request: HttpRequest, obj: Path | None = None) -> Trail:
        if obj is None:
            return super().trail(request)
        course = (str(obj.course), reverse("admin:courses_course_home", args=[obj.course_id]))
        return [course, *super().trail(request)]

    @admin.display(description=gettext_lazy("course"))
    def course_title(self, path: Path) -> str:
        return path.course.title

    @admin.display(description=gettext_lazy("lessons"))
    def lessons_on_it(self, path: Any) -> int:
        return int(path.lessons)

    @admin.display(description=gettext_lazy("in order"))
    def is_in_order(self, path: Path) -> str:
        return _("In order") if path.is_sequential else _("In any order")

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        path = self.get_object(request, object_id)
        context: dict[str, Any] = {}
        if path:
            rows = rows_of(path)
            stamp = order.stamp_of({path.pk: [row["lesson"].pk for row in rows]})
            context = {"steps": rows, "stamp": stamp, "adding": AddStepForm(path)}
        return super().change_view(request, object_id, form_url, context)

    # --- Its steps ---------------------------------------------------------------------------------------------------

    def get_urls(self) -> list[Any]:
        wrap = self.admin_site.admin_view
        own = [
            route("<int:pk>/order/", wrap(self.order_view), name="courses_path_order"),
            route("<int:pk>/add-lesson/", wrap(self.add_lesson), name="courses_path_add_lesson"),
            route("<int:pk>/remove/<int:number>/", wrap(self.remove), name="courses_path_remove"),
        ]
        return [*own, *super().get_urls()]

    def order_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Put a lesson at another place of the path; nothing happens if somebody else did meanwhile."""
        path = self.get_to_change(request, pk)
        page = self.url("change", path.pk)
        lesson, place = read_step(path, request.POST.get("go", ""))
        if request.method != "POST" or lesson is None:
            return HttpResponseRedirect(page)
        try:
            if order.move_step(path, lesson, place, request.POST.get("order", "")):
                self.log_change(request, path, f"Moved {lesson.key} to place {place}")
        except order.OrderChanged:
            messages.warning(request, _("Somebody changed this path meanwhile, so nothing was moved. This is it now."))
            return HttpResponseRedirect(page)
        words = _("“%(title)s” is at place %(place)d now.")
        messages.success(request, words % {"title": lesson.title, "place": place})
        return HttpResponseRedirect(f"{page}#{'up' if place > 1 else 'down'}-{lesson.pk}")

    def add_lesson(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Let the path ask for one more lesson, after a page that says of whom."""
        path = self.get_to_change(request, pk)
        form = AddStepForm(path, request.POST or None)
        if request.method == "POST" and form.is_valid() and (request.POST.get("confirmed") or not form.is_felt):
            return self.add_now(request, path, form)
        asking = request.method == "POST" and form.is_valid()
        title = _("Add a lesson to “%(path)s”") % {"path": path.title}
        button = _("Go on") if form.is_felt else _("Add it")
        context: dict[str, Any] = {"sentences": people_on(path), "hidden": [], "form": form, "button": button}
        if asking:
            lesson = form.cleaned_data["lesson"]
            title = _("Add “%(lesson)s” to “%(path)s”?") % {"lesson": lesson.title, "path": path.title}
            ask = form.cleaned_data.get("ask_people_under_way", False)
            context |= {
                "sentences": adding(path, lesson, ask),
                "hidden": to_confirm(form),
                "form": None,
                "button": _("Add it"),
            }
        return self.page(request, "desk/confirm.html", title, path, back=self.url("change", path.pk), **context)

    def add_now(self, request: HttpRequest, path: Path, form: AddStepForm) -> HttpResponse:
        lesson, ask = form.cleaned_data["lesson"], form.cleaned_data.get("ask_people_under_way", False)
        if order.add_step(path, lesson, ask_people_under_way=ask):
            self.log_change(request, path, f"Added {lesson.key}")
        messages.success(request, _("“%(title)s” is on the path now, as the last.") % {"title": lesson.title})
        if not form.is_felt and lessons_to_add(path).exists():
            return HttpResponseRedirect(self.url("add_lesson", path.pk))
        return HttpResponseRedirect(f"{self.url('change', path.pk)}#up-{lesson.pk}")

    def remove(self, request: HttpRequest, pk: int, number: int) -> HttpResponse:
        """Ask for a lesson no more on this path, after a page that says what that does."""
        path = self.get_to_change(request, pk)
        step = path.steps.filter(lesson=number).select_related("lesson__published_revision", "lesson__course").first()
        back = self.url("change", path.pk)
        if step is None:
            messages.info(request, _("Nothing to do: the path does not have it."))
            return HttpResponseRedirect(back)
        if request.method == "POST":
            removed, completed = order.remove_step(path, step.lesson)
            if removed:
                self.log_change(request, path, f"Removed {step.lesson.key}")
            messages.success(request, _("“%(title)s” is off the path.") % {"title": step.lesson.title})
            say_completed(request, completed)
            return HttpResponseRedirect(back)
        names = {"lesson": step.lesson.title, "path": path.title}
        title, button = _("Take “%(lesson)s” off “%(path)s”?") % names, _("Take it off")
        context = {"sentences": removing(path, step.lesson), "button": button, "back": back}
        return self.page(request, "desk/confirm.html", title, path, **context)


def rows_of(path: Path) -> list[dict[str, Any]]:
    """The steps of a path as its page shows them, in a fixed number of queries."""
    steps = list(path.steps.order_by("position", "pk"))
    lessons = {
        lesson.pk: lesson
        for lesson in with_editing_state(Lesson.objects.filter(pk__in=[step.lesson_id for step in steps]))
    }
    add_titles(list(lessons.values()))
    rows = []
    for place, step in enumerate(steps, 1):
        lesson = lessons[step.lesson_id]
        state, label = editing_state(lesson)
        row = {"lesson": lesson, "since": step.since, "state": state, "label": label}
        row["up"] = f"{lesson.pk} {place - 1}" if place > 1 else ""
        row["down"] = f"{lesson.pk} {place + 1}" if place < len(steps) else ""
        rows.append(row)
    return rows


def read_step(path: Path, value: str) -> tuple[Lesson | None, int]:
    """`12 3`: which lesson of the path, and at which place. None if there is no such thing here."""
    numbers = numbers_in(value.split())
    if len(numbers) != 2:
        return None, 0
    lessons = Lesson.objects.filter(pk=numbers[0], steps__path=path).select_related("published_revision")
    return lessons.first(), min(max(numbers[1], 1), path.steps.count())


def is_felt(path: Path) -> bool:
    """Whether anybody is on the path, so that a change of it is to be thought over."""
    return path.enrollments.current().exists()


def people_on(path: Path) -> list[str]:
    """How many people the path has, as numbers."""
    found = path.enrollments.current().filter(user__is_active=True)
    complete, people = found.complete().count(), found.count()
    started = found.filter(completed_at=None, started_at__isnull=False).count()
    if not people:
        return [_("Nobody is on this path now.")]
    words = ngettext("%(n)d person is on this path.", "%(n)d people are on this path.", people) % {"n": people}
    stand = _("Completed: %(complete)d. Under way: %(started)d. Not started: %(rest)d.")
    return [words, stand % {"complete": complete, "started": started, "rest": people - complete - started}]


def adding(path: Path, lesson: Lesson, ask: bool) -> list[str]:
    if not lesson.has_been_published:
        what = _("It was never published. Of whom it is asked you decide when you publish it.")
    elif ask:
        what = _("Everybody on the path who has not completed the course is asked to take it, too.")
    else:
        what = _("It is new and optional for everybody who is on the path now, and asked of people who start later.")
    return [what, *people_on(path), _("Whoever completed the course stays complete.")]


def removing(path: Path, lesson: Lesson) -> list[str]:
    """What it means to take a lesson off a path."""
    done = Completion.objects.filter(lesson=lesson, enrollment__path=path).values("enrollment").distinct().count()
    completed = progress.would_complete(path.course, lesson, path=path)
    kept = ngettext(
        "%(n)d person on this path completed it; that is kept.",
        "%(n)d people on this path completed it; that is kept.",
        done,
    )
    return [
        _("Nobody on this path is asked for it any more. It stays open, under “More if you like”."),
        *people_on(path),
        kept % {"n": done},
        completes(completed),
    ]
