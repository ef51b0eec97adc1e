from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import OuterRef, Prefetch, Subquery
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import path, reverse
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.sessions import signed_in
from courses.admin.content import CourseFilter
from courses.models import Course, Lesson
from notices.admin import StaffAdmin, Trail, state_chip
from quizzes import editing, grading, places
from quizzes.admin.regrades import Regrading
from quizzes.models import Answer, LessonCheck, PoolItem, Question, QuestionRevision, Quiz
from quizzes.option_buttons import Pressed
from quizzes.places import Place
from quizzes.trying import Trial


def question_state(question: Any) -> tuple[str, str]:
    """Where a question of `with_newest` stands for editors: the name of its chip and the words on it."""
    if question.retired_at:
        return "retired", _("Retired")
    if question.published_revision_id is None:
        return "in-preparation", _("Not in use")
    return (
        ("complete", _("In use"))
        if question.newest == question.published_revision_id
        else ("update-due", _("Draft changes"))
    )


def with_newest(questions: Any) -> Any:
    """Questions with the number of their newest revision, in the same query."""
    newest = QuestionRevision.objects.filter(question=OuterRef("pk")).order_by("-number").values("pk")[:1]
    return questions.annotate(newest=Subquery(newest))


class QuestionStateFilter(admin.SimpleListFilter):
    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("in-use", _("In use")),
            ("not", _("Not in use")),
            ("nowhere", _("Asked nowhere")),
            ("retired", _("Retired")),
        ]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() == "in-use":
            return queryset.published()
        if self.value() == "not":
            return queryset.filter(published_revision=None, retired_at=None)
        if self.value() == "nowhere":
            return queryset.filter(pool_items=None, lesson_checks=None, retired_at=None)
        return queryset.exclude(retired_at=None) if self.value() == "retired" else queryset


class QuestionPages(Regrading, StaffAdmin):
    """The list and the form of questions; desk/questions.py puts beside it what upper rooms know."""

    list_display = ("stem", "kind", "level", "objective", "state")
    list_filter = (CourseFilter, QuestionStateFilter)
    search_fields = ("key", "revisions__body")
    search_help_text = gettext_lazy("Words of the question, or its key")
    ordering = ("course", "key")
    sortable_by = ()
    add_title = gettext_lazy("Add a question")

    def get_queryset(self, request: HttpRequest) -> Any:
        drafts = QuestionRevision.objects.select_related("objective").order_by("-number")
        return (
            with_newest(super().get_queryset(request))
            .select_related("course")
            .prefetch_related(Prefetch("revisions", drafts, to_attr="newest_first"))
        )

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description=gettext_lazy("question"))
    def stem(self, question: Any) -> str:
        draft = newest_of(question)
        return draft.stem if draft else question.key

    @admin.display(description=gettext_lazy("type"))
    def kind(self, question: Any) -> str:
        draft = newest_of(question)
        return draft.get_type_display() if draft else "–"

    @admin.display(description=gettext_lazy("level"))
    def level(self, question: Any) -> str:
        draft = newest_of(question)
        return draft.get_level_display() or "–" if draft else "–"

    @admin.display(description=gettext_lazy("objective"))
    def objective(self, question: Any) -> str:
        draft = newest_of(question)
        return draft.objective.key if draft and draft.objective else "–"

    @admin.display(description=gettext_lazy("state"))
    def state(self, question: Any) -> str:
        return state_chip(*question_state(question))

    def heading(self, obj: Any) -> str:
        return Truncator(newest_stem(obj)).chars(80)

    def get_urls(self) -> list[Any]:
        own = {"retire": self.retire, "regrade": self.regrade}
        pages = [
            path(f"<int:pk>/{name}/", self.admin_site.admin_view(view), name=f"quizzes_question_{name}")
            for name, view in own.items()
        ]
        return [*pages, *super().get_urls()]

    def retire(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Take a question out of new attempts, or bring it back: a page that says what happens, then the deed."""
        question = self.get_to_change(request, pk)
        to = request.POST.get("to", "")
        if request.method == "POST" and to in ("retired", "in-use"):
            if (to == "retired") != (question.retired_at is not None):  # else it is a double click
                question.set_retired(to == "retired")
                self.log_change(request, question, "Retired" if to == "retired" else "Brought back")
            messages.success(
                request, _("Retired. New attempts do not draw it.") if to == "retired" else _("It is back.")
            )
            return HttpResponseRedirect(self.url("change", question.pk))
        back, retired = self.url("change", question.pk), question.retired_at is not None
        title = _("Bring this question back?") if retired else _("Retire this question?")
        context = {
            "sentences": [newest_stem(question), *effects_of(question)],
            "button": _("Bring it back") if retired else _("Retire it"),
            "hidden": [("to", "in-use" if retired else "retired")],
            "back": back,
        }
        trail = [*self.trail_of(question, None), (self.heading(question), back)]
        return self.page(request, "desk/confirm.html", title, trail=trail, **context)

    # --- The page of a question --------------------------------------------------------------------------------------

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """A new question: for the quiz of `?quiz=` or as the check of `?lesson=`; else one chooses a place first."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        place = Place.named(request.GET.dict())
        return self.edit(request, place.course, None, place) if place else self.choose_place(request)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        question = self.get_to_change(request, object_id)
        return self.edit(request, question.course, question, None)

    def edit(
        self, request: HttpRequest, course: Course, question: Question | None, place: Place | None
    ) -> HttpResponse:
        """One transaction to compare and save in; looking takes none, which on SQLite would be the write lock."""
        if request.method != "POST":
            return self.form_page(request, course, question, place)
        try:
            with transaction.atomic():
                return self.form_page(request, course, question, place)
        except places.Taken:
            messages.error(request, _("This reading got a check question while you wrote this one. Nothing was saved."))
            return self.choose_place(request)

    def form_page(
        self, request: HttpRequest, course: Course, question: Question | None, place: Place | None
    ) -> HttpResponse:
        draft = question.draft if question else None
        type_ = draft.type if draft else request.POST.get("type") or request.GET.get("type")
        if type_ not in grading.TYPES:
            return self.choose_type(request, place)
        if pressed := Pressed.read(request.POST):
            typed = editing.QuestionForm(course, question, type_, typed=request.POST.dict())
            return self.after_button(request, typed, pressed, place)
        form = editing.QuestionForm(course, question, type_, request.POST or None)
        options = editing.options_of(form, request.POST or None)
        content = editing.read(form, options) if request.method == "POST" else None
        if content is not None and "try" not in request.POST:
            return self.save_question(request, form, content, place)
        return self.show_form(request, form, options, content, place)

    def after_button(
        self, request: HttpRequest, form: editing.QuestionForm, pressed: Pressed, place: Place | None
    ) -> HttpResponse:
        """The form as it was typed, with one option more or less, or one at another place. Nothing is saved."""
        options = editing.options_after(form, pressed, request.POST) if form.can_rearrange else editing.options_of(form)
        return self.show_form(request, form, options, None, place)

    def show_form(
        self,
        request: HttpRequest,
        form: editing.QuestionForm,
        options: editing.BaseOptions | None,
        content: dict[str, Any] | None,
        place: Place | None,
    ) -> HttpResponse:
        question, draft = form.question, form.draft
        context = {
            "form": form,
            "formset": options,
            "errors": options is not None and not form.errors and options.total_error_count(),  # base.html: the form's
            "question": question,
            "theirs": form.theirs,
            "in_use": uses(question) if question else None,
            "trial": Trial(content["type"], content["body"]) if content else trial_of(draft, request),
            "is_typed": content is not None,
            **(self.beside(question) if question else {}),
        }
        title = str(self.add_title) if question is None else self.heading(question)
        return self.page(request, "desk/question.html", title, trail=self.trail_of(question, place), **context)

    def beside(self, question: Question) -> dict[str, Any]:
        """What else its page shows."""
        return {}

    def choose_place(self, request: HttpRequest) -> HttpResponse:
        """Where a new question is asked comes first: one that is asked nowhere would be of no use."""
        found = places.every_place()
        return self.page(request, "desk/question_place.html", str(self.add_title), places=found)

    def choose_type(self, request: HttpRequest, place: Place | None) -> HttpResponse:
        """What kind of question a new one is comes first: its form follows from that."""
        types = [
            (QueryDict.fromkeys(["type"], name).urlencode(), kind.label, kind.hint)
            for name, kind in grading.TYPES.items()
        ]
        context = {"types": types, "more": f"&{place.query}" if place else ""}
        title, trail = str(self.add_title), self.trail_of(None, place)
        return self.page(request, "desk/question_type.html", title, trail=trail, **context)

    def trail_of(self, question: Question | None, place: Place | None) -> Trail:
        if place and not place.quiz:
            return [(place.title, reverse("admin:courses_lesson_change", args=[place.lesson.pk]))]
        quiz = place.quiz if place else Quiz.objects.filter(pool_items__question=question).first()
        if quiz:
            return [(quiz.lesson.title, reverse("admin:quizzes_quiz_change", args=[quiz.pk]))]
        if reading := Lesson.objects.filter(check_question__question=question).first():
            return [(reading.title, reverse("admin:courses_lesson_change", args=[reading.pk]))]
        return [(_("Questions"), self.url("changelist"))]

    def save_question(
        self, request: HttpRequest, form: editing.QuestionForm, content: dict[str, Any], place: Place | None
    ) -> HttpResponse:
        """Save what changed as a revision; with the other button, let new attempts draw it."""
        question = form.question or self.new_question(request, form, place)
        revision = form.draft
        if revision is None or editing.differs(revision, content):
            revision = question.add_revision(by=signed_in(request), **content)
            self.log_change(request, question, f"Saved revision {revision.number}")
            self.say_open(request, question)
        if "publish" in request.POST and question.published_revision_id != revision.pk:
            question.publish(revision)
            self.log_change(request, question, f"Published revision {revision.number}")
        used = question.published_revision_id == revision.pk
        messages.success(
            request, _("Saved, and in use from now on.") if used else _("Saved as a draft. It is not in use yet.")
        )
        return HttpResponseRedirect(self.url("change", question.pk))

    def new_question(self, request: HttpRequest, form: editing.QuestionForm, place: Place | None) -> Question:
        question = Question.objects.create(course=form.course, key=form.cleaned_data["key"])
        if place:
            place.put(question)
        self.log_addition(request, question, "Added")
        return question

    def say_open(self, request: HttpRequest, question: Question) -> None:
        count = open_attempts(question)
        if count:
            text = ngettext(
                "%(n)d attempt is open with this question; it keeps the text it started with.",
                "%(n)d attempts are open with this question; they keep the text they started with.",
                count,
            )
            messages.info(request, text % {"n": count})


def newest_stem(question: Any) -> str:
    draft = newest_of(question)
    return draft.stem if draft else question.key


def effects_of(question: Question) -> list[str]:
    """What retiring a question, or bringing it back, does to each place where it is asked."""
    used = uses(question)
    if question.retired_at:
        return [_("New attempts can draw it again, and readers meet it again where it is a check.")]
    sentences = [_("New attempts do not draw it anymore. What people answered is kept.")]
    sentences += [left_in(quiz, question) for quiz in used["quizzes"]]
    for lesson in used["lessons"]:
        words = _("“%(lesson)s” then has no check question: pressing Continue completes it.")
        sentences.append(words % {"lesson": lesson.title})
    if used["open"]:
        words = ngettext(
            "%(n)d attempt is open with it, and keeps it.",
            "%(n)d attempts are open with it, and keep it.",
            used["open"],
        )
        sentences.append(words % {"n": used["open"]})
    return sentences


def left_in(quiz: Quiz, question: Question) -> str:
    """What a quiz has to draw from without this question."""
    left = quiz.pool().exclude(pk=question.pk).count()
    if quiz.is_final:
        return _("“%(quiz)s” then has %(left)d in its pool.") % {"quiz": quiz.lesson.title, "left": left}
    if not left:
        return _("“%(quiz)s” then has none to draw from, so nobody can take it.") % {"quiz": quiz.lesson.title}
    words = ngettext(
        "“%(quiz)s” then has %(left)d question to draw from, and draws %(draw)d.",
        "“%(quiz)s” then has %(left)d questions to draw from, and draws %(draw)d.",
        left,
    )
    return words % {"quiz": quiz.lesson.title, "left": left, "draw": min(quiz.draw, left)}


def trial_of(draft: QuestionRevision | None, request: HttpRequest) -> Trial | None:
    """The draft to try out, with the answer in the address if there is one."""
    return Trial(draft.type, draft.body, dict(request.GET.lists())) if draft else None


def newest_of(question: Any) -> QuestionRevision | None:
    return question.newest_first[0] if question.newest_first else None


def open_attempts(question: Question) -> int:
    return Answer.objects.filter(question_revision__question=question, attempt__closed_at=None).count()


def uses(question: Question) -> dict[str, Any]:
    """Where a question is asked, for its page."""
    checks = LessonCheck.objects.filter(question=question).select_related("lesson__published_revision")
    pools = PoolItem.objects.filter(question=question).select_related("quiz__lesson__published_revision")
    return {
        "state": question_state(with_newest(Question.objects.filter(pk=question.pk)).get()),
        "lessons": [check.lesson for check in checks],
        "quizzes": [item.quiz for item in pools],
        "open": open_attempts(question),
        "revisions": question.revisions.count(),
    }
