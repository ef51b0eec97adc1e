"""Two questions a monitor or a proxy asks: does this process answer, and can it do its work?"""

import logging
from collections.abc import Callable

from django.contrib.auth.decorators import login_not_required
from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from notices.models import LATE, SENDER, Heartbeat

logger = logging.getLogger(__name__)

_schema_is_current = False  # once true it stays so while this process lives: its code does not change


@login_not_required
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """The process answers; touches neither database nor files."""
    return JsonResponse({"status": "ok"})


@login_not_required
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """Whether the database answers, has every migration, and the notice sender is alive; 503 if one of them fails."""
    checks = {name: passes(check) for name, check in CHECKS.items()}
    ready = all(checks.values())
    answer = {
        "status": "ok" if ready else "failing",
        "checks": {k: "ok" if v else "failing" for k, v in checks.items()},
    }
    return JsonResponse(answer, status=200 if ready else 503)


def passes(check: Callable[[], bool]) -> bool:
    try:
        return check()
    except Error:
        logger.warning("Not ready: %s", check.__name__, exc_info=True)
        return False


def database_answers() -> bool:
    with connection.cursor() as cursor:  # a table, since SQLite answers SELECT 1 without opening its file
        cursor.execute("SELECT 1 FROM django_migrations LIMIT 1")
    return True


def schema_is_current() -> bool:
    global _schema_is_current
    if not _schema_is_current:
        executor = MigrationExecutor(connection)
        _schema_is_current = not executor.migration_plan(executor.loader.graph.leaf_nodes())
    return _schema_is_current


def sender_is_alive() -> bool:
    return Heartbeat.objects.filter(name=SENDER, at__gt=timezone.now() - LATE[SENDER]).exists()


CHECKS: dict[str, Callable[[], bool]] = {
    "database": database_answers,
    "migrations": schema_is_current,
    "sender": sender_is_alive,
}
