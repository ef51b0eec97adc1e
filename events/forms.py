from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.forms.fields import BaseTemporalField
from django.http import QueryDict
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.admin import TypedTeamsField, indented
from accounts.fields import offer
from accounts.forms import zone_choices
from accounts.models import Team, User
from accounts.numbers import row_number
from accounts.teams import is_short_list
from courses.models import Course
from events import clock
from events.models import LONGEST, LiveSession
from notices.hours import zone_of

if TYPE_CHECKING:
    SessionModelForm = forms.ModelForm[LiveSession]
else:
    SessionModelForm = forms.ModelForm

INPUT = "%Y-%m-%dT%H:%M"
WHICH = ["first", "second"]
YEARS = range(2000, 2101)  # beyond, clocks and databases have limits of their own
MOST_TRAINERS = 20


class ClockInput(forms.DateTimeInput):
    input_type = "datetime-local"

    def __init__(self) -> None:
        super().__init__(format=INPUT)


class ClockField(forms.DateTimeField):
    """What clocks show somewhere: a day and an hour without a zone, which another field says."""

    widget = ClockInput
    input_formats = [INPUT, "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"]
    default_error_messages = {"invalid": gettext_lazy("Give a day and an hour, such as 2026-12-01 10:00.")}

    def to_python(self, value: Any) -> Any:
        """As it was typed, to the minute; Django would read it in the zone of whoever is signed in."""
        if value in self.empty_values:
            return None
        shown: Any = BaseTemporalField.to_python(self, value)
        if shown.year not in YEARS:
            raise ValidationError(_("Choose a year from 2000 to 2100."))
        return shown.replace(second=0, microsecond=0)


class SessionForm(SessionModelForm):
    """A live session as HR edits it: times as clocks show them where it takes place.

    An hour that clocks leave out there is refused, one that comes twice asks which of the two is meant.
    """

    starts = ClockField(label=gettext_lazy("Starts"))
    starts_which = forms.ChoiceField(label=gettext_lazy("Which start"), required=False, widget=forms.HiddenInput)
    ends = ClockField(label=gettext_lazy("Ends"))
    ends_which = forms.ChoiceField(label=gettext_lazy("Which end"), required=False, widget=forms.HiddenInput)
    time_zone = forms.ChoiceField(
        label=gettext_lazy("Time zone"), help_text=gettext_lazy("Both times are meant as clocks show them there.")
    )
    link = forms.URLField(
        label=gettext_lazy("Link"),
        required=False,
        max_length=500,
        assume_scheme="https",
        help_text=gettext_lazy("Of the video meeting. Only who has a seat gets to see it."),
    )
    course = forms.ModelChoiceField(
        Course.objects.order_by("title"),
        label=gettext_lazy("For everybody on a course"),
        required=False,
        empty_label=gettext_lazy("No course"),
    )
    teams = forms.TypedMultipleChoiceField(
        label=gettext_lazy("For teams, with all teams below"),
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    trainers = forms.CharField(
        label=gettext_lazy("Trainers"),
        required=False,
        max_length=4000,
        help_text=gettext_lazy(
            "E-mail addresses or staff numbers, with commas between. They see who registered, and tick who came."
        ),
    )

    class Meta:
        model = LiveSession
        fields = ("title", "text", "time_zone", "place", "link", "seats", "is_public", "course")
        widgets = {"text": forms.Textarea(attrs={"rows": 6})}

    field_order = (
        "title",
        "text",
        "starts",
        "starts_which",
        "ends",
        "ends_which",
        "time_zone",
        "place",
        "link",
        "seats",
        "course",
        "teams",
        "is_public",
        "trainers",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.found_teams: dict[int, Team] = {}
        for name in ("starts_which", "ends_which"):
            offer(self, name, [(which, which) for which in WHICH])
        self.initial.setdefault("time_zone", self.instance.time_zone)
        offer(self, "time_zone", zone_choices(self.instance.time_zone))
        self.offer_teams()
        if self.instance.pk:
            self.show_stored()

    def offer_teams(self) -> None:
        """All to choose from, or where they are too many a field to type them into."""
        if is_short_list():
            self.found_teams = {team.pk: team for team in Team.objects.order_by("path")}
            offer(self, "teams", [(pk, indented(team)) for pk, team in self.found_teams.items()])
        else:
            self.fields["teams"] = TypedTeamsField(label=self.fields["teams"].label, required=False)

    def show_stored(self) -> None:
        session = self.instance
        self.initial["teams"] = [team.pk for team in session.teams.all()]
        self.initial["trainers"] = ", ".join(person.sign_in_name for person in session.trainers.all())
        for name, moment in (("starts", session.starts_at), ("ends", session.ends_at)):
            shown = clock.shown_in(moment, session.zone)
            found = clock.moments(shown, session.zone)
            self.initial[name] = shown
            if len(found) > 1:
                self.initial[f"{name}_which"] = WHICH[found.index(moment)]
                self.ask_which(name, found, session.zone)

    def ask_which(self, name: str, moments: list[datetime], zone: ZoneInfo) -> None:
        """Where an hour comes twice: the two, to choose from."""
        if len(moments) < 2:
            return
        words = (_("The first time, before clocks go back"), _("The second time, after clocks went back"))
        labels = [f"{word} ({clock.offset(moment, zone)})" for word, moment in zip(words, moments, strict=True)]
        self.fields[f"{name}_which"].widget = forms.RadioSelect()
        offer(self, f"{name}_which", list(zip(WHICH, labels, strict=True)))

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        zone = zone_of(data.get("time_zone") or self.instance.time_zone)
        start, end = self.moment_of("starts", zone), self.moment_of("ends", zone)
        if start and end:
            self.check_order(start, end)
            self.instance.starts_at, self.instance.ends_at = start, end
        if not (data.get("course") or data.get("teams") or data.get("is_public")):
            self.add_error(None, _("Say for whom it is: a course, teams, or open to everybody."))
        if not (data.get("place") or data.get("link")) and not {"place", "link"} & set(self.errors):
            self.add_error("place", _("Give a place or a link: people need to know where to go."))
        return data

    def moment_of(self, name: str, zone: ZoneInfo) -> datetime | None:
        """The moment that is meant by what clocks show, or None with an error that says what is wrong with it."""
        shown = self.cleaned_data.get(name)
        if shown is None:
            return None
        found = clock.moments(shown, zone)
        self.ask_which(name, found, zone)
        words = {"time": date_format(shown, "DATETIME_FORMAT"), "zone": zone.key}
        if not found:
            words["before"], words["after"] = (date_format(one, "TIME_FORMAT") for one in clock.around(shown, zone))
            text = _(
                "Clocks in %(zone)s go forward just then, and %(time)s does not exist there. "
                "Choose %(before)s, %(after)s, or another time."
            )
            self.add_error(name, text % words)
            return None
        which = self.cleaned_data.get(f"{name}_which")
        if len(found) > 1 and not which:
            text = _("Clocks in %(zone)s go back then and show %(time)s twice. Say which of the two is meant.")
            self.add_error(f"{name}_which", text % words)
            return None
        return found[WHICH.index(which)] if len(found) > 1 and which else found[0]

    def check_order(self, start: datetime, end: datetime) -> None:
        if end <= start:
            self.add_error("ends", _("The end must come after the start."))
        elif end - start > LONGEST:
            text = _("A session lasts %(days)d days at most. For more, make several sessions.")
            self.add_error("ends", text % {"days": LONGEST.days})
        if start != self.instance.starts_at and start <= timezone.now():
            self.add_error("starts", _("This time is over. Choose a later one."))

    def clean_link(self) -> str:
        link: str = self.cleaned_data["link"]
        if link and not LiveSession(link=link).has_web_link:
            raise ValidationError(_("The link must begin with https://, as the address of a video meeting does."))
        return link

    def clean_teams(self) -> list[Team]:
        given: list[Any] = self.cleaned_data["teams"]  # teams that were typed, or numbers of those to choose from
        return [self.found_teams[one] if isinstance(one, int) else one for one in given]

    def clean_trainers(self) -> list[User]:
        """The people with these addresses and numbers; which of them nobody has is said by name."""
        names = [name.strip() for name in re.split(r"[,;\s]+", self.cleaned_data["trainers"]) if name.strip()]
        if len(names) > MOST_TRAINERS:
            raise ValidationError(_("A session has %(n)d trainers at most.") % {"n": MOST_TRAINERS})
        found = {name: User.objects.active().with_sign_in_name(name).first() for name in names}
        if unknown := [name for name, person in found.items() if person is None]:
            text = _("Nobody active has this address or staff number: %(names)s.")
            raise ValidationError(text % {"names": ", ".join(unknown)})
        return [person for person in found.values() if person]


def page_asked(data: QueryDict) -> int:
    """The number of the page in the address; the first if it makes no sense."""
    return min(row_number(data.get("page", "")) or 1, 10_000)


@dataclass(frozen=True)
class TickForm:
    """The ticks of a page of participants, people by number. `was` is in it for those who were ticked when the page was
    made: so two trainers at once do not undo each other."""

    came: frozenset[int]
    not_came: frozenset[int]

    @classmethod
    def read(cls, data: QueryDict) -> TickForm:
        came, was = (frozenset(map(row_number, data.getlist(name))) - {0} for name in ("came", "was"))
        return cls(came, was - came)
