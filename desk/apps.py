from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class DeskConfig(AppConfig):
    name = "desk"
    verbose_name = _("Staff desk")

    def ready(self) -> None:
        from desk.roles import sync_roles  # noqa: PLC0415  # permissions are models: importable once apps are ready

        post_migrate.connect(sync_roles, dispatch_uid="desk.sync_roles")
