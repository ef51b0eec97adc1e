"""To put modules and lessons somewhere else: what a button asks for, and the page for going farther."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.fields import offer, to_confirm
from courses.admin.content import completes, numbers_in, say_completed
from courses.models import Completion, Course, Lesson, Module
from courses.order import Moved, Order, OrderChanged, appears, disappears, move_lesson, move_module
from desk.lesson_acts import who
from desk.lesson_forms import ask_people_under_way_field
from notices.admin import StaffAdmin

if TYPE_CHECKING:
    ModuleField = forms.ModelChoiceField[Module]
else:
    ModuleField = forms.ModelChoiceField


FARTHEST = 100_000  # places; more was not sent by a button


@dataclass(frozen=True)
class Move:
    """What a button of the outline asks for: a module, or a lesson, at a place; of a lesson also in which module."""

    what: Module | Lesson
    module: Module | None
    place: int

    @property
    def anchor(self) -> str:
        kind = "lesson" if self.module else "module"
        return f"{kind}-{self.what.pk}"

    @property
    def is_felt(self) -> bool:
        """Whether learners would see the lesson appear or disappear, which needs a page that says so first."""
        lesson, module = self.what, self.module
        if not isinstance(lesson, Lesson) or module is None:
            return False
        return appears(lesson, module) or disappears(lesson, module)

    def do(self, stamp: str, ask_people_under_way: bool = False) -> Moved:
        if isinstance(self.what, Module):
            return Moved(move_module(self.what, self.place, stamp))
        module = self.module or self.what.module
        return move_lesson(self.what, module, self.place, stamp, ask_people_under_way=ask_people_under_way)


def read_move(course: Course, value: str) -> Move | None:
    """`module 3 1` or `lesson 12 3 1`: what, in which module, at which place. None if there is no such thing here."""
    kind, *rest = value.split() or [""]
    numbers = numbers_in(rest)
    module = course.modules.filter(pk=numbers[-2]).first() if len(numbers) > 1 else None
    if module is None or not 0 < numbers[-1] < FARTHEST:
        return None
    if (kind, len(numbers)) == ("module", 2):
        return Move(module, None, numbers[1])
    lessons = course.lessons.filter(pk=numbers[0], retired_at=None).select_related("module", "course")
    lesson = lessons.first() if (kind, len(numbers)) == ("lesson", 3) else None
    return Move(lesson, module, numbers[2]) if lesson else None


CHANGED = gettext_lazy(
    "Somebody put something somewhere else here since you opened the page, so nothing was moved. This is the order now."
)


def anchor_of(course: Course, move: Move) -> str:
    """The button to go on with, where the focus stays: the same if there still is one, else the other."""
    order = Order.of(course)
    rows = order.lessons.get(move.module.pk, []) if move.module else list(order.lessons)
    now = rows.index(move.what.pk) if move.what.pk in rows else 0
    return move.anchor if len(rows) < 2 else f"{'up' if now else 'down'}-{move.anchor}"


def said(move: Move) -> str:
    """Where it is now, for the message that screen readers announce."""
    if not move.module:
        return _("“%(title)s” is module %(place)d now.") % {"title": move.what.title, "place": move.place}
    words = _("“%(title)s” is at place %(place)d of “%(module)s” now.")
    draft = move.what.draft if isinstance(move.what, Lesson) else None
    title = draft.title if draft else str(move.what)
    return words % {"title": title, "place": move.place, "module": move.module.title}


def carry_out(admin: StaffAdmin, request: HttpRequest, move: Move, stamp: str, ask: bool = False) -> bool:
    """Do it, note it and say it; or say why not."""
    try:
        moved = move.do(stamp, ask)
    except OrderChanged:
        messages.warning(request, CHANGED)
        return False
    if moved.is_new:
        where = f" of module {move.module.key}" if move.module else ""
        admin.log_change(request, move.what, f"Moved to place {move.place}{where}")
    messages.success(request, said(move))
    say_completed(request, moved.completed)
    return True


class MoveForm(forms.Form):
    """Where a lesson goes."""

    module = ModuleField(Module.objects.none(), label=gettext_lazy("Module"), empty_label=None)
    place = forms.IntegerField(
        label=gettext_lazy("Place"),
        required=False,
        min_value=1,
        max_value=FARTHEST - 1,
        help_text=gettext_lazy("1 is the first. Left empty, or beyond the last, it goes to the end."),
    )
    order = forms.CharField(widget=forms.HiddenInput, required=False, max_length=50_000)

    def __init__(self, lesson: Lesson, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "module", lesson.course.modules.order_by("position", "pk"))


class AskForm(forms.Form):
    ask_people_under_way = ask_people_under_way_field()


class MovePages(StaffAdmin):
    """For LessonAdmin: choose a place; where learners would notice, a page that says what; then the deed."""

    def move(self, request: HttpRequest, pk: int) -> HttpResponse:
        lesson = self.get_to_change(request, pk)
        order = Order.of(lesson.course)
        if lesson.retired_at:
            messages.info(request, _("It is retired. Bring it back first, then move it."))
            return HttpResponseRedirect(self.url("change", lesson.pk))
        form = MoveForm(lesson, request.POST or None, initial=start(request, lesson, order))
        if request.method != "POST" or not form.is_valid():
            title = _("Move “%(title)s”") % {"title": self.heading(lesson)}
            return self.page(request, "desk/move.html", title, lesson, form=form, lesson=lesson)
        module, place = form.cleaned_data["module"], form.cleaned_data["place"] or FARTHEST - 1
        move = Move(lesson, module, min(place, len(order.lessons[module.pk]) + (lesson.module_id != module.pk)))
        if move.is_felt and not request.POST.get("confirmed"):
            return self.say_before(request, lesson, module, form)
        ask = AskForm(request.POST).data.get("ask_people_under_way") == "on"
        if not carry_out(self, request, move, form.cleaned_data["order"], ask):
            return HttpResponseRedirect(self.url("move", lesson.pk))
        home = reverse("admin:courses_course_home", args=[lesson.course_id])
        return HttpResponseRedirect(f"{home}#{anchor_of(lesson.course, move)}")

    def say_before(self, request: HttpRequest, lesson: Lesson, module: Module, form: MoveForm) -> HttpResponse:
        """What learners would notice, with the numbers."""
        names = {"title": self.heading(lesson), "module": module.title}
        context: dict[str, Any] = {"hidden": to_confirm(form)}
        if appears(lesson, module):
            sentences = [_("That module is open, so learners see the lesson from now on."), *who(lesson)]
            was_met = Completion.objects.filter(lesson=lesson).exists()  # it comes back
            context["form"] = AskForm(initial={"ask_people_under_way": was_met})
        else:
            sentences = [
                _("That module is in preparation, so learners do not see the lesson until it is opened."),
                _("What they did in it is kept, and counts again then."),
                *who(lesson),
                completes(0),
            ]
        title = _("Move “%(title)s” to “%(module)s”?") % names
        context |= {"sentences": sentences, "button": _("Move it"), "back": self.url("move", lesson.pk)}
        return self.page(request, "desk/confirm.html", title, lesson, **context)


def start(request: HttpRequest, lesson: Lesson, order: Order) -> dict[str, Any]:
    """Where the lesson is, or where it was dropped."""
    here = order.lessons.get(lesson.module_id, [])
    place = here.index(lesson.pk) + 1 if lesson.pk in here else None
    start = {"module": lesson.module_id, "place": place, "order": order.stamp}
    asked = {name: request.GET[name] for name in ("module", "place") if request.GET.get(name, "").isdecimal()}
    return start | asked
