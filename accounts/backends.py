from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.http import HttpRequest

from accounts.models import User
from accounts.models.user import UserQuerySet
from accounts.statements import Prepared


@Prepared
def person(pk: int) -> UserQuerySet:
    return User.objects.with_is_manager().filter(pk=pk).order_by()


class PersonBackend(ModelBackend):
    """Signs in by e-mail address or staff number. Unknown, wrong and switched off cost the same time."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **kwargs: Any
    ) -> User | None:
        if username is None or password is None:
            return None
        user = User.objects.by_sign_in_name(username)
        if user is None:
            User().set_password(password)  # the same work as a check, so that time tells nothing
            return None
        return user if user.check_password(password) and self.user_can_authenticate(user) else None

    def get_user(self, user_id: Any) -> User | None:
        """The person of the session, with `is_manager`; None once they are switched off."""
        user: User | None = next(iter(person(pk=user_id)), None)
        return user if user and self.user_can_authenticate(user) else None
