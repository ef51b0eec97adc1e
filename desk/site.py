from collections.abc import Callable
from functools import update_wrapper
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache

from desk import inviting
from desk.facts import facts_page
from desk.new_fact import new_fact_page
from desk.preview.urls import staff_urls
from desk.status import status, trouble
from desk.tasks import tasks_for

View = Callable[..., Any]

# Left out of Django's admin: a second door, people by autocomplete, and the address of any object by its number.
LEFT_OUT = {"logout", "password_change", "password_change_done", "autocomplete", "jsi18n", "view_on_site", "app_list"}


class StaffSite(admin.AdminSite):
    """The staff pages: an index of tasks, one door with everybody else, and nothing that the roles do not need."""

    site_header = site_title = index_title = _("Staff pages")
    enable_nav_sidebar = False

    def get_urls(self) -> list[Any]:
        kept = [pattern for pattern in super().get_urls() if getattr(pattern, "name", None) not in LEFT_OUT]
        return [
            path("sender/", self.admin_view(status), name="sender"),
            path("courses/course/<int:pk>/facts/", self.admin_view(facts_page), name="desk_facts"),
            path("courses/course/<int:pk>/facts/add/", self.admin_view(new_fact_page), name="desk_new_fact"),
            path("invite/", self.admin_view(inviting.invite), name="invite"),
            path("not-come/", self.admin_view(inviting.not_come), name="not_come"),
            *staff_urls(self.admin_view),
            *kept,
        ]

    def admin_view(self, view: View, cacheable: bool = False) -> Any:
        """Staff only; somebody who is signed in and is not staff gets 403, not a second sign-in page."""
        inner = super().admin_view(view, cacheable)

        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            if request.user.is_authenticated and not self.has_permission(request):
                raise PermissionDenied
            return inner(request, *args, **kwargs)

        return update_wrapper(guarded, inner)

    @method_decorator(never_cache)
    @method_decorator(login_not_required)
    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """One door, one throttle: to the sign-in page of the site."""
        target = request.GET.get(REDIRECT_FIELD_NAME, "")
        if not url_has_allowed_host_and_scheme(target, {request.get_host()}, request.is_secure()):
            target = reverse("admin:index")
        if self.has_permission(request):
            return redirect(target)
        return redirect(f"{reverse('accounts:sign_in')}?{urlencode({REDIRECT_FIELD_NAME: target})}")

    def index(self, request: HttpRequest, extra_context: Any = None) -> TemplateResponse:
        context = {**self.each_context(request), "title": _("Staff pages"), "groups": tasks_for(request.user)}
        context["trouble"] = trouble(request.user)
        if request.user.is_superuser:
            context["everything"] = sorted(
                (
                    str(model._meta.verbose_name_plural),
                    reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"),
                )
                for model in self._registry
            )
        return TemplateResponse(request, "desk/index.html", context)

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """Nothing: the index lists tasks. Django would ask for this on every page."""
        return []
