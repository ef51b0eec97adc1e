"""The page on which an editor, who mended a key, sees whom that helps, in counts, and regrades with a reason."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.fields import offer, show_instead
from accounts.numbers import LARGEST
from accounts.sessions import signed_in
from notices.admin import StaffAdmin, Trail
from quizzes import regrading
from quizzes.models import Question
from quizzes.places import Place
from quizzes.regrading import Change, Earlier

if TYPE_CHECKING:
    Base = StaffAdmin
else:
    Base = object


class RegradeForm(forms.Form):
    """Which earlier revisions, and why. `key` is the revision that was in use when the counts were shown."""

    key = forms.IntegerField(widget=forms.HiddenInput, min_value=0, max_value=LARGEST)
    revisions = forms.TypedMultipleChoiceField(
        label=gettext_lazy("Answers to regrade"), coerce=int, widget=forms.CheckboxSelectMultiple
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=300,
        help_text=gettext_lazy("What was wrong with the key. It is kept with your name, and not shown to learners."),
    )

    def __init__(self, question: Question, found: list[Earlier], data: Any = None, **initial: Any) -> None:
        self.question, self.found = question, found
        same = [each.revision.number for each in found if each.has_same_words]
        super().__init__(data, initial={"key": question.published_revision_id, "revisions": same, **initial})
        choices = [(each.revision.number, label(each)) for each in found]
        offer(self, "revisions", choices)

    def clean_key(self) -> int:
        key: int = self.cleaned_data["key"]
        if key != self.question.published_revision_id:
            show_instead(self, "key", self.question.published_revision_id)
            raise ValidationError(_("The question was changed since you looked. The counts are new; look once more."))
        return key


def label(earlier: Earlier) -> str:
    saved = date_format(localtime(earlier.revision.created_at), "DATE_FORMAT")
    parts = [_("Revision %(n)d of %(day)s") % {"n": earlier.revision.number, "day": saved}, gain(earlier.change)]
    if not earlier.has_same_words:
        parts.append(_("it asked: “%(stem)s”") % {"stem": earlier.revision.stem})
    return " · ".join(parts)


def gain(change: Change) -> str:
    words = ngettext(
        "%(n)d attempt gains by it; %(passes)d would pass by it",
        "%(n)d attempts gain by it; %(passes)d would pass by it",
        change.attempts,
    )
    return words % {"n": change.attempts, "passes": change.passes}


def done(change: Change) -> str:
    words = ngettext(
        "%(n)d attempt was regraded, and %(passes)d passed by it.",
        "%(n)d attempts were regraded, and %(passes)d passed by it.",
        change.attempts,
    )
    return words % {"n": change.attempts, "passes": change.passes}


class Regrading(Base):
    """The view, for the admin of questions."""

    trail_of: Callable[[Question, Place | None], Trail]

    def regrade(self, request: HttpRequest, pk: int) -> HttpResponse:
        question = self.get_to_change(request, pk)
        form = RegradeForm(question, regrading.earlier(question), request.POST or None)
        if request.method == "POST" and not form.found:  # a double click, or two editors
            messages.info(request, _("Nobody gains by regrading any more."))
            return HttpResponseRedirect(self.url("change", question.pk))
        if request.method == "POST" and form.is_valid():
            form = self.regrade_now(request, question, form)
            if not form.found:
                return HttpResponseRedirect(self.url("change", question.pk))
        return self.regrade_page(request, question, form)

    def regrade_now(self, request: HttpRequest, question: Question, form: RegradeForm) -> RegradeForm:
        """Do it, and return the form for those who are left."""
        numbers, reason = form.cleaned_data["revisions"], form.cleaned_data["reason"]
        change = regrading.regrade(question, numbers, signed_in(request), reason)
        self.log_change(request, question, f"Regraded {change.attempts} attempts; {change.passes} passed by it")
        messages.success(request, done(change))
        left = [each for each in regrading.earlier(question) if each.revision.number in numbers]
        if left:
            messages.info(request, _("So many people take several steps: press once more for the next of them."))
        return RegradeForm(question, left, revisions=numbers, reason=reason)

    def regrade_page(self, request: HttpRequest, question: Question, form: RegradeForm) -> HttpResponse:
        back = self.url("change", question.pk)
        context = {"question": question, "form": form, "back": back}
        context |= {"open": regrading.open_with_other(question), "history": regrading.history(question)}
        trail = [*self.trail_of(question, None), (self.heading(question), back)]
        return self.page(request, "desk/regrade.html", _("Regrade earlier answers"), trail=trail, **context)
