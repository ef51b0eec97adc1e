from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.fields import WithUnshown, offer, show_instead
from courses import markdown, publishing
from courses.models import Lesson, LessonRevision, Module
from courses.models.course import free_key, key_from
from courses.models.enrollment import site_day
from courses.publishing import REDO_WITHIN
from desk.lesson_checks import is_emptied
from notices.admin import DateInput

if TYPE_CHECKING:
    LessonModelForm = forms.ModelForm[Lesson]
    RevisionField = forms.ModelChoiceField[LessonRevision]
else:
    LessonModelForm, RevisionField = forms.ModelForm, forms.ModelChoiceField

BIGGEST = 2_000_000_000
TAKEAWAY_WORDS = 40
TAKEN = {
    "key": gettext_lazy("Another lesson of the course has this key. Choose another, or leave it empty."),
    "slug": gettext_lazy("Another lesson of the course has this address. Choose another."),
}
CAN_BE_REQUIRED = (Lesson.Kind.READING, Lesson.Kind.QUIZ)


def _with_course(module: Any) -> str:
    return f"{module.course.title}: {module.title}"


def unix_lines(text: str) -> str:
    """As files have it; a browser sends each line end as two characters."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


class LessonForm(WithUnshown, LessonModelForm):
    """The text of a lesson and its place. The text is saved as a new revision, never over an old one."""

    number = forms.IntegerField(widget=forms.HiddenInput, min_value=0, max_value=BIGGEST, required=False)
    title = forms.CharField(label=gettext_lazy("Title"), max_length=200)
    body = forms.CharField(
        label=gettext_lazy("Text"),
        required=False,
        strip=False,  # nor is there a `maxlength`, by which browsers cut what is pasted without a word
        widget=forms.Textarea(attrs={"rows": 28, "class": "long", "spellcheck": "true"}),
        help_text=gettext_lazy(
            "Markdown. Boxes are ::: weak, ::: strong, ::: try and ::: note, each ended by a line with :::. "
            "::: fact and a key show what holds at your company. "
            "A link to another lesson is [Title](lesson:its-key)."
        ),
    )
    takeaway = forms.CharField(
        label=gettext_lazy("Takeaway"),
        required=False,
        max_length=400,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("One sentence of 40 words or fewer, at the end of a reading."),
    )
    objectives = forms.MultipleChoiceField(
        label=gettext_lazy("Objectives"), required=False, widget=forms.CheckboxSelectMultiple
    )
    note = forms.CharField(
        label=gettext_lazy("What changed"),
        required=False,
        max_length=300,
        help_text=gettext_lazy("For other editors, in the history."),
    )

    class Meta:
        model = Lesson
        fields = ("module", "key", "kind", "slug", "always_read", "is_sample")
        help_texts = {
            "kind": gettext_lazy(
                "A reading is completed by reading it, a quiz by passing it. Nobody has to complete a story or a page."
            ),
            "slug": gettext_lazy("The last part of its address. It is fixed once learners have seen the lesson."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.theirs: LessonRevision | None = None  # the newer text that made this form be refused
        self.draft = self.instance.draft if self.instance.pk else None
        if self.instance.pk:
            self._start_from_draft()
        else:
            self._start_anew()

    def _start_anew(self) -> None:
        """What is left empty is made: the key from the title, the address from the key."""
        self.fields["slug"].required = self.fields["key"].required = False
        self.fields["key"].help_text = _(
            "What links to it are made with; it never changes. Left empty: from the title."
        )
        modules = Module.objects.select_related("course").order_by("course__title", "course", "position", "pk")
        offer(self, "module", modules)
        self.fields["module"].label_from_instance = _with_course  # type: ignore[attr-defined]
        self.fields.pop("objectives", None)  # known once the module is
        self.fields["body"].widget.attrs["rows"] = 12
        self.fields["body"].help_text = _(
            "It can wait: once the lesson is added, there are buttons for headings, dialogue and pictures, and "
            "beside the text stands the page as learners read it."
        )

    def _start_from_draft(self) -> None:
        module, draft = self.instance.module, self.draft
        texts = {objective.key: str(objective) for objective in module.objectives.all()}
        keys = list(texts)
        unknown = [key for key in (draft.objectives if draft else []) if key not in texts]
        offer(self, "objectives", [(key, texts.get(key, key)) for key in keys + unknown])
        if not keys + unknown:
            del self.fields["objectives"]
        self.initial["number"] = draft.number if draft else 0
        for name in ("title", "body", "takeaway", "objectives"):
            self.initial[name] = getattr(draft, name) if draft else ""
        if self.instance.kind != Lesson.Kind.READING:
            del self.fields["takeaway"]
        if self.instance.kind == Lesson.Kind.QUIZ:
            self.fields["body"].label, self.fields["body"].help_text = _("Introduction"), _("Shown before starting.")
            self.fields["body"].widget.attrs.update(rows=5, **{"class": ""})

    def clean_body(self) -> str:
        body = unix_lines(self.cleaned_data["body"])
        if len(body) > markdown.MAX_LENGTH:
            raise ValidationError(
                _(
                    "The text has %(n)s characters; %(most)s are the most. Nothing was cut: it is still here. "
                    "Take some out, or make two lessons of it."
                ),
                params={
                    "n": number_format(len(body), force_grouping=True),
                    "most": number_format(markdown.MAX_LENGTH, force_grouping=True),
                },
            )
        return body

    def clean_takeaway(self) -> str:
        takeaway = " ".join(self.cleaned_data["takeaway"].split())
        if markdown.words(takeaway) > TAKEAWAY_WORDS:
            raise ValidationError(
                _("The takeaway has %(n)d words; 40 is the most."), params={"n": markdown.words(takeaway)}
            )
        return takeaway

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if self.instance.pk:
            self._refuse_if_newer(data)
        elif module := data.get("module"):
            self._place(module, data)
        for name, text in TAKEN.items():
            others = Lesson.objects.filter(course=self.instance.course_id).exclude(pk=self.instance.pk)
            if (typed := data.get(name)) and others.filter(**{name: typed}).exists():
                self.add_error(name, text)
        if data.get("is_sample"):
            self._refuse_sample(data)
        return data

    def _refuse_sample(self, data: dict[str, Any]) -> None:
        """Of a quiz, which it takes somebody to take, or if the course has one."""
        if (data.get("kind") or self.instance.kind) == Lesson.Kind.QUIZ:
            self.add_error("is_sample", _("A quiz cannot be the open sample: people sign in to take one."))
            return
        others = Lesson.objects.filter(course=self.instance.course_id, is_sample=True).exclude(pk=self.instance.pk)
        if other := others.first():
            text = _("“%(title)s” is the open sample of this course. Take the tick away there first.")
            self.add_error("is_sample", text % {"title": other.title})

    def _refuse_if_newer(self, data: dict[str, Any]) -> None:
        """Somebody saved since this form was opened: keep what was typed, show theirs, let the next save through."""
        Lesson.objects.select_for_update().get(pk=self.instance.pk)
        newest = self.instance.draft
        if newest and newest.number != data.get("number") and self._differs_from(newest):
            self.theirs = newest
            show_instead(self, "number", newest.number)
            who = newest.created_by.name if newest.created_by else _("The course files")
            raise ValidationError(
                _(
                    "%(who)s saved a newer text while you were writing. Yours is still here, and above it stands "
                    "how the two differ. Take over what you need, then save again."
                ),
                params={"who": who},
            )

    def _place(self, module: Module, data: dict[str, Any]) -> None:
        lesson = self.instance
        lesson.course = module.course
        lesson.required = data.get("kind") in CAN_BE_REQUIRED
        if not data.get("key") and "key" not in self.errors:
            data["key"] = self._key_of(module, data.get("title", ""))
            if not data["key"] and data.get("title"):
                self.add_error("key", _("Write one: this title has no letters to make it from."))
        data["slug"] = data.get("slug") or data.get("key") or ""

    def _key_of(self, module: Module, title: str) -> str:
        """One of a kind, also as an address; empty for a title without letters."""
        key = key_from(title, 75)
        names = Lesson.objects.filter(Q(key__startswith=key) | Q(slug__startswith=key), course=module.course_id)
        return free_key(key, {name for pair in names.values_list("key", "slug") for name in pair}) if key else ""

    def unshown(self) -> set[str]:
        """Key, address and the one sample are unique in the course; without a module, that is the error to show."""
        return {"course", "slug"} if self.instance.course_id else set()

    def content(self) -> dict[str, Any]:
        """What goes into a revision; parts this form does not show stay as they are."""
        names = ("title", "body", "takeaway", "objectives")
        kept = {name: getattr(self.draft, name) for name in (*names, "sources") if self.draft}
        return {**kept, **{name: self.cleaned_data[name] for name in names if name in self.cleaned_data}}

    def _differs_from(self, revision: LessonRevision | None) -> bool:
        names = ("title", "body", "takeaway", "objectives")
        typed = {name: self.cleaned_data[name] for name in names if name in self.cleaned_data}
        if revision is None:
            return True
        saved = {name: getattr(revision, name) for name in typed}
        if "body" in saved:  # one that was stored with other line ends is not changed by being opened and saved
            saved["body"] = unix_lines(saved["body"])
        return saved != typed

    def content_changed(self) -> bool:
        return self._differs_from(self.draft)


def effects(completed: int) -> list[tuple[str, str]]:
    """What publishing does to the people who completed the lesson, each in a sentence."""
    effect = LessonRevision.Effect
    redo = ngettext(
        "Redo: %(n)d person is asked to do it again, by the day below.",
        "Redo: %(n)d people are asked to do it again, by the day below.",
        completed,
    )
    return [
        (effect.SILENT.value, _("Silent: nothing. It was a typo, or the same in better words.")),
        (effect.ANNOUNCE.value, _("Announce: they read on the lesson's page that it changed, and stay complete.")),
        (effect.REDO.value, redo % {"n": completed}),
    ]


def ask_people_under_way_field() -> forms.BooleanField:
    """For what becomes new to people in the middle of their path."""
    return forms.BooleanField(
        label=gettext_lazy("Ask people who are under way to take it, too"),
        required=False,
        help_text=gettext_lazy("Off: it is new and optional for them, and asked of people who start later."),
    )


class PublishForm(forms.Form):
    """Which revision, with what effect on people."""

    revision = RevisionField(LessonRevision.objects.none(), widget=forms.HiddenInput)
    effect = forms.ChoiceField(
        label=gettext_lazy("What happens to people who completed it"),
        choices=LessonRevision.Effect.choices,
        initial=LessonRevision.Effect.SILENT,
        widget=forms.RadioSelect,
    )
    redo_due_on = forms.DateField(
        label=gettext_lazy("Do it again by"),
        required=False,
        widget=DateInput(),
        help_text=gettext_lazy("Counts only if you ask them to do it again."),
    )
    ask_people_under_way = ask_people_under_way_field()
    less_on_purpose = forms.BooleanField(
        label=gettext_lazy("Yes, take nearly all of the text away"),
        required=False,
        help_text=gettext_lazy("What is left is less than a tenth of what learners see now."),
    )

    def __init__(self, lesson: Lesson, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.lesson = lesson
        if not (lesson.draft and is_emptied(lesson.draft)):
            del self.fields["less_on_purpose"]
        self.counts = publishing.head_counts(lesson)
        offer(self, "effect", effects(self.counts.completed))
        offer(self, "revision", lesson.revisions.all())
        self.initial.setdefault("redo_due_on", site_day() + REDO_WITHIN)
        if not lesson.revisions.filter(published_at__isnull=False).exists():
            del self.fields["effect"], self.fields["redo_due_on"]
            if not lesson.module.is_ready:
                del self.fields["ask_people_under_way"]
        else:
            del self.fields["ask_people_under_way"]

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        due = data.get("redo_due_on")
        if data.get("effect") == LessonRevision.Effect.REDO and due and due < site_day():
            self.add_error("redo_due_on", _("This day is over. Choose today or later."))
        revision = data.get("revision")
        if revision and revision.published_at is None and revision != self.lesson.draft:
            raise ValidationError(
                _("There is a newer draft than the one you looked at. Look at that one, then publish it.")
            )
        if revision and not data.get("less_on_purpose") and is_emptied(revision):
            text = _("Nearly all of the text is gone. If that is what you want, say so here; else mend the draft.")
            self.add_error("less_on_purpose" if "less_on_purpose" in self.fields else None, text)
        return data

    @property
    def chosen_effect(self) -> LessonRevision.Effect:
        return LessonRevision.Effect(self.cleaned_data.get("effect") or LessonRevision.Effect.SILENT)


class CompareForm(forms.Form):
    """Which two revisions of a lesson to show side by side, by their numbers; the two newest at first."""

    one = forms.TypedChoiceField(label=gettext_lazy("This text"), coerce=int)
    other = forms.TypedChoiceField(label=gettext_lazy("And this"), coerce=int)

    def __init__(self, lesson: Lesson, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        revisions = lesson.revisions.order_by("-number").values_list("number", "created_at", "created_by__name")
        choices = [(number, _said(number, at, who)) for number, at, who in revisions]
        for name in ("one", "other"):
            offer(self, name, choices)
        newest = [number for number, _words in choices[:2]]
        self.initial = {"one": newest[-1], "other": newest[0]} if newest else {}

    @property
    def chosen(self) -> list[int]:
        """The two numbers, the lower first."""
        data = self.cleaned_data if self.is_bound and self.is_valid() else self.initial
        return sorted({data[name] for name in ("one", "other") if name in data})


def _said(number: int, at: datetime, who: str | None) -> str:
    day = date_format(timezone.localtime(at), "DATETIME_FORMAT")
    return _("Revision %(n)d, %(at)s, %(who)s") % {"n": number, "at": day, "who": who or _("the course files")}
