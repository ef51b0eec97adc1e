from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.dates import MONTHS
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts import audit
from accounts.fields import to_confirm
from accounts.sessions import signed_in
from courses import renewals
from courses.admin.assignments import PathChoiceField
from courses.models import Path, Renewal
from courses.models.enrollment import site_day
from courses.models.path import REFRESHER
from notices.admin import StaffAdmin

if TYPE_CHECKING:
    RenewalModelForm = forms.ModelForm[Renewal]
else:
    RenewalModelForm = forms.ModelForm


class RenewalForm(RenewalModelForm):
    """After how long the people who completed a path are asked again, and for what."""

    path = PathChoiceField(
        Path.objects.exclude(key=REFRESHER).select_related("course"),
        label=gettext_lazy("Path"),
        help_text=gettext_lazy("What people complete the first time."),
    )
    month = forms.TypedChoiceField(
        label=gettext_lazy("Month"),
        required=False,
        coerce=int,
        empty_value=None,
        choices=[("", gettext_lazy("None")), *MONTHS.items()],
        help_text=gettext_lazy(
            "Only if it is counted for everybody in one month: its end, the first one that is at least half the "
            "interval after the day of completion."
        ),
    )

    class Meta:
        model = Renewal
        fields = ("path", "months", "what", "anchor", "month")
        help_texts = {
            "months": gettext_lazy("3 to 120. People are asked 30 days before, and have until the day itself."),
            "what": gettext_lazy(
                "The refresher is the path of that name in the course. Lessons published to be done again since "
                "somebody last completed them come in addition."
            ),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.fields["path"].disabled = True  # another path is another renewal

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        path, anchor = data.get("path"), data.get("anchor")
        if path and data.get("what") == Renewal.What.REFRESHER and renewals.refresher_of(path.course) is None:
            words = _(
                "“%(course)s” has no path with the key “%(key)s”. Add one to its files, or ask for the same path."
            )
            self.add_error("what", words % {"course": path.course.title, "key": REFRESHER})
        if anchor == Renewal.Anchor.MONTH and not data.get("month") and "month" not in self.errors:
            self.add_error("month", _("Choose the month at whose end everybody renews."))
        if anchor == Renewal.Anchor.PERSON and data.get("month"):
            self.add_error("month", _("Leave the month empty if it is counted from each person's own day."))
        return data


@admin.register(Renewal)
class RenewalAdmin(StaffAdmin):
    form = RenewalForm
    list_display = ("path_renewed", "interval", "what", "counted")
    list_select_related = ("path__course",)
    ordering = ("path__course__title", "path__position", "pk")
    add_title = gettext_lazy("Ask again after a time")
    list_title = gettext_lazy("Asked again after a time")
    list_intro = gettext_lazy("People who completed one of these paths are asked again. For all others once is enough.")

    @admin.display(description=gettext_lazy("path"))
    def path_renewed(self, renewal: Renewal) -> str:
        return f"{renewal.path.course.title}: {renewal.path.title}"

    @admin.display(description=gettext_lazy("after"), ordering="months")
    def interval(self, renewal: Renewal) -> str:
        return ngettext("%(n)d month", "%(n)d months", renewal.months) % {"n": renewal.months}

    @admin.display(description=gettext_lazy("counted"))
    def counted(self, renewal: Renewal) -> str:
        month = f": {MONTHS[renewal.month]}" if renewal.month else ""
        return f"{renewal.get_anchor_display()}{month}"

    def heading(self, obj: Any) -> str:
        return self.path_renewed(obj)

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """Turn on: the form, then a page that says how many people it touches, then the deed."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = RenewalForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            if request.POST.get("confirmed"):
                return self.turn_on(request, form)
            return self.confirm(request, form, _turning_on(form.instance), _("Ask them again"))
        return self.page(request, "desk/renewal.html", str(self.add_title), form=form)

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        """Change the rule for certificates to come, in the same three steps."""
        renewal = self.get_to_change(request, object_id)
        form = RenewalForm(request.POST or None, instance=renewal)
        if request.method == "POST" and form.is_valid():
            if request.POST.get("confirmed"):
                return self.change(request, form)
            return self.confirm(request, form, _changing(renewal), _("Change it"))
        return self.page(request, "desk/renewal.html", self.heading(renewal), renewal=renewal, form=form)

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> Any:
        """Turn off, after a page that says what that does."""
        if not self.has_delete_permission(request):
            raise PermissionDenied
        renewal = self.get_object(request, object_id)
        if renewal is None:
            raise Http404
        if request.method == "POST":
            return self.turn_off(request, renewal)
        title = _("Ask nobody again for “%(path)s”?") % {"path": renewal.path.title}
        back = self.url("change", renewal.pk)
        sentences = _turning_off(renewal)
        return self.page(
            request, "desk/confirm.html", title, renewal, sentences=sentences, button=_("Turn it off"), back=back
        )

    def confirm(self, request: HttpRequest, form: RenewalForm, sentences: list[str], button: str) -> HttpResponse:
        title = _("Ask again for “%(path)s”?") % {"path": form.instance.path.title}
        sentences += [_holding(form.instance)]
        return self.page(
            request,
            "desk/confirm.html",
            title,
            sentences=sentences,
            hidden=to_confirm(form),
            button=button,
            back=request.path,
        )

    def turn_on(self, request: HttpRequest, form: RenewalForm) -> HttpResponse:
        renewal = form.save(commit=False)
        try:
            with transaction.atomic():
                dated = renewals.turn_on(renewal)
                self.log_addition(request, renewal, f"Turned on; {dated} certificates got their last day")
        except IntegrityError:  # a double click, or a colleague at the same moment
            return HttpResponseRedirect(self.url("changelist"))
        words = _("People who completed “%(path)s” are asked again from now on.")
        messages.success(request, words % {"path": renewal.path.title})
        return HttpResponseRedirect(self.url("changelist"))

    def change(self, request: HttpRequest, form: RenewalForm) -> HttpResponse:
        if form.has_changed():
            self.log_change(request, form.save(), f"Changed: {', '.join(form.changed_data)}")
        messages.success(request, _("“%(path)s” is saved.") % {"path": self.heading(form.instance)})
        return HttpResponseRedirect(self.url("changelist"))

    @transaction.atomic
    def turn_off(self, request: HttpRequest, renewal: Renewal) -> HttpResponse:
        pk = renewal.pk
        lost = renewals.turn_off(renewal)
        renewal.pk = pk  # for the list of changes
        words = f"Turned off; {lost} certificates hold for ever"
        audit.record(signed_in(request), renewal, words, audit.DELETION)
        messages.success(request, _("Nobody is asked again for “%(path)s”.") % {"path": renewal.path.title})
        return HttpResponseRedirect(self.url("changelist"))


def _turning_on(renewal: Renewal) -> list[str]:
    touched = renewals.touched_by(renewal)
    if touched.first_opens is None:
        return [_("Nobody has completed this path yet. Who does will be asked again.")]
    people = ngettext("This touches %(n)d person now.", "This touches %(n)d people now.", touched.people)
    opens = _("The first are asked again on %(day)s, by the nightly job.")
    dated = ngettext(
        "%(n)d certificate that has no end date gets one, 60 days from today at the earliest.",
        "%(n)d certificates that have no end date get one, 60 days from today at the earliest.",
        touched.certificates,
    )
    return [
        people % {"n": touched.people},
        opens % {"day": date_format(touched.first_opens)},
        dated % {"n": touched.certificates},
    ]


def _holding(renewal: Renewal) -> str:
    words = _("A certificate of today would hold until %(day)s. People are asked 30 days before that.")
    return words % {"day": date_format(renewal.expiry(site_day()))}


def _changing(renewal: Renewal) -> list[str]:
    people = renewals.completed(renewal.path).count()
    words = ngettext(
        "This touches %(n)d person who completed the path.", "This touches %(n)d people who completed the path.", people
    )
    return [
        words % {"n": people},
        _("Certificates that were issued keep the day that is on them. The new rule is for those to come."),
    ]


def _turning_off(renewal: Renewal) -> list[str]:
    lost, asked = renewals.losing_their_day(renewal.path).count(), renewals.under_way(renewal.path).count()
    keep = ngettext(
        "%(n)d certificate that has not expired never will. A day printed on paper stays on the paper; whoever checks "
        "the code reads that it is valid.",
        "%(n)d certificates that have not expired never will. A day printed on paper stays on the paper; whoever "
        "checks the code reads that it is valid.",
        lost,
    )
    under_way = ngettext(
        "%(n)d person who was asked again already stays asked.",
        "%(n)d people who were asked again already stay asked.",
        asked,
    )
    return [
        keep % {"n": lost},
        _("What has expired stays so, and nothing that people did changes."),
        under_way % {"n": asked},
    ]
