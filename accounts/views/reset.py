from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import SetPasswordForm
from django.contrib.auth.views import PasswordResetConfirmView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts import letters
from accounts.forms import NewPasswordForm, ResetForm
from accounts.log import record
from accounts.models import User
from accounts.throttling import Guard
from accounts.views.doors import guarded_page


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def reset(request: HttpRequest) -> HttpResponse:
    form = ResetForm(request.POST or None, request=request)
    if request.method != "POST" or not form.is_valid():
        return guarded_page(request, "accounts/reset.html", form)
    name = form.cleaned_data["name"]
    person = User.objects.active().with_sign_in_name(name).exclude(email=None).first()
    record("reset_asked", request, person)
    if person:
        letters.reset_link(person)
    else:
        Guard("reset-unknown", request, name).count_name()  # as much work as writing a mail down
    return redirect("accounts:reset_sent")


@login_not_required
@require_safe
def reset_sent(request: HttpRequest) -> HttpResponse:
    return render(request, "accounts/reset_sent.html")


class ResetConfirm(PasswordResetConfirmView):
    """The page behind the link in the mail. Django moves the token from the address into the session."""

    template_name = "accounts/reset_confirm.html"
    form_class = NewPasswordForm
    success_url = reverse_lazy("accounts:sign_in")

    def get_user(self, uidb64: str) -> User | None:
        person = super().get_user(uidb64)
        return person if isinstance(person, User) and person.is_active else None

    def form_valid(self, form: "SetPasswordForm[User]") -> HttpResponse:
        response = super().form_valid(form)
        person: User = form.user
        for name in filter(None, (person.email, person.staff_number)):
            Guard("sign_in", self.request, name).forget_name()
        record("password_changed", self.request, person, door="reset")
        messages.success(self.request, _("Your new password is set. Sign in with it."))
        return response
