from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.numbers import LARGEST
from reports.standing import Standing, Window
from reports.team import SORTS, Within

DEFAULT_SORT = "state"
KEY = r"[a-z0-9]+(?:-[a-z0-9]+)*"


class FilterForm(forms.Form):
    """The query part of a report's address."""

    team = forms.IntegerField(label=gettext_lazy("team"), required=False, min_value=1, max_value=LARGEST)
    direct = forms.BooleanField(label=gettext_lazy("direct reports only"), required=False)
    state = forms.ChoiceField(label=gettext_lazy("state"), required=False, choices=Standing.choices)
    due = forms.ChoiceField(label=gettext_lazy("due day"), required=False, choices=Window.choices)
    path = forms.RegexField(rf"^{KEY}(?:/{KEY})?\Z", label=gettext_lazy("path"), required=False, max_length=120)
    leavers = forms.BooleanField(label=gettext_lazy("people who left"), required=False)
    sort = forms.ChoiceField(
        label=gettext_lazy("order"), required=False, choices=[(sign + key, key) for key in SORTS for sign in ("", "-")]
    )
    page = forms.IntegerField(label=gettext_lazy("page"), required=False, min_value=1, max_value=100_000)


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
        form = FilterForm(data)
        form.is_valid()
        given = form.cleaned_data
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
            ignored=tuple(str(form.fields[name].label) for name in form.errors),
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

    def query(self, **changes: Any) -> str:
        """The query part of the address of this report with something changed; begins with page 1 again."""
        wanted = {
            "team": self.team_id,
            "direct": 1 if self.is_direct else None,
            "state": self.standing,
            "due": self.window,
            "path": self.path,
            "leavers": 1 if self.has_leavers else None,
            "sort": self.sort_key if self.sort_key != DEFAULT_SORT else None,
        } | changes
        query = QueryDict(mutable=True)
        query.update({name: str(value) for name, value in wanted.items() if value})
        return f"?{query.urlencode(safe='/')}"

    @property
    def here(self) -> str:
        """The query part of the address of this very page; empty if there is none."""
        query = self.query(page=self.page if self.page > 1 else None)
        return query if query != "?" else ""

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
