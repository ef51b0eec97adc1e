from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.numbers import LARGEST
from reports.standing import Standing, Window
from reports.team import SORTS, Within

DEFAULT_SORT = "state"
KEY = r"[a-z0-9]+(?:-[a-z0-9]+)*"


class ReportForm(forms.Form):
    """What the addresses of all reports have in common. `sorts`, of a form made from it, are the keys to sort by."""

    sorts: Iterable[str] = ()

    team = forms.IntegerField(label=gettext_lazy("team"), required=False, min_value=1, max_value=LARGEST)
    path = forms.RegexField(rf"^{KEY}(?:/{KEY})?\Z", label=gettext_lazy("path"), required=False, max_length=120)
    sort = forms.ChoiceField(label=gettext_lazy("order"), required=False)
    page = forms.IntegerField(label=gettext_lazy("page"), required=False, min_value=1, max_value=100_000)

    def __init__(self, data: QueryDict) -> None:
        super().__init__(data)
        field = cast(forms.ChoiceField, self.fields["sort"])
        field.choices = [(sign + key, key) for key in self.sorts for sign in ("", "-")]

    def read(self) -> tuple[dict[str, Any], tuple[str, ...]]:
        """What was asked for, and the names of what made no sense."""
        self.is_valid()
        return self.cleaned_data, tuple(str(self.fields[name].label) for name in self.errors)


class FilterForm(ReportForm):
    """The query part of a report's address."""

    sorts = SORTS

    direct = forms.BooleanField(label=gettext_lazy("direct reports only"), required=False)
    state = forms.ChoiceField(label=gettext_lazy("state"), required=False, choices=Standing.choices)
    due = forms.ChoiceField(label=gettext_lazy("due day"), required=False, choices=Window.choices)
    leavers = forms.BooleanField(label=gettext_lazy("people who left"), required=False)


def as_query(fields: Mapping[str, str]) -> str:
    query = QueryDict(mutable=True)
    query.update(fields)
    return f"?{query.urlencode(safe='/')}"


@dataclass(frozen=True)
class Asked:
    """What an address asks of a report. What it asks for in vain is left out, and named in `ignored`."""

    team_id: int | None
    is_direct: bool
    standing: str
    window: str  # one of Window
    path: str  # the key of a course, or "course/path"
    has_leavers: bool
    sort: str
    backwards: bool
    page: int
    ignored: tuple[str, ...]
    within: Within | None = None  # what `path` means, once it is found

    @classmethod
    def read(cls, data: QueryDict) -> Asked:
        if not data:
            return PLAIN
        given, ignored = FilterForm(data).read()
        sort = given.get("sort") or DEFAULT_SORT
        return cls(
            team_id=given.get("team"),
            is_direct=bool(given.get("direct")),
            standing=given.get("state") or "",
            window=given.get("due") or "",
            path=given.get("path") or "",
            has_leavers=bool(given.get("leavers")),
            sort=sort.removeprefix("-"),
            backwards=sort.startswith("-"),
            page=given.get("page") or 1,
            ignored=ignored,
        )

    def without(self, name: str, **nothing: Any) -> Asked:
        """The same without one thing that makes no sense here, which is said."""
        return replace(self, ignored=(*self.ignored, str(FilterForm.base_fields[name].label)), **nothing)

    @property
    def is_narrowed(self) -> bool:
        """Whether some of the rows of the people are left out."""
        return bool(self.standing or self.window or self.within)

    @property
    def has_filters(self) -> bool:
        return self.is_narrowed or self.team_id is not None or self.is_direct or self.has_leavers

    def in_words(self) -> str:
        """Which rows are listed, for the foot of a page or file; empty if none is left out. Whose they are is said by
        the population.
        """
        parts = []
        if self.standing:
            parts.append(_("state “%(state)s”") % {"state": Standing(self.standing).label})
        if self.window:
            parts.append(_("still to be done, and due “%(due)s”") % {"due": Window(self.window).label})
        if self.within:
            parts.append(_("path “%(path)s”") % {"path": self.within.title})
        return _("Listed are only rows with: %(what)s.") % {"what": "; ".join(parts)} if parts else ""

    @property
    def is_plain(self) -> bool:
        """Nothing chosen but whose people: the report begins with those to act on."""
        return (
            not (self.standing or self.window or self.has_leavers)
            and self.sort == DEFAULT_SORT
            and not self.backwards
            and self.page == 1
        )

    @property
    def sort_key(self) -> str:
        return f"-{self.sort}" if self.backwards else self.sort

    def fields(self, **changes: Any) -> dict[str, str]:
        """What stands in the address of this report, with something changed; it begins with page 1 again."""
        wanted = {
            "team": self.team_id,
            "direct": 1 if self.is_direct else None,
            "state": self.standing,
            "due": self.window,
            "path": self.path,
            "leavers": 1 if self.has_leavers else None,
            "sort": self.sort_key if self.sort_key != DEFAULT_SORT else None,
        } | changes
        return {name: str(value) for name, value in wanted.items() if value}

    def query(self, **changes: Any) -> str:
        """The same, as the query part of the address."""
        return as_query(self.fields(**changes))

    @property
    def here_fields(self) -> dict[str, str]:
        """What stands in the address of this very page."""
        return self.fields(page=self.page if self.page > 1 else None)

    @property
    def here(self) -> str:
        """The query part of the address of this very page; empty if there is none."""
        return as_query(self.here_fields) if self.here_fields else ""

    def sort_query(self, key: str) -> str:
        """The address that sorts by this key, or turns it around if it sorts by it already."""
        turn = self.sort == key and not self.backwards
        return self.query(sort=f"-{key}" if turn else key)


PLAIN = Asked(
    team_id=None,
    is_direct=False,
    standing="",
    window="",
    path="",
    has_leavers=False,
    sort=DEFAULT_SORT,
    backwards=False,
    page=1,
    ignored=(),
)
