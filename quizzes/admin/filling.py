"""Which questions a quiz draws from: one more that the course has already, or one less."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from django import forms
from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import path
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from notices.admin import StaffAdmin
from quizzes import pool
from quizzes.admin.questions import left_in, newest_of, newest_stem, open_attempts
from quizzes.models import Question, Quiz

if TYPE_CHECKING:
    Base = StaffAdmin
else:
    Base = object

MOST = 50  # questions on one page; who has more searches
WORDS = 30


class SearchForm(forms.Form):
    q = forms.CharField(
        label=gettext_lazy("Words of the question, or its key"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"type": "search", "class": "form-control"}),
    )

    def found(self, questions: Any) -> Any:
        """Those that say it; what cannot be searched for is in none."""
        if not self.is_valid():
            return questions.none()
        if words := self.cleaned_data["q"]:
            return questions.filter(Q(key__icontains=words) | Q(revisions__body__icontains=words)).distinct()
        return questions


class Offered(NamedTuple):
    """A question that could be put in."""

    pk: int
    stem: str
    type: str
    objective: str
    asked_in: tuple[str, ...]
    is_used: bool


def offer(question: Any) -> Offered:
    draft = newest_of(question)
    return Offered(
        question.pk,
        Truncator(newest_stem(question)).words(WORDS),
        draft.get_type_display() if draft else "–",
        draft.objective.key if draft and draft.objective else "",
        tuple(place.title for place in [*question.pools, *question.checks]),
        question.published_revision_id is not None,
    )


class FillPages(Base):
    """For QuizAdmin."""

    def get_urls(self) -> list[Any]:
        wrap = self.admin_site.admin_view
        own = [
            path("<int:pk>/put-in/", wrap(self.put_in), name="quizzes_quiz_put_in"),
            path("<int:pk>/take-out/<int:number>/", wrap(self.take_out), name="quizzes_quiz_take_out"),
        ]
        return [*own, *super().get_urls()]

    def put_in(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Questions of the course that the quiz does not ask, to search; a button puts one in."""
        quiz = self.get_to_change(request, pk)
        if request.method == "POST":
            return self.put_now(request, quiz)
        search = SearchForm({"q": request.GET.get("q", "")})
        found = search.found(pool.others(quiz))
        offered = [offer(question) for question in found[:MOST]]
        context = {"search": search, "offered": offered, "count": found.count(), "most": MOST}
        title = _("Put a question into “%(quiz)s”") % {"quiz": self.heading(quiz)}
        return self.page(request, "desk/put_in.html", title, quiz, back=self.url("change", quiz.pk), **context)

    def put_now(self, request: HttpRequest, quiz: Quiz) -> HttpResponse:
        chosen = request.POST.get("question", "")
        number = int(chosen) if chosen.isascii() and chosen.isdigit() and len(chosen) < 19 else 0
        question = Question.objects.filter(pk=number, course=quiz.lesson.course_id, retired_at=None).first()
        if question is None:
            messages.warning(request, _("Nothing was put in: this question is not one of the course, or is retired."))
            return HttpResponseRedirect(self.url("put_in", quiz.pk))
        if pool.put_in(quiz, question):
            self.log_change(request, quiz, f"Put in question {question.pk}")
        messages.success(request, _("It is in the pool now, as the last."))
        return HttpResponseRedirect(f"{self.url('change', quiz.pk)}#question-{question.pk}")

    def take_out(self, request: HttpRequest, pk: int, number: int) -> HttpResponse:
        """Ask a question no more in this quiz, after a page that says what that does."""
        quiz = self.get_to_change(request, pk)
        question = get_object_or_404(Question, pk=number, course=quiz.lesson.course_id)
        back = f"{self.url('change', quiz.pk)}#pool"
        if request.method == "POST":
            if pool.take_out(quiz, question):
                self.log_change(request, quiz, f"Took out question {question.pk}")
            messages.success(
                request, _("It is out of this quiz. You find it again under “Asked nowhere”, or elsewhere.")
            )
            return HttpResponseRedirect(back)
        if not quiz.pool_items.filter(question=question).exists():
            messages.info(request, _("Nothing to do: the quiz does not ask it."))
            return HttpResponseRedirect(back)
        title = _("Take this question out of “%(quiz)s”?") % {"quiz": self.heading(quiz)}
        context = {"sentences": taking_out(quiz, question), "button": _("Take it out"), "back": back}
        return self.page(request, "desk/confirm.html", title, quiz, **context)


def taking_out(quiz: Quiz, question: Question) -> list[str]:
    """What it means to take a question out of a quiz."""
    draft, attempts = question.draft, open_attempts(question)
    elsewhere = question.pool_items.exclude(quiz=quiz).exists() or question.lesson_checks.exists()
    said = [
        draft.stem if draft else question.key,
        _("New attempts at this quiz do not draw it anymore. What people answered is kept."),
        left_in(quiz, question),
        _("It is still asked elsewhere.")
        if elsewhere
        else _("It is asked nowhere then. It stays among the questions, and you can put it into a quiz again."),
    ]
    return [*said, _("Attempts that are open with it keep it.")] if attempts else said
