"""The verbs of an enrollment as HR uses them: what each asks for, what it means in words, whom it concerns.

The pages themselves are in courses/admin/changing.py, the rules in courses/changes.py.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django import forms
from django.db.models import Q
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.models import User
from courses import changes
from courses.models import Enrollment, EnrollmentChange
from courses.models.enrollment import EnrollmentQuerySet, site_day
from notices.admin import DateInput

Words = str | Promise


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=300,
        help_text=gettext_lazy("Kept beside the change, for HR."),
    )


class MaybeReasonForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("Reason, if there is something to say"),
        max_length=300,
        required=False,
        help_text=gettext_lazy("Kept beside the change, for HR."),
    )


class ExcuseForm(forms.Form):
    excuse = forms.ChoiceField(
        label=gettext_lazy("Why"), choices=EnrollmentChange.Excuse.choices, widget=forms.RadioSelect
    )
    reason = forms.CharField(
        label=gettext_lazy("Note"),
        max_length=300,
        required=False,
        help_text=gettext_lazy("Read by HR alone. Needed for “Other”; leave out what is private, such as an illness."),
    )

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if (
            data.get("excuse") == EnrollmentChange.Excuse.OTHER
            and not data.get("reason")
            and "reason" not in self.errors
        ):
            self.add_error("reason", _("Say in a few words what “Other” is."))
        return data


class MoreTimeForm(forms.Form):
    day = forms.DateField(label=gettext_lazy("New due day"), widget=DateInput)
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=300,
        help_text=gettext_lazy("They read it beside the new day, with your name."),
    )

    def clean_day(self) -> date:
        day: date = self.cleaned_data["day"]
        if day < site_day():
            raise forms.ValidationError(_("This day is over. Choose today or later."))
        return day


@dataclass(frozen=True)
class Verb:
    """`whom` and `concerns` are the two faces of whom it is for; `act` is handed the form's answers."""

    key: str
    label: Words
    title: Words
    form: type[forms.Form]
    meaning: Callable[[Enrollment | None], list[str]]
    whom: Callable[[], Q]
    concerns: Callable[[Enrollment], bool]
    act: Callable[[EnrollmentQuerySet, User, dict[str, Any]], int]
    done: Callable[[int], str]


def excusing(enrollment: Enrollment | None) -> list[str]:
    return [
        _("Nothing is asked for now: nobody who is excused is late or gets a reminder, and reports do not count them."),
        _("Managers read “Excused” and not why. People read the word you choose here themselves; the note is for HR."),
        _("They may go on learning, and it counts. You can take the excuse back at any time."),
    ]


def asking_again(enrollment: Enrollment | None) -> list[str]:
    return [_("From now on it is asked of them again, by the dates there were."), *still_due(enrollment)]


def still_due(enrollment: Enrollment | None) -> list[str]:
    """The due day as it stands, and a word of warning if it is over."""
    if enrollment is None or enrollment.due_on is None:
        return []
    words = {"day": date_format(enrollment.due_on)}
    if enrollment.due_on < site_day():
        return [_("Their due day was %(day)s, so they are late at once. Set a later one afterwards.") % words]
    return [_("Their due day is %(day)s.") % words]


def pausing(enrollment: Enrollment | None) -> list[str]:
    return [
        _("The clock stops: nobody who is paused is late, shut out or reminded, and reports do not count them."),
        _("When you resume, due day and cut-off move by the days of the pause."),
        _("They may go on learning, and it counts."),
    ]


def resuming(enrollment: Enrollment | None) -> list[str]:
    if enrollment is None or enrollment.paused_at is None:
        return []
    days = changes.days_paused(enrollment)
    since = {"day": date_format(localtime(enrollment.paused_at)), "n": days}
    words = ngettext(
        "Paused since %(day)s: the clock stood still for %(n)d day.",
        "Paused since %(day)s: the clock stood still for %(n)d days.",
        days,
    )
    return [
        words % since,
        *moving(_("The due day"), enrollment.due_on, days),
        *moving(_("The cut-off"), enrollment.closes_on, days),
    ]


def moving(what: str, day: date | None, days: int) -> list[str]:
    after = changes.later(day, days)
    if day is None or after is None or not days:
        return []
    words = {"what": what, "before": date_format(day), "after": date_format(after)}
    return [_("%(what)s moves from %(before)s to %(after)s.") % words]


def withdrawing(enrollment: Enrollment | None) -> list[str]:
    return [
        _("It is asked of them no longer, and nothing more is recorded. What they did stays, and they can read on."),
        _("Reports say “Withdrawn” and do not count them. No request to a team enrolls them again."),
        _("You can take it back at any time."),
    ]


def extending(enrollment: Enrollment | None) -> list[str]:
    return [
        _("Everybody chosen whose due day is earlier gets this one. A later day stays, and so does having none."),
        _("A cut-off before that day moves along to it."),
    ]


VERBS = {
    verb.key: verb
    for verb in [
        Verb(
            "excuse",
            gettext_lazy("Excuse"),
            gettext_lazy("Excuse %(name)s"),
            ExcuseForm,
            excusing,
            changes.excusable_q,
            changes.is_excusable,
            lambda found, by, data: changes.excuse(found, by, data["excuse"], data["reason"]),
            lambda n: ngettext("%(n)d person is excused.", "%(n)d people are excused.", n) % {"n": n},
        ),
        Verb(
            "ask-again",
            gettext_lazy("Take the excuse back"),
            gettext_lazy("Ask %(name)s again"),
            MaybeReasonForm,
            asking_again,
            changes.excused_q,
            changes.is_excused,
            lambda found, by, data: changes.ask_again(found, by, data["reason"]),
            lambda n: ngettext("%(n)d person is asked again.", "%(n)d people are asked again.", n) % {"n": n},
        ),
        Verb(
            "pause",
            gettext_lazy("Pause"),
            gettext_lazy("Pause the clock for %(name)s"),
            ReasonForm,
            pausing,
            changes.pausable_q,
            changes.is_pausable,
            lambda found, by, data: changes.pause(found, by, data["reason"]),
            lambda n: ngettext("%(n)d person is paused.", "%(n)d people are paused.", n) % {"n": n},
        ),
        Verb(
            "resume",
            gettext_lazy("Resume"),
            gettext_lazy("Let the clock run again for %(name)s"),
            MaybeReasonForm,
            resuming,
            changes.paused_q,
            changes.is_paused,
            lambda found, by, data: changes.resume(found, by, data["reason"]),
            lambda n: (
                ngettext("The clock runs again for %(n)d person.", "The clock runs again for %(n)d people.", n)
                % {"n": n}
            ),
        ),
        Verb(
            "withdraw",
            gettext_lazy("Withdraw"),
            gettext_lazy("Withdraw %(name)s"),
            ReasonForm,
            withdrawing,
            changes.withdrawable_q,
            changes.is_withdrawable,
            lambda found, by, data: changes.withdraw(found, by, data["reason"]),
            lambda n: ngettext("%(n)d person is withdrawn.", "%(n)d people are withdrawn.", n) % {"n": n},
        ),
        Verb(
            "reinstate",
            gettext_lazy("Reinstate"),
            gettext_lazy("Reinstate %(name)s"),
            MaybeReasonForm,
            asking_again,
            changes.withdrawn_q,
            changes.is_withdrawn,
            lambda found, by, data: changes.reinstate(found, by, data["reason"]),
            lambda n: ngettext("%(n)d person is asked again.", "%(n)d people are asked again.", n) % {"n": n},
        ),
    ]
}

EXTEND = Verb(
    "extend",
    gettext_lazy("Give more time"),
    gettext_lazy("Give %(name)s more time"),
    MoreTimeForm,
    extending,
    changes.extendable_q,
    changes.is_extendable,
    lambda found, by, data: changes.extend_all(found, by, data["reason"], data["day"]),
    lambda n: ngettext("%(n)d person has more time.", "%(n)d people have more time.", n) % {"n": n},
)
TOGETHER = {verb.key: verb for verb in (EXTEND, VERBS["excuse"], VERBS["pause"])}  # for many at once
