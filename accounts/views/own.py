from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts.forms import PasswordForm, ProfileForm
from accounts.log import record
from accounts.models import User
from accounts.views.doors import guarded_page


@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    person = get_object_or_404(User.objects.with_is_manager(), pk=request.user.pk)
    form = ProfileForm(request.POST or None, instance=person)
    if request.method == "POST" and form.is_valid():
        form.save(commit=False).save(update_fields=list(form.fields))
        messages.success(request, _("Your profile is saved."))
        return redirect("accounts:profile")
    return render(request, "accounts/profile.html", {"form": form})


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def password(request: HttpRequest) -> HttpResponse:
    person = get_object_or_404(User, pk=request.user.pk)
    form = PasswordForm(person, request.POST or None, request=request)
    if request.method != "POST" or not form.is_valid():
        return guarded_page(request, "accounts/password.html", form)
    form.save()
    update_session_auth_hash(request, person)
    record("password_changed", request, person, door="profile")
    messages.success(request, _("Your password is changed. You are signed out on all other devices."))
    return redirect("accounts:profile")
