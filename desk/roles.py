"""What each role may do: the one table of permissions. `sync_roles` makes the groups agree with it after every migrate."""

from typing import Any

from django.contrib.auth.models import Group, Permission
from django.db.models import Q

VIEW, ADD, CHANGE, DELETE = "view", "add", "change", "delete"

ROLES: dict[str, dict[str, list[str]]] = {
    "Editors": {
        "courses.course": [VIEW, CHANGE],
        "courses.module": [VIEW, ADD, CHANGE],
        "courses.objective": [VIEW, ADD, CHANGE],
        "courses.lesson": [VIEW, ADD, CHANGE],
        "courses.lessonrevision": [VIEW, ADD],
        "courses.path": [VIEW, CHANGE],
        "quizzes.quiz": [VIEW, CHANGE],
        "quizzes.question": [VIEW, ADD, CHANGE],
        "quizzes.questionrevision": [VIEW, ADD],
    },
    "HR": {
        "accounts.user": [VIEW, ADD, CHANGE, "view_everybody", "print_slips"],
        "accounts.team": [VIEW, ADD, CHANGE, DELETE],
        "accounts.membership": [VIEW, ADD, CHANGE, DELETE],
        "courses.assignment": [VIEW, ADD],
        "courses.enrollment": [VIEW, CHANGE],
        "courses.enrollmentchange": [VIEW],
    },
    "Operators": {
        "notices.notice": [VIEW],
        "notices.heartbeat": [VIEW],
    },
}


def sync_roles(**kwargs: Any) -> None:
    """Create the groups and set their permissions to the table above; idempotent. Connected to post_migrate."""
    for name, table in ROLES.items():
        wanted = Q(pk__in=[])
        for label, actions in table.items():
            app, model = label.split(".")
            codes = [action if "_" in action else f"{action}_{model}" for action in actions]
            wanted |= Q(content_type__app_label=app, content_type__model=model, codename__in=codes)
        group, _created = Group.objects.get_or_create(name=name)
        group.permissions.set(Permission.objects.filter(wanted))
