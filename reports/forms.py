from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from reports.standing import Standing
from reports.team import SORTS

DEFAULT_SORT = "state"
LARGEST = 2**63 - 1  # what both databases can compare an id with


class FilterForm(forms.Form):
    """The query part of a report's address."""

    team = forms.IntegerField(label=_("team"), required=False, min_value=1, max_value=LARGEST)
    state = forms.ChoiceField(label=_("state"), required=False, choices=Standing.choices)
    leavers = forms.BooleanField(label=_("people who left"), required=False)
    sort = forms.ChoiceField(
        label=_("order"), required=False, choices=[(sign + key, key) for key in SORTS for sign in ("", "-")]
    )
    page = forms.IntegerField(label=_("page"), required=False, min_value=1, max_value=100_000)


@dataclass(frozen=True)
class Asked:
    """What an address asks of a report. What it asks for in vain is left out, and named in `ignored`."""

    team_id: int | None
    standing: str
    has_leavers: bool
    sort: str
    backwards: bool
    page: int
    ignored: list[str]

    @classmethod
    def read(cls, data: QueryDict) -> Asked:
        form = FilterForm(data)
        form.is_valid()
        given = form.cleaned_data
        sort = given.get("sort") or DEFAULT_SORT
        return cls(
            team_id=given.get("team"),
            standing=given.get("state") or "",
            has_leavers=bool(given.get("leavers")),
            sort=sort.removeprefix("-"),
            backwards=sort.startswith("-"),
            page=given.get("page") or 1,
            ignored=[str(form.fields[name].label) for name in form.errors],
        )

    @property
    def is_plain(self) -> bool:
        """Nothing chosen but perhaps a team: the report begins with those to act on."""
        return (
            not (self.standing or self.has_leavers)
            and self.sort == DEFAULT_SORT
            and not self.backwards
            and self.page == 1
        )

    def query(self, **changes: Any) -> str:
        """The query part of the address of this report with something changed; begins with page 1 again."""
        sort = f"-{self.sort}" if self.backwards else self.sort if self.sort != DEFAULT_SORT else None
        leavers = 1 if self.has_leavers else None
        wanted = {"team": self.team_id, "state": self.standing, "leavers": leavers, "sort": sort} | changes
        query = QueryDict(mutable=True)
        query.update({name: str(value) for name, value in wanted.items() if value})
        return f"?{query.urlencode()}"

    @property
    def leavers_query(self) -> str:
        """The address with people who left, or without them if they are in it."""
        return self.query(leavers=None if self.has_leavers else 1)

    def sort_query(self, key: str) -> str:
        """The address that sorts by this key, or turns it around if it sorts by it already."""
        turn = self.sort == key and not self.backwards
        return self.query(sort=f"-{key}" if turn else key)
