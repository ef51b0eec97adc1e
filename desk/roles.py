"""What each role may do: the one table of permissions. `sync_roles` makes the groups agree with it on every migrate."""

import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.apps import apps as registry
from django.apps.registry import Apps
from django.db.models import Q

if TYPE_CHECKING:
    from accounts.models import User

logger = logging.getLogger("workshop.desk")

VIEW, ADD, CHANGE, DELETE = "view", "add", "change", "delete"

ROLES: dict[str, dict[str, list[str]]] = {
    "Editors": {
        "courses.course": [VIEW, CHANGE],
        "courses.skill": [VIEW, ADD, CHANGE],
        "courses.module": [VIEW, ADD, CHANGE],
        "courses.objective": [VIEW, ADD, CHANGE],
        "courses.lesson": [VIEW, ADD, CHANGE],
        "courses.lessonrevision": [VIEW, ADD],
        "courses.path": [VIEW, ADD, CHANGE],
        "courses.companyfact": [VIEW, ADD, CHANGE],
        "courses.image": [VIEW, ADD, CHANGE],
        "courses.bundle": [VIEW, ADD, CHANGE],
        "courses.publishrequest": [VIEW],
        "courses.flag": [VIEW, CHANGE],
        "quizzes.quiz": [VIEW, CHANGE],
        "quizzes.question": [VIEW, ADD, CHANGE],
        "quizzes.questionrevision": [VIEW, ADD],
    },
    "HR": {
        "accounts.user": [VIEW, ADD, CHANGE, DELETE, "view_everybody", "print_slips"],  # delete: erase for good
        "accounts.team": [VIEW, ADD, CHANGE, DELETE],
        "accounts.membership": [VIEW, ADD, CHANGE, DELETE],
        "accounts.stagedfile": [VIEW, ADD, CHANGE],
        "courses.assignment": [VIEW, ADD],
        "courses.enrollment": [VIEW, CHANGE],
        "courses.enrollmentchange": [VIEW],
        "courses.credit": [VIEW, ADD],
        "courses.renewal": [VIEW, ADD, CHANGE, DELETE],
        "courses.publishrequest": [VIEW, CHANGE],
        "quizzes.inspection": [ADD],  # open the answers of an attempt, with a reason
        "quizzes.retakechange": [VIEW, ADD],
        "admin.logentry": [VIEW],
        "events.livesession": [VIEW, ADD, CHANGE],
        "notices.notice": [VIEW],
    },
    "Operators": {
        "notices.notice": [VIEW],
        "notices.heartbeat": [VIEW],
    },
}


def sync_roles(apps: Apps = registry, **kwargs: Any) -> None:
    """Create the groups and set their permissions to the table above; idempotent.

    Runs at the end of every migrate and flush (see desk/apps.py), with the models as they are then.
    """
    try:
        groups, permissions = apps.get_model("auth", "Group").objects, apps.get_model("auth", "Permission").objects
    except LookupError:  # one app is migrated by itself, and auth is not there yet
        return
    for name, table in ROLES.items():
        group, _created = groups.get_or_create(name=name)
        group.permissions.set(permissions.filter(_wanted(table)))


def _wanted(table: dict[str, list[str]]) -> Q:
    wanted = Q(pk__in=[])
    for label, actions in table.items():
        app, model = label.split(".")
        codes = [action if "_" in action else f"{action}_{model}" for action in actions]
        wanted |= Q(content_type__app_label=app, content_type__model=model, codename__in=codes)
    return wanted


def set_roles(person: "User", names: Iterable[str], by: "User | None" = None) -> bool:
    """Give a person exactly these roles, and with them the staff pages; return whether that changed anything.

    The only place that gives or takes a role or `is_staff`. Superusers keep the staff pages without a role.
    """
    wanted = set(names)
    if unknown := wanted - set(ROLES):
        raise ValueError(f"There is no role {', '.join(sorted(unknown))}; the roles are {', '.join(ROLES)}.")
    before = set(person.groups.filter(name__in=ROLES).values_list("name", flat=True))
    is_staff = bool(wanted) or person.is_superuser
    if before == wanted and person.is_staff == is_staff:
        return False
    groups = registry.get_model("auth", "Group").objects
    person.groups.remove(*groups.filter(name__in=before - wanted))
    person.groups.add(*groups.filter(name__in=wanted - before))
    person.is_staff = is_staff
    person.save(update_fields=["is_staff"])
    roles = ", ".join(sorted(wanted)) or "none"
    logger.info("Roles of person %s set to %s by %s", person.pk, roles, by.pk if by else "a command")
    return True
