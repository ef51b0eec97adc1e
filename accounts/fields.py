"""What a form changes about itself once it is made: what its fields offer, and what it was sent."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django import forms
from django.db.models import QuerySet

if TYPE_CHECKING:
    FormBase = forms.ModelForm[Any]
else:
    FormBase = object


class WithUnshown(FormBase):
    """A model form that fills in fields it does not show, and has what is unique together with them checked.

    Django leaves out every constraint that names a field the form lacks, and then the database is the one to refuse.
    """

    def unshown(self) -> set[str]:
        """The names of those fields; of those, that have a value by then."""
        raise NotImplementedError

    def _get_validation_exclusions(self) -> Any:
        return super()._get_validation_exclusions() - self.unshown()  # type: ignore[misc]  # private: not in the stubs


def offer(form: forms.BaseForm, name: str, choices: Iterable[tuple[Any, Any]] | QuerySet[Any]) -> None:
    """Set what one can choose in a field: pairs, or rows for a field that is made for them."""
    field = form.fields[name]
    if isinstance(field, forms.ModelChoiceField) and isinstance(choices, QuerySet):
        field.queryset = choices
    elif isinstance(field, forms.ChoiceField) and not isinstance(choices, QuerySet):
        field.choices = choices
    else:
        raise TypeError(f"{name} is a {type(field).__name__}, which cannot offer a {type(choices).__name__}.")


def show_instead(form: forms.BaseForm, name: str, value: object) -> None:
    """Let the page of a refused form hold another value than was sent, for the next try."""
    sent: Any = form.data
    form.data = sent = sent.copy()
    sent[form.add_prefix(name)] = str(value)


def to_confirm(form: forms.BaseForm) -> list[tuple[str, str]]:
    """What was typed, name by value, for the hidden fields of a page that asks whether to do it."""
    sent: Any = form.data
    typed = [(name, value) for name in map(form.add_prefix, form.fields) for value in sent.getlist(name)]
    return [*typed, ("confirmed", "1")]
