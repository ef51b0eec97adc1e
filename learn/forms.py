from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from courses.models.enrollment import clean_code
from quizzes import checks, grading
from quizzes.models import QuestionRevision

LARGEST_ID = 2**63 - 1


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

    question = forms.IntegerField(min_value=1, max_value=LARGEST_ID, required=False)

    @classmethod
    def revision_in(cls, data: Any) -> int | None:
        """Its number, or None for a form that does not say."""
        form = cls(data)
        return form.cleaned_data["question"] if form.is_valid() else None


class CompleteForm(forms.Form):
    """Continue: says which revision was on the page."""

    revision = forms.IntegerField(min_value=1, max_value=LARGEST_ID)


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
