"""The pages that change what is asked of people: of one, and of all that a filter of the list finds."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.contrib import messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.fields import to_confirm
from accounts.sessions import signed_in
from courses import changes
from courses.admin.verbs import EXTEND, TOGETHER, VERBS, Verb
from courses.models import Enrollment
from courses.models.enrollment import EnrollmentQuerySet
from notices.admin import StaffAdmin

if TYPE_CHECKING:
    Base = StaffAdmin
else:
    Base = object


class Changing(Base):
    """The views, for the admin of enrollments."""

    def get_urls(self) -> list[Any]:
        mine = [
            path("<int:pk>/do/<slug:verb>/", self.admin_site.admin_view(self.change_one), name="courses_enrollment_do"),
            path("do/<slug:verb>/", self.admin_site.admin_view(self.change_many), name="courses_enrollment_do_all"),
        ]
        return [*mine, *super().get_urls()]

    def buttons(self, enrollment: Enrollment) -> list[tuple[Verb, str]]:
        """What can be done with it now, and where."""
        return [(verb, self.url("do", enrollment.pk, verb.key)) for verb in VERBS.values() if verb.concerns(enrollment)]

    def change_one(self, request: HttpRequest, pk: int, verb: str) -> HttpResponse:
        enrollment = self.get_to_change(request, pk)
        if verb not in VERBS:
            raise Http404
        found, back = VERBS[verb], self.url("change", pk)
        if request.method != "POST" and not found.concerns(enrollment):
            return HttpResponseRedirect(back)
        form = found.form(request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid():
            return self.act(request, found, Enrollment.objects.filter(pk=pk), form, back)
        title = found.title % {"name": enrollment.user.name}
        context = {"form": form, "sentences": found.meaning(enrollment), "button": title, "back": back}
        return self.page(request, "desk/confirm.html", title, enrollment, **context)

    def act(
        self, request: HttpRequest, verb: Verb, whom: EnrollmentQuerySet, form: forms.Form, back: str
    ) -> HttpResponse:
        """A second click finds nothing left to do."""
        if changed := verb.act(whom, signed_in(request), form.cleaned_data):
            messages.success(request, verb.done(changed))
        else:
            messages.info(request, _("Nothing is left to change: it was done already."))
        return HttpResponseRedirect(back)

    def change_many(self, request: HttpRequest, verb: str) -> HttpResponse:
        """All that the filter in the address finds: the form, then a page with their number, then the deed."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        if verb not in TOGETHER:
            raise Http404
        chosen = self.chosen(request)
        back = f"{self.url('changelist')}?{request.GET.urlencode()}"
        if chosen is None:
            return HttpResponseRedirect(self.url("changelist"))
        found = TOGETHER[verb]
        form = found.form(request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid():
            if request.POST.get("confirmed"):
                return self.act(request, found, chosen, form, back)
            return self.confirm(request, found, chosen, form)
        context = {"form": form, "sentences": found.meaning(None), "button": _("See who this reaches"), "back": back}
        title = found.title % {"name": people(count(chosen))}
        return self.page(request, "desk/confirm.html", title, **context)

    def chosen(self, request: HttpRequest) -> EnrollmentQuerySet | None:
        """What the list shows for these filters, all pages of it; None without one that makes sense."""
        try:
            listed = self.get_changelist_instance(request)
        except IncorrectLookupParameters:
            return None
        return cast(EnrollmentQuerySet, listed.get_queryset(request)) if self.narrows(listed) else None

    def narrows(self, listed: Any) -> bool:
        """Whether the list is one of some people: a filter with a value that makes no sense shows everybody."""
        given = [spec for spec in listed.filter_specs if spec.value()]
        offered = [spec.value() in {str(value) for value, _label in spec.lookup_choices} for spec in given]
        is_searched = any(letter.isalnum() for letter in listed.query)
        return all(offered) and (bool(given) or is_searched)

    def confirm(self, request: HttpRequest, verb: Verb, chosen: EnrollmentQuerySet, form: forms.Form) -> HttpResponse:
        data = form.cleaned_data
        reached = changes.due_before(chosen, data["day"]) if verb is EXTEND else chosen.filter(verb.whom())
        number = count(reached)
        sentences = [self.touches(number), *self.left_out(count(chosen) - number)]
        if verb is EXTEND:
            sentences += [self.new_day(data["day"]), *self.moving_along(reached, data["day"])]
        again = request.get_full_path()
        title = verb.title % {"name": people(number)}
        context = {
            "sentences": [*sentences, *verb.meaning(None)],
            "hidden": to_confirm(form),
            "button": title,
            "back": again,
        }
        return self.page(request, "desk/confirm.html", f"{title}?", **context)

    def touches(self, number: int) -> str:
        return ngettext("This touches %(n)d person.", "This touches %(n)d people.", number) % {"n": number}

    def left_out(self, number: int) -> list[str]:
        words = ngettext(
            "%(n)d of those chosen is left out, since it would change nothing for them.",
            "%(n)d of those chosen are left out, since it would change nothing for them.",
            number,
        )
        return [words % {"n": number}] if number else []

    def new_day(self, day: date) -> str:
        return _("New due day: %(day)s. Everybody reads it with your name and reason.") % {"day": date_format(day)}

    def moving_along(self, reached: EnrollmentQuerySet, day: date) -> list[str]:
        number = count(reached.filter(closes_on__lt=day))
        words = ngettext("The cut-off of %(n)d person moves along.", "The cut-off of %(n)d people moves along.", number)
        return [words % {"n": number}] if number else []


def count(enrollments: EnrollmentQuerySet) -> int:
    """People, each once."""
    return enrollments.order_by().values("user").distinct().count()


def people(number: int) -> str:
    return ngettext("%(n)d person", "%(n)d people", number) % {"n": number}
