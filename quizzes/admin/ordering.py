"""The questions of a quiz on its page, and putting them in another order: by buttons, or far by two numbers."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from django import forms
from django.contrib import messages
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.statements import Prepared
from notices.admin import StaffAdmin
from notices.rows import Rows, gap, surroundings
from quizzes import drawing, grading, pool
from quizzes.admin.questions import question_state
from quizzes.models import PoolItem, QuestionRevision, Quiz
from quizzes.pool import Listed

if TYPE_CHECKING:
    Base = StaffAdmin
else:
    Base = object

BIGGEST = 2**31 - 1
MOST = 9_999  # places; a pool of more is none that people look through


class Row(NamedTuple):
    """One question of a pool as it is listed. `up` and `down` are what its buttons send, if there is a way."""

    number: int
    pk: int
    stem: str
    type: str
    level: str
    objective: str
    state: str
    label: str
    worries: tuple[str, ...]
    may_move: bool
    up: str
    down: str


class Pool(NamedTuple):
    """The questions of a quiz as rows of a table, and how many there are."""

    html: bytes
    size: int


def pool_of(quiz: Quiz, may_move: bool) -> Pool:
    """The questions of a quiz in their order; one query, however many."""
    return _pool(pool.listed.raw(quiz=quiz.pk), may_move, surroundings())


@lru_cache(maxsize=8)  # each half a megabyte
def _pool(listed: tuple[Any, ...], may_move: bool, surroundings: Any) -> Pool:
    """Remembered by all that is shown."""
    draw = Rows("admin/quizzes/quiz/pool_row.html", base=reverse("admin:quizzes_question_changelist"))
    types, levels = dict(grading.type_choices()), dict(QuestionRevision.Level.choices)
    found = [Listed(*row) for row in pool.listed.read(listed)]
    rows = []
    for number, one in enumerate(found, 1):
        about = (str(types.get(one.type, one.type)), str(levels.get(one.level, "–")), one.objective or "–")
        up = f"{one.pk} {number - 1}" if number > 1 else ""
        down = f"{one.pk} {number + 1}" if number < len(found) else ""
        rows.append(draw(Row(number, one.pk, one.stem, *about, *question_state(one), one.worries, may_move, up, down)))
    return Pool("".join(rows).encode(), len(rows))


@Prepared
def graded(quiz: int) -> QuerySet[Any, Any]:
    types = [name for name in grading.TYPES if grading.is_graded(name)]
    found = Quiz(pk=quiz).pool().filter(published_revision__type__in=types).order_by()
    return found.values("pool_items__quiz").annotate(n=Count("pk")).values_list("n")


def graded_in(quiz: Quiz) -> int:
    """How many questions that carry points there are to draw from."""
    return sum(n for (n,) in graded(quiz=quiz.pk))


class MoveForm(forms.Form):
    """Which question goes to which place. A button names the question itself, so that pressed twice it moves once."""

    number = forms.IntegerField(label=gettext_lazy("Number"), min_value=1, max_value=MOST)
    place = forms.IntegerField(label=gettext_lazy("to place"), min_value=1, max_value=MOST)
    shown = forms.CharField(widget=forms.HiddenInput, required=False, max_length=40)

    def __init__(self, quiz: Quiz, data: Any = None) -> None:
        super().__init__(data, initial={"shown": pool.stamp(quiz)})
        self.quiz = quiz
        for name in ("number", "place"):
            self.fields[name].widget.attrs["class"] = "form-control"

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if data.get("shown") != pool.stamp(self.quiz):
            raise forms.ValidationError(_("The order changed since you opened the page. Look again, then move."))
        number, questions = data.get("number"), pool.questions_of(self.quiz)
        if number and number > len(questions):
            self.add_error("number", _("The list ends at %(n)d.") % {"n": len(questions)})
        elif number:
            data["question"] = questions[number - 1]
        return data


class ButtonForm(forms.Form):
    """The buttons of a row."""

    question = forms.IntegerField(min_value=1, max_value=BIGGEST)
    place = forms.IntegerField(min_value=1, max_value=MOST)

    def __init__(self, pressed: str) -> None:
        question, _space, place = pressed.partition(" ")
        super().__init__({"question": question, "place": place})


class PoolPages(Base):
    """For QuizAdmin."""

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.order)
        return [path("<int:pk>/order/", view, name="quizzes_quiz_order"), *super().get_urls()]

    def listed(self, request: HttpRequest, quiz: Quiz) -> tuple[Pool, dict[str, Any]]:
        """What the page of a quiz shows of its questions, with a gap for their rows."""
        may_move = self.has_change_permission(request, quiz)
        questions = pool_of(quiz, may_move)
        mover = MoveForm(quiz) if may_move and questions.size > 1 else None
        asked = min(quiz.draw, graded_in(quiz))
        numbers = {"pool": questions.size, "asked": asked, "mark": drawing.mark(quiz, asked)}
        rows = gap("questions") if questions.size else ""
        return questions, {"rows": rows, "may_move": may_move, "mover": mover, **numbers}

    def order(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Move one question; say what came of it on the page of the quiz."""
        quiz = self.get_to_change(request, pk)
        back = self.url("change", quiz.pk)
        if request.method != "POST":  # after signing in again
            return HttpResponseRedirect(f"{back}#pool")
        pressed = request.POST.get("move", "")
        form = ButtonForm(pressed) if pressed else MoveForm(quiz, request.POST)
        try:
            self.move(request, quiz, form)
        except forms.ValidationError as refused:
            messages.warning(request, " ".join([_("Nothing was moved."), *refused.messages]))
            return HttpResponseRedirect(f"{back}#pool")
        return HttpResponseRedirect(f"{back}#question-{form.cleaned_data['question']}")

    def move(self, request: HttpRequest, quiz: Quiz, form: forms.Form) -> None:
        if not form.is_valid():
            raise forms.ValidationError([message for errors in form.errors.values() for message in errors])
        question, place = form.cleaned_data["question"], form.cleaned_data["place"]
        try:
            moved = pool.move(quiz, question, place)
        except PoolItem.DoesNotExist as gone:
            raise forms.ValidationError(_("It is in this list no more.")) from gone
        if moved:
            self.log_change(request, quiz, f"Moved question {question} to place {place}")
