import logging

import pytest
from django.apps import apps
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.db.models.signals import post_migrate

from desk import roles

pytestmark = pytest.mark.django_db


def codes(name):
    found = Group.objects.get(name=name).permissions.select_related("content_type")
    return {f"{p.content_type.app_label}.{p.codename}" for p in found}


def wanted(table):
    return {
        f"{label.split('.')[0]}.{action if '_' in action else action + '_' + label.split('.')[1]}"
        for label, actions in table.items()
        for action in actions
    }


def test_every_permission_of_the_table_exists_and_is_given():
    for name, table in roles.ROLES.items():
        assert codes(name) == wanted(table)


def test_sync_takes_what_the_table_does_not_have():
    editors = Group.objects.get(name="Editors")
    editors.permissions.add(*Group.objects.get(name="HR").permissions.all())
    roles.sync_roles()
    assert codes("Editors") == wanted(roles.ROLES["Editors"])


def test_sync_runs_once_a_migrate(monkeypatch):
    calls = []
    last = [config for config in apps.get_app_configs() if config.models_module][-1]
    post_migrate.disconnect(dispatch_uid="desk.sync_roles", sender=last)
    post_migrate.connect(lambda **kwargs: calls.append(1), sender=last, weak=False, dispatch_uid="count")
    try:
        call_command("migrate", verbosity=0)
    finally:
        post_migrate.disconnect(dispatch_uid="count", sender=last)
        post_migrate.connect(roles.sync_roles, sender=last, dispatch_uid="desk.sync_roles")
    assert len(calls) == 1


@pytest.mark.django_db(transaction=True)
def test_roles_survive_flush():
    call_command("flush", interactive=False, verbosity=0)
    assert codes("HR") == wanted(roles.ROLES["HR"])


def test_set_roles_is_the_place_of_is_staff(cast, caplog):
    with caplog.at_level(logging.INFO, "workshop.desk"):
        assert roles.set_roles(cast.ada, ["Editors"], by=cast.hana)
    assert cast.ada.is_staff
    assert cast.ada.groups.get().name == "Editors"
    assert f"person {cast.ada.pk} set to Editors by {cast.hana.pk}" in caplog.text
    assert cast.ada.name not in caplog.text
    assert not roles.set_roles(cast.ada, ["Editors"])
    assert roles.set_roles(cast.ada, [])
    assert not cast.ada.is_staff


def test_unknown_role_is_refused(cast):
    with pytest.raises(ValueError, match="no role Kings"):
        roles.set_roles(cast.ada, ["Kings"])


def test_a_superuser_without_roles_keeps_the_staff_pages(root):
    roles.set_roles(root, ["HR"])
    roles.set_roles(root, [])
    assert root.is_staff
