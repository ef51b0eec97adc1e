from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import Group, Permission
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from accounts.models import User
from accounts.models.user import UserQuerySet
from accounts.statements import Prepared


@Prepared
def person(pk: int) -> UserQuerySet:
    return User.objects.with_is_manager().filter(pk=pk).order_by()


@Prepared
def permissions(user: int) -> QuerySet[Any, Any]:
    own = User.user_permissions.through.objects.filter(user=user).values("permission")
    of_groups = Group.permissions.through.objects.filter(group__user=user).values("permission")
    found = Permission.objects.filter(Q(pk__in=own) | Q(pk__in=of_groups)).order_by()
    return found.values_list("content_type__app_label", "codename")


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

    def get_all_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        """As Django finds them, in one prepared query: every staff page asks."""
        if not user_obj.is_active or user_obj.is_anonymous or user_obj.is_superuser or obj is not None:
            return super().get_all_permissions(user_obj, obj)
        if not hasattr(user_obj, "_perm_cache"):
            user_obj._perm_cache = {f"{label}.{name}" for label, name in permissions(user=user_obj.pk)}
        known: set[str] = user_obj._perm_cache
        return known
