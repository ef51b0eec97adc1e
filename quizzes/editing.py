"""The form of a question with its options, between the page and the body that `grading` understands.

Which parts it has is told by the entry of its type in `grading.TYPES`; how a part is typed is in quizzes/parts.py.
"""

from __future__ import annotations

import string
from collections.abc import Mapping, Sequence
from functools import cache
from itertools import chain
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.fields import offer, show_instead
from courses.models import Course, Lesson, Objective
from courses.models.course import key_from, validate_key
from courses.models.lesson import newest_title
from quizzes import grading, parts
from quizzes.models import Question, QuestionRevision
from quizzes.option_buttons import MOST, PREFIX, Pressed, rows_typed

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
        return str(obj.draft_title or obj.key)


class QuestionForm(forms.Form):
    """What is asked, of what kind, and what it shows that one can do."""

    number = forms.IntegerField(widget=forms.HiddenInput, min_value=0, max_value=BIGGEST, required=False)
    key = forms.CharField(
        label=gettext_lazy("Key"),
        max_length=100,
        validators=[validate_key],
        required=False,
        help_text=gettext_lazy(
            "What course files call it, such as “rec-first-sentence”; it never changes. "
            "Left empty, it is made from the question."
        ),
    )
    stem = forms.CharField(
        label=gettext_lazy("Question"),
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("Markdown, 60 words or fewer."),
        error_messages={"required": gettext_lazy("Write what you ask.")},
    )
    type = forms.ChoiceField(label=gettext_lazy("Type"))
    objective = ObjectiveField(Objective.objects.none(), label=gettext_lazy("Objective"), required=False)
    level = forms.ChoiceField(
        label=gettext_lazy("Level"), choices=[("", "–"), *QuestionRevision.Level.choices], required=False
    )
    reread = RereadField(Lesson.objects.none(), label=gettext_lazy("Lesson to reread"), required=False)

    def __init__(
        self,
        course: Course,
        question: Question | None,
        type_: str,
        data: Any = None,
        typed: Mapping[str, Any] | None = None,
    ) -> None:
        """`typed` is what stands in the form without being sent to be saved, when a button moved an option."""
        self.course, self.question, self.kind = course, question, grading.TYPES[type_]
        self.draft = question.draft if question else None
        self.theirs: QuestionRevision | None = None
        super().__init__(data, initial={"type": type_, **self.start(), **(typed or {})})
        for name, part in self.parts().items():
            self.fields[name] = part()
        alike = [(name, label) for name, label in grading.type_choices() if grading.is_alike(name, type_)]
        offer(self, "type", alike)
        if len(alike) == 1:
            self.fields["type"].widget = forms.HiddenInput()
        objectives = Objective.objects.filter(module__course=course).order_by("module__position", "position")
        offer(self, "objective", objectives)
        lessons = course.lessons.filter(retired_at=None).annotate(draft_title=newest_title("pk")).in_order()
        offer(self, "reread", lessons)
        if question:
            del self.fields["key"]

    def start(self) -> dict[str, Any]:
        draft = self.draft
        if draft is None:
            return {"number": 0}
        own = {name: getattr(draft, name) for name in ("number", "type", "objective", "level", "reread", "stem")}
        return {**draft.body, **own}

    def parts(self) -> dict[str, parts.Part]:
        """The fields of its type, beside stem and options."""
        return {name: part for name, part in {**parts.ABOVE, **parts.BELOW}.items() if name in self.kind.parts}

    @property
    def can_rearrange(self) -> bool:
        """Whether an editor adds, removes and moves its options; true and false are always both there."""
        return "options" in self.kind.parts and not self.kind.words

    @property
    def above(self) -> list[forms.BoundField]:
        return [self[name] for name in ("stem", *parts.ABOVE) if name in self.fields]

    @property
    def below(self) -> list[forms.BoundField]:
        return [self[name] for name in parts.BELOW if name in self.fields]

    @property
    def about(self) -> list[forms.BoundField]:
        """What does not show in the question itself."""
        names = ("type", "objective", "level", "reread", "key")
        return [self[name] for name in names if name in self.fields and not self[name].is_hidden]

    @property
    def their_parts(self) -> list[tuple[str, str]]:
        """What a colleague saved meanwhile, beside stem and options: labels and texts."""
        body = self.theirs.body if self.theirs else {}
        known = [name for name in self.parts() if name in body]
        return [(str(self.fields[name].label), self.fields[name].prepare_value(body[name])) for name in known]

    def clean_stem(self) -> str:
        return parts.unix(self.cleaned_data["stem"])

    def body(self) -> dict[str, Any]:
        """The body but for its options; what was left empty is left out."""
        said = {name: self.cleaned_data[name] for name in self.parts()}
        kept = {name: parts.unix(value) if isinstance(value, str) else value for name, value in said.items()}
        return {"stem": self.cleaned_data["stem"], **{n: v for n, v in kept.items() if v not in ("", [])}}

    def place_problems(self, problems: list[grading.Problem]) -> None:
        """Put each problem at the part it is about; those of no part stand above."""
        for problem in problems:
            self.add_error(problem.part if problem.part in self.fields else None, problem.text)

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if "key" in data and "stem" in data:
            data["key"] = data["key"] or key_from(data["stem"], 60)
            if not data["key"]:
                self.add_error("key", _("Write one: this question has no letters to make it from."))
            elif Question.objects.filter(course=self.course, key=data["key"]).exists():
                text = _("There is a question with the key “%(key)s” already. Choose another.")
                self.add_error("key", text % {"key": data["key"]})
        return data

    def refuse_if_newer(self, content: dict[str, Any]) -> None:
        """Somebody saved since this form was opened: refuse once, keep what was typed, show theirs."""
        if self.question is None:
            return
        Question.objects.select_for_update().get(pk=self.question.pk)
        newest = self.question.draft
        if newest and newest.number != self.cleaned_data.get("number") and differs(newest, content):
            self.theirs = newest
            show_instead(self, "number", newest.number)
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

    def __init__(self, *args: Any, kind: grading.QuestionType, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind = kind
        for name, part in parts.OF_OPTION.items():
            if name in kind.option_parts:
                self.fields[name] = part()
        if kind.ordered:
            self.fields["place"] = forms.IntegerField(
                label=_("Place in the right order"), required=False, min_value=1, max_value=99
            )

    focus = ""  # the part of this option that a person goes on with: the button they pressed, or its text
    given_key = ""  # of an option that has anything in it, once `BaseOptions.options` was asked

    @property
    def legend(self) -> str:
        """What this option is called on the page."""
        key = str(self["key"].value() or "")
        if key in self.kind.words:
            return _("Option “%(text)s”") % {"text": self["text"].value() or self.kind.words[key]}
        if self.kind.ordered:
            place = self["place"].value()
            return _("Step %(place)s") % {"place": place} if key and place else _("New step")
        return _("Option %(key)s") % {"key": key.upper()} if key else _("New option")

    def is_empty(self) -> bool:
        data = getattr(self, "cleaned_data", {})
        return not any(str(data.get(name) or "").strip() for name in ("text", "feedback", "match"))

    @property
    def place(self) -> int:
        """Where the option stands in the right order; without a number at the end."""
        return getattr(self, "cleaned_data", {}).get("place") or 100


class BaseOptions(OptionFormSet):
    def options(self, type_: str, known: list[str]) -> list[dict[str, Any]]:
        """The options that have anything in them. Each keeps its key; new ones get the type's, or the next letter."""
        words = grading.TYPES[type_].words
        filled = sorted((form for form in self.forms if not form.is_empty()), key=lambda form: form.place)
        sent = [str(form.cleaned_data.get("key") or "") for form in filled]
        given = [key if key in known and not words else "" for key in sent]
        letters = (letter for letter in string.ascii_lowercase if letter not in {*given, *known})
        free = chain(words, letters)  # twelve options and twelve before them leave two letters over
        options = []
        for form, key in zip(filled, given, strict=True):
            form.given_key = key or next(free)
            options.append(option_of(form, form.given_key, words))
        return options

    def place_problems(self, problems: list[grading.Problem]) -> list[grading.Problem]:
        """Put each problem at the option it is about; return those that are about the question."""
        by_key = {form.given_key: form for form in self.forms}
        rest = []
        for problem in problems:
            if problem.option and problem.option in by_key:
                form = by_key[problem.option]
                form.add_error(problem.part if problem.part in form.fields else "text", problem.text)
            elif problem.part == grading.OPTIONS:
                self.non_form_errors().append(problem.text)
            else:
                rest.append(problem)
        return rest


def option_of(form: OptionForm, key: str, words: Mapping[str, str]) -> dict[str, Any]:
    """What stands in the form of an option; text and feedback even if empty, so that `grading` misses them."""
    said = {name: form.cleaned_data.get(name) for name in form.kind.option_parts}
    said |= {name: parts.unix(value) for name, value in said.items() if isinstance(value, str)}
    said["text"] = said["text"] or words.get(key, "")
    return {"key": key, **{name: value for name, value in said.items() if value or name in ("text", "feedback")}}


@cache
def _formset(spare: int) -> type[BaseOptions]:
    made: Any = forms.formset_factory(
        OptionForm, formset=BaseOptions, extra=spare, max_num=MOST, absolute_max=20, validate_max=True
    )
    return made  # type: ignore[no-any-return]  # the factory keeps the base class


def options_of(form: QuestionForm, data: Any = None) -> BaseOptions | None:
    """The forms of the options, with a few to spare; None for a type that has none."""
    kind = form.kind
    if "options" not in kind.parts:
        return None
    stored = form.draft.body.get("options", []) if form.draft else []
    stored = stored or [{"key": key, "text": text} for key, text in kind.words.items()]
    start = [{**option, "place": place} for place, option in enumerate(stored, 1)]
    spare = 0 if kind.words else 1 if stored else 4
    return _formset(spare)(data, initial=start, prefix=PREFIX, form_kwargs={"kind": kind})


def options_after(form: QuestionForm, pressed: Pressed, typed: Mapping[str, Any]) -> BaseOptions:
    """The forms of the options as typed, after a button added, removed or moved one."""
    names = ("key", *form.kind.option_parts, *(["place"] if form.kind.ordered else []))
    rows, at, focus = pressed.on(rows_typed(typed, names), form.kind.ordered)
    options = _formset(0)(initial=rows, prefix=PREFIX, form_kwargs={"kind": form.kind})
    if focus == "text":
        options.forms[at].fields["text"].widget.attrs["autofocus"] = True
    elif options.forms:
        options.forms[min(at, len(options.forms) - 1)].focus = focus
    return options


def differs(revision: QuestionRevision, content: dict[str, Any]) -> bool:
    """Whether this content is anything else than the revision says; False for `correct` left out is the same."""
    plain = {name: getattr(revision, name) for name in content if name != "body"}
    return normal(revision.body) != normal(content["body"]) or any(plain[name] != content[name] for name in plain)


def normal(body: Mapping[str, Any]) -> Any:
    """A body in one spelling, for comparing: what is empty is as good as left out."""

    def spelled(said: Mapping[str, Any]) -> dict[str, Any]:
        found = {name: parts.plain(name, value) for name, value in said.items() if name != "options"}
        return {name: value for name, value in found.items() if value not in ("", [], False)}

    options: Sequence[Mapping[str, Any]] = body.get("options", [])
    return spelled(body), [spelled(option) for option in options]


def read(form: QuestionForm, options: BaseOptions | None) -> dict[str, Any] | None:
    """The content of a revision if both are valid and the question can be asked; otherwise the errors are in them."""
    if not form.is_valid() & (options is None or options.is_valid()):
        return None
    data, body = form.cleaned_data, form.body()
    if options is not None:
        body["options"] = options.options(data["type"], grading.option_keys(form.draft.body) if form.draft else [])
    problems = grading.problems(data["type"], body)
    form.place_problems(options.place_problems(problems) if options else problems)
    content = {name: data[name] for name in ("type", "objective", "level", "reread")} | {"body": body}
    if not has_errors(form, options):
        form.refuse_if_newer(content)
    return None if has_errors(form, options) else content


def has_errors(form: QuestionForm, options: BaseOptions | None) -> bool:
    return bool(form.errors) or (options is not None and options.total_error_count() > 0)
