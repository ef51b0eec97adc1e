from django.apps import AppConfig, apps
from django.contrib import admin
from django.contrib.admin import apps as admin_apps
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _

from desk.roles import sync_roles


class DeskConfig(AppConfig):
    name = "desk"
    verbose_name = _("Staff desk")

    def ready(self) -> None:
        # post_migrate is sent once for each app; at the last one all permissions of our models exist.
        last = [config for config in apps.get_app_configs() if config.models_module][-1]
        post_migrate.connect(sync_roles, sender=last, dispatch_uid="desk.sync_roles")


class StaffSiteConfig(admin_apps.AdminConfig):
    """Django's admin with our site in its place; named in INSTALLED_APPS."""

    default = False
    default_site = "desk.site.StaffSite"

    def ready(self) -> None:
        super().ready()
        admin.site.unregister(apps.get_model("auth", "Group"))  # desk/roles.py says what a role may do
