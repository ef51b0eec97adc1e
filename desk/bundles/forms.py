"""The forms of course files: which ZIP, what to do with each unit, and what a new course is called."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.validators import FileExtensionValidator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from coursefiles.bundle import LARGEST_ZIP
from coursefiles.plan import Decision, Entry, Place, Plan, State
from courses.models import Course
from courses.models.course import key_from, validate_key

MOST_SKILLS = 30
LABELS = {
    Decision.MERGE: gettext_lazy("Merge: both changes in one text"),
    Decision.KEEP: gettext_lazy("Keep what is here"),
    Decision.TAKE: gettext_lazy("Take what is in the file"),
}


class UploadForm(forms.Form):
    file = forms.FileField(
        label=gettext_lazy("File"),
        help_text=gettext_lazy(
            "The folder of a course as a ZIP, 20 MB at most. Nothing changes before you have seen it."
        ),
        widget=forms.FileInput(attrs={"accept": ".zip,application/zip", "class": "form-control"}),
        validators=[FileExtensionValidator(["zip"], gettext_lazy("Choose a ZIP: its name ends in .zip."))],
        error_messages={"empty": gettext_lazy("The file is empty. Pack the course folder again.")},
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > LARGEST_ZIP:
            text = _("This file has %(size)d MB; %(most)d MB is the most. Are there files in it that are no course?")
            raise forms.ValidationError(text % {"size": -(-file.size // 2**20), "most": LARGEST_ZIP // 2**20})
        return file


class DecisionForm(forms.Form):
    """A choice for each unit that changed here and in the files; what changed in the files only can be kept out."""

    seen = forms.CharField(widget=forms.HiddenInput, max_length=64)
    retire = forms.BooleanField(label=gettext_lazy("Take them out of the course"), required=False)

    def __init__(self, plan: Plan, data: Any = None) -> None:
        super().__init__(data, initial={"seen": plan.fingerprint()})
        self.entries = {name_of(entry.part.place): entry for entry in plan.entries if entry.decisions}
        for name, entry in self.entries.items():
            if entry.state is State.BOTH:
                self.fields[name] = forms.ChoiceField(
                    label=entry.title,
                    choices=[(each.value, LABELS[each]) for each in entry.decisions],
                    initial=entry.decisions[0].value,
                    widget=forms.RadioSelect,
                )
            else:
                self.fields[name] = forms.BooleanField(label=_("Leave as it is here"), required=False)

    @property
    def decisions(self) -> dict[Place, Decision]:
        """What was chosen, of a form that is valid."""
        return {entry.part.place: self._decision(name, entry) for name, entry in self.entries.items()}

    def _decision(self, name: str, entry: Entry) -> Decision:
        chosen = self.cleaned_data[name]
        if entry.state is State.BOTH:
            return Decision(chosen)
        return Decision.KEEP if chosen else Decision.TAKE

    def rows(self, state: State) -> list[tuple[Entry, forms.BoundField]]:
        return [(entry, self[name]) for name, entry in self.entries.items() if entry.state is state]


def name_of(place: Place) -> str:
    return f"{place[0]}.{place[1]}"


class CopyForm(forms.Form):
    title = forms.CharField(label=gettext_lazy("Title"), max_length=200)
    key = forms.CharField(
        label=gettext_lazy("Key"),
        max_length=50,
        validators=[validate_key],
        required=False,
        help_text=gettext_lazy(
            "Part of every address, such as customer-service; it never changes. Left empty, it is made from the title."
        ),
    )

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if "key" in data and "title" in data:
            data["key"] = data["key"] or key_from(data["title"], 50)
            if not data["key"]:
                self.add_error("key", _("Write one: this title has no letters to make it from."))
            elif Course.objects.filter(key=data["key"]).exists():
                self.add_error("key", taken())
        return data


class StartForm(CopyForm):
    path = forms.CharField(
        label=gettext_lazy("Title of its first path"),
        max_length=200,
        initial=gettext_lazy("Everything"),
        help_text=gettext_lazy("A path is what people are asked to take. There can be more of them later."),
    )
    skills = forms.CharField(
        label=gettext_lazy("What people practice in it"),
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("One skill a line, such as “Listening”. Objectives are grouped by them."),
    )

    def clean_skills(self) -> list[str]:
        lines = [" ".join(line.split()) for line in self.cleaned_data["skills"].splitlines()]
        skills = list(dict.fromkeys(line for line in lines if line))
        if len(skills) > MOST_SKILLS or any(len(skill) > 100 for skill in skills):
            text = _("Write %(most)d skills at most, of 100 characters at most.")
            raise forms.ValidationError(text % {"most": MOST_SKILLS})
        return skills


def taken() -> str:
    return _("Another course has this key. Choose another.")
