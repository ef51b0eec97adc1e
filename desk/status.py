"""Whether everything of the service runs: one page for operators, without a word about anybody's learning."""

from __future__ import annotations

import platform
import shutil
import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import django
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Count, Min, Q
from django.http import HttpRequest, HttpResponse
from django.template.defaultfilters import filesizeformat
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from notices.models import SENDER, WRITER, Heartbeat, Notice

LITTLE_ROOM = 1_000_000_000  # bytes


@dataclass(frozen=True)
class Fact:
    """A line of the page: whether it is well (None: there is nothing to judge), in a word, and what there is to it."""

    label: str
    is_well: bool | None
    word: str
    more: str = ""

    @property
    def state(self) -> str:
        return "complete" if self.is_well else "overdue"


def status(request: HttpRequest) -> HttpResponse:
    """Everything an operator looks at in the morning; what is not as it should be is said first."""
    if not request.user.has_perm("notices.view_heartbeat"):
        raise PermissionDenied
    now = timezone.now()
    beats = Heartbeat.objects.in_bulk()
    groups = [
        (_("Mail"), [sender(beats, now), writer(beats, now), *outbox(now)]),
        (_("Every night"), [*nightly(beats, now), backup_file()]),
        (_("This machine"), [disk(), migrations(), *versions()]),
    ]
    wrong = [fact for _title, facts in groups for fact in facts if fact.is_well is False]
    context = {**admin.site.each_context(request), "title": _("Is everything running?")}
    return TemplateResponse(request, "desk/status.html", {**context, "groups": groups, "wrong": wrong})


def moment(at: datetime) -> str:
    return date_format(timezone.localtime(at), "DATETIME_FORMAT")


def sender(beats: dict[str, Heartbeat], now: datetime) -> Fact:
    return heart(_("Sender"), beats.get(SENDER), _("Start it with “manage.py send_notices”."), now)


def writer(beats: dict[str, Heartbeat], now: datetime) -> Fact:
    return heart(_("Writer of reminders"), beats.get(WRITER), _("Let a timer run “manage.py write_notices”."), now)


def heart(label: str, beat: Heartbeat | None, mend: str, now: datetime) -> Fact:
    if beat is None:
        return Fact(label, False, _("Never heard from"), mend)
    alive = not beat.is_late(now)
    return Fact(label, alive, _("Running") if alive else _("Silent"), _("last heard from %s") % moment(beat.at))


def trouble(user: User | AnonymousUser, at: datetime | None = None) -> str:
    """What is wrong with the sending of mail, in a sentence for the operators' first page; one query for them."""
    if not user.has_perm("notices.view_heartbeat"):
        return ""
    beats = Heartbeat.objects.in_bulk([SENDER, WRITER])
    if SENDER not in beats or beats[SENDER].is_late(at):
        return _("The sender does not run: no mail goes out.")
    if WRITER in beats and beats[WRITER].is_late(at):
        return _("The writer of reminders has not run for an hour: no reminders are written.")
    return ""


def outbox(now: datetime) -> list[Fact]:
    """What waits to be sent and for how long, and what was given up; two queries."""
    late = Q(pk__in=Notice.objects.waiting(now).values("pk"))
    found = Notice.objects.aggregate(
        waiting=Count("pk", filter=late), oldest=Min("not_before", filter=late), failed=Count("failed_at")
    )
    since = _("the oldest since %s") % moment(found["oldest"]) if found["oldest"] else ""
    is_prompt = found["oldest"] is None or found["oldest"] > now - timedelta(hours=1)
    return [
        Fact(_("Waiting"), is_prompt if found["waiting"] else None, notices(found["waiting"]), since),
        Fact(_("Given up"), None, notices(found["failed"])),
        Fact(_("Addresses that bounce"), None, str(Notice.objects.bounced().values("address").distinct().count())),
    ]


def notices(n: int) -> str:
    return ngettext("%(n)d notice", "%(n)d notices", n) % {"n": n}


def nightly(beats: dict[str, Heartbeat], now: datetime) -> list[Fact]:
    """The commands of the timer, and whatever else said that it was done."""
    labels = {
        "backup": _("Backup"),
        "enroll_due": _("Enroll who is due"),
        "tidy": _("Tidy"),
        "retain": _("Keep nothing for too long"),
    }
    others = {name: name for name in sorted(beats) if name not in (SENDER, WRITER) and name not in labels}
    return [work(label, beats.get(name), now) for name, label in (labels | others).items()]


def work(label: str, beat: Heartbeat | None, now: datetime) -> Fact:
    if beat is None:
        return Fact(label, False, _("Never done"), _("Is the timer on? See “What to watch” in the operator’s guide."))
    on_time = not beat.is_late(now)
    return Fact(label, on_time, _("Done") if on_time else _("Late"), _("last %s") % moment(beat.at))


def backup_file() -> Fact:
    """The newest file in the usual folder; none if backups are written elsewhere, with `--to`."""
    folder = Path(settings.DATA_DIR) / "backups"
    newest = max(folder.glob("workshop-*.tar.gz"), default=None)  # their names begin with the moment
    if newest is None:
        return Fact(_("Newest backup file"), None, _("None in %s") % folder)
    found = newest.stat()
    made = moment(datetime.fromtimestamp(found.st_mtime, UTC))
    return Fact(_("Newest backup file"), None, filesizeformat(found.st_size), f"{made}, {newest}")


def disk() -> Fact:
    """The room left where the data is."""
    room = shutil.disk_usage(settings.DATA_DIR)
    words = {"free": filesizeformat(room.free), "total": filesizeformat(room.total)}
    is_well = room.free > LITTLE_ROOM
    word = _("Enough room") if is_well else _("Little room")
    return Fact(_("Disk"), is_well, word, _("%(free)s of %(total)s free in") % words + f" {settings.DATA_DIR}")


def migrations() -> Fact:
    executor = MigrationExecutor(connection)
    pending = [
        f"{one.app_label}.{one.name}" for one, _back in executor.migration_plan(executor.loader.graph.leaf_nodes())
    ]
    if pending:
        return Fact(
            _("Database schema"), False, _("Not up to date"), _("run “manage.py migrate”: %s") % ", ".join(pending)
        )
    return Fact(_("Database schema"), True, _("Up to date"))


def versions() -> list[Fact]:
    known = {
        "Workshop": settings.VERSION,
        "Python": platform.python_version(),
        "Django": django.get_version(),
        _("Database"): database_version(),
    }
    return [Fact(name, None, version) for name, version in known.items()]


def database_version() -> str:
    if connection.vendor == "sqlite":
        return f"SQLite {sqlite3.sqlite_version}"
    number = getattr(connection, "pg_version", 0)
    return f"PostgreSQL {number // 10000}.{number % 10000}"
