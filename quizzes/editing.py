"""The form of a question with its options, between the page and the body that `grading` understands."""

from __future__ import annotations

import string
from collections.abc import Mapping
from itertools import chain
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from courses.models import Course, Lesson, Objective
from courses.models.course import validate_key
from quizzes import grading
from quizzes.models import Question, QuestionRevision

if TYPE_CHECKING:
    OptionFormSet = forms.BaseFormSet["OptionForm"]
    ObjectiveField = forms.ModelChoiceField[Objective]
    LessonField = forms.ModelChoiceField[Lesson]
else:
    OptionFormSet = forms.BaseFormSet
    ObjectiveField = LessonField = forms.ModelChoiceField

BIGGEST = 2_000_000_000


class RereadField(LessonField):
    """Lessons by title."""

    def label_from_instance(self, obj: Any) -> str:
        return str(obj.published_revision.title if obj.published_revision else obj.key)


class QuestionForm(forms.Form):
    """What is asked, of what kind, and what it shows that one can do."""

    number = forms.IntegerField(widget=forms.HiddenInput, min_value=0, max_value=BIGGEST, required=False)
    key = forms.CharField(
        label=gettext_lazy("Key"),
        max_length=100,
        validators=[validate_key],
        help_text=gettext_lazy("Small letters, digits and hyphens. Never changes."),
    )
    stem = forms.CharField(
        label=gettext_lazy("Question"),
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("Markdown, 60 words or fewer."),
    )
    type = forms.ChoiceField(label=gettext_lazy("Type"), choices=grading.type_choices)
    objective = ObjectiveField(Objective.objects.none(), label=gettext_lazy("Objective"), required=False)
    level = forms.ChoiceField(
        label=gettext_lazy("Level"), choices=[("", "–"), *QuestionRevision.Level.choices], required=False
    )
    reread = RereadField(Lesson.objects.none(), label=gettext_lazy("Lesson to reread"), required=False)

    def __init__(self, course: Course, question: Question | None, data: Any = None) -> None:
        self.course, self.question = course, question
        self.draft = question.draft if question else None
        self.theirs: QuestionRevision | None = None
        super().__init__(data, initial=self.start())
        objectives = Objective.objects.filter(module__course=course).order_by("module__position", "position")
        self.fields["objective"].queryset = objectives  # type: ignore[attr-defined]  # a ModelChoiceField
        lessons = course.lessons.filter(retired_at=None).select_related("published_revision").in_order()
        self.fields["reread"].queryset = lessons  # type: ignore[attr-defined]
        if question:
            del self.fields["key"]

    def start(self) -> dict[str, Any]:
        draft = self.draft
        if draft is None:
            return {"number": 0}
        return {name: getattr(draft, name) for name in ("number", "type", "objective", "level", "reread", "stem")}

    def clean_stem(self) -> str:
        return str(self.cleaned_data["stem"]).replace("\r\n", "\n")

    def clean_key(self) -> str:
        key: str = self.cleaned_data["key"]
        if Question.objects.filter(course=self.course, key=key).exists():
            raise ValidationError(_("There is a question with this key already."))
        return key

    def refuse_if_newer(self, content: dict[str, Any]) -> None:
        """Somebody saved since this form was opened: refuse once, keep what was typed, show theirs."""
        if self.question is None:
            return
        Question.objects.select_for_update().get(pk=self.question.pk)
        newest = self.question.draft
        if newest and newest.number != self.cleaned_data.get("number") and differs(newest, content):
            self.theirs = newest
            self.data = self.data.copy()  # type: ignore[attr-defined]  # a QueryDict
            self.data["number"] = str(newest.number)  # type: ignore[index]
            self.add_error(
                None,
                _(
                    "A colleague saved this question while you were writing. Yours is still here, and theirs is shown "
                    "above. Take over what you need, then save again."
                ),
            )


class OptionForm(forms.Form):
    """One option. Left empty it is no option, so that spare ones need no button to remove them."""

    key = forms.CharField(widget=forms.HiddenInput, required=False, max_length=20)
    text = forms.CharField(
        label=gettext_lazy("Text"), max_length=1000, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    feedback = forms.CharField(
        label=gettext_lazy("Feedback"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("What the customer likely does next, and why another choice works better."),
    )
    correct = forms.BooleanField(label=gettext_lazy("Correct"), required=False)

    @property
    def legend(self) -> str:
        """What this option is called on the page."""
        key = self["key"].value()
        return _("Option %(key)s") % {"key": str(key).upper()} if key else _("New option")

    def is_empty(self) -> bool:
        data = getattr(self, "cleaned_data", {})
        return not any(str(data.get(name) or "").strip() for name in ("text", "feedback"))


class BaseOptions(OptionFormSet):
    def body(self, type_: str, stem: str, known: list[str]) -> dict[str, Any]:
        """The options that have anything in them. Each keeps its key; new ones get the type's, or the next letter."""
        words = grading.TYPES[type_].words
        filled = [form for form in self.forms if not form.is_empty()]
        sent = [str(form.cleaned_data.get("key") or "") for form in filled]
        given = [key if key in known and not words else "" for key in sent]
        letters = (letter for letter in string.ascii_lowercase if letter not in {*given, *known})
        free = chain(words, letters)  # twelve options and twelve before them leave two letters over
        options = []
        for form, key in zip(filled, given, strict=True):
            form.given_key = key or next(free)  # type: ignore[attr-defined]  # for `place_problems`
            options.append(option_of(form.cleaned_data, form.given_key, words))  # type: ignore[attr-defined]
        return {"stem": stem, "options": options}

    def place_problems(self, problems: list[grading.Problem]) -> list[grading.Problem]:
        """Put each problem at the option it is about; return those that are about the question."""
        by_key = {getattr(form, "given_key", ""): form for form in self.forms}
        rest = []
        for problem in problems:
            if problem.option and problem.option in by_key:
                form = by_key[problem.option]
                form.add_error(problem.part if problem.part in form.fields else "text", problem.text)
            else:
                rest.append(problem)
        return rest


def option_of(data: dict[str, Any], key: str, words: Mapping[str, str]) -> dict[str, Any]:
    text = str(data.get("text") or "").strip().replace("\r\n", "\n") or words.get(key, "")
    option = {"key": key, "text": text, "feedback": str(data.get("feedback") or "").strip().replace("\r\n", "\n")}
    return {**option, "correct": True} if data.get("correct") else option


Options: type[BaseOptions] = forms.formset_factory(  # type: ignore[assignment]  # the factory keeps the base class
    OptionForm, formset=BaseOptions, extra=2, max_num=12, absolute_max=20, validate_max=True
)


def differs(revision: QuestionRevision, content: dict[str, Any]) -> bool:
    """Whether this content is anything else than the revision says; False for `correct` left out is the same."""
    plain = {name: getattr(revision, name) for name in content if name != "body"}
    return normal(revision.body) != normal(content["body"]) or any(plain[name] != content[name] for name in plain)


def normal(body: Any) -> Any:
    """A body in one spelling, for comparing."""
    options = [{**option, "correct": bool(option.get("correct"))} for option in body.get("options", [])]
    return {
        "stem": str(body.get("stem", "")).strip(),
        "options": [{k: str(v).strip() for k, v in o.items()} for o in options],
    }


def read(form: QuestionForm, options: BaseOptions) -> dict[str, Any] | None:
    """The content of a revision if both are valid and the question can be asked; otherwise the errors are in them."""
    if not (form.is_valid() & options.is_valid()):
        return None
    data = form.cleaned_data
    known = grading.option_keys(form.draft.body) if form.draft else []
    body = options.body(data["type"], data["stem"], known)
    for problem in options.place_problems(grading.problems(data["type"], body)):
        form.add_error(None, problem.text)
    content = {name: data[name] for name in ("type", "objective", "level", "reread")} | {"body": body}
    if form.is_valid() and not any(part.errors for part in options.forms):
        form.refuse_if_newer(content)
    return content if form.is_valid() and not any(part.errors for part in options.forms) else None
