from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.numbers import LARGEST
from courses.models import Flag, Lesson, LessonRevision
from courses.models.enrollment import clean_code
from quizzes import checks, grading
from quizzes.models import QuestionRevision


class CheckForm(forms.Form):
    """The answer to a check question, read and cleaned as in a quiz. `response` is there once it is valid."""

    def __init__(self, revision: QuestionRevision, data: Any) -> None:
        super().__init__(data)
        self.revision = revision
        self.given = grading.read(revision.type, dict(data.lists()))
        self.response: Any = None

    def clean(self) -> None:
        try:
            self.response = checks.cleaned(self.revision, self.given)
        except grading.BadResponse as error:
            raise forms.ValidationError(_("That does not fit this question. Answer with what is below.")) from error
        if self.response is None:
            raise forms.ValidationError(_("Give your answer first."))
        if not grading.is_complete(self.response):
            raise forms.ValidationError(_("One part is still open, or two steps have the same place."))


class ShownForm(forms.Form):
    """Which revision of the check question was on the page."""

    question = forms.IntegerField(min_value=1, max_value=LARGEST, required=False)

    @classmethod
    def revision_in(cls, data: Any) -> int | None:
        """Its number, or None for a form that does not say."""
        form = cls(data)
        return form.cleaned_data["question"] if form.is_valid() else None


class CompleteForm(forms.Form):
    """Continue: says which revision was on the page."""

    revision = forms.IntegerField(min_value=1, max_value=LARGEST)


class FlagForm(forms.Form):
    """What a reader finds unclear or out of date, in the text that was on the page."""

    kind = forms.ChoiceField(
        choices=Flag.Kind.choices,
        error_messages={"required": _("Choose what it is."), "invalid_choice": _("Choose what it is.")},
    )
    comment = forms.CharField(
        max_length=1000,
        required=False,
        error_messages={"max_length": _("This has %(show_value)d characters, and 1,000 are the most. Take some out.")},
    )
    may_ask = forms.BooleanField(required=False)
    revision = forms.IntegerField(min_value=1, max_value=LARGEST, required=False)

    def __init__(self, lesson: Lesson, data: Any) -> None:
        super().__init__(data)
        self.lesson = lesson

    def clean_comment(self) -> str:
        return "\n".join(str(self.cleaned_data["comment"]).splitlines())

    def clean_revision(self) -> LessonRevision | None:
        """The text of this lesson that the form names; what is published now, if it names no such text."""
        published = self.lesson.revisions.exclude(published_at=None)
        return published.filter(pk=self.cleaned_data["revision"]).first() or self.lesson.published_revision

    def clean(self) -> None:
        data = self.cleaned_data
        if data.get("kind") == Flag.Kind.OTHER and data.get("comment") == "":
            self.add_error("comment", _("Say in a few words what it is, so that somebody can mend it."))


class CodeForm(forms.Form):
    """The code of a certificate, as somebody types it from paper."""

    code = forms.CharField(
        label=_("Code"),
        max_length=80,
        help_text=_("16 letters and digits, such as ABCD EFGH JKMN PQRS. Spaces and small letters do not matter."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}),
    )

    def clean_code(self) -> str:
        code = clean_code(self.cleaned_data["code"])
        if code is None:
            raise forms.ValidationError(
                _("This is not a whole code: it has 16 letters and digits, and never 0, 1, I, L or O.")
            )
        return code
