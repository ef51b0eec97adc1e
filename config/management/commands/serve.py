import errno
import hashlib
import os
import socket
import threading
from argparse import ArgumentParser
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import CommandError, call_command, get_commands
from django.core.management.base import BaseCommand
from django.db import Error, connection, connections
from django.db.migrations.executor import MigrationExecutor

import desk.roles
from config.server import Sender, Server, Timer, answers, fall_with_parent

COURSE = settings.BASE_DIR / "content" / "customer-service"
ROLES = Path(desk.roles.__file__)
MIGRATION_LOCK = 7_209_431  # any number; the same on every machine that serves this database


class Command(BaseCommand):
    help = "Run the site: prepare database and static files, then serve, with the notice sender beside it."
    requires_system_checks = []  # migrate makes them when there is something to do; else be ready in a second

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--demo", action="store_true", help="load the course and make the demo company first")
        parser.add_argument("--port", type=int, default=settings.PORT, help="default: PORT, else 8000")
        parser.add_argument("--bind", default=settings.BIND, help="address to listen on; default: BIND, else 127.0.0.1")

    def handle(self, *args: Any, **options: Any) -> None:
        bind, port, demo = options["bind"], options["port"], options["demo"]
        if settings.LOCAL and bind not in ("127.0.0.1", "::1", "localhost"):
            raise CommandError("DEMO and DEBUG speak plain http, on this machine only. Leave BIND at 127.0.0.1.")
        if demo and not settings.LOCAL:
            raise CommandError("The demo company is never made in production. Set DEMO=1 to show the demo.")
        check_port(bind, port)
        try:
            self.prepare(demo)
        except Error as error:
            raise CommandError(f"The database does not work: {error}") from error
        except OSError as error:
            raise CommandError(
                f"{error.filename or settings.DATA_DIR}: {error.strerror}. DATA_DIR moves it."
            ) from error
        self.serve(bind, port)

    def prepare(self, demo: bool) -> None:
        settings.DATA_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
        if has_unapplied_migrations():
            self.say("Preparing the database ...")
            migrate()
            stamp_of("demo").unlink(missing_ok=True)
        elif changed("roles", [ROLES]):
            desk.roles.sync_roles()  # as every migrate does; a release may change what a role may do and no table
        done("roles", [ROLES])
        if not Path(settings.STATIC_ROOT).is_dir() or changed("static", static_files()):
            call_command("collectstatic", interactive=False, verbosity=0)
            done("static", static_files())
        if demo and changed("demo", course_files()):
            self.say("Preparing the demo ...")
            self.make_demo()
            done("demo", course_files())

    def make_demo(self) -> None:
        try:
            call_command("load_course", str(COURSE), stdout=self.stdout)
        except CommandError as error:
            self.say(f"The course is left as it is: {error}")
        call_command("make_demo", stdout=self.stdout)

    def serve(self, bind: str, port: int) -> None:
        connections.close_all()  # must not be shared with the workers, which are forked from here
        os.register_at_fork(after_in_child=fall_with_parent)
        sender = Sender()
        announce = threading.Thread(target=self.announce, args=(bind, port, sender), daemon=True)
        try:
            Server(bind, port, started=announce.start).serve()
        finally:
            sender.stop()

    def announce(self, bind: str, port: int, sender: Sender) -> None:
        """Say that the site is ready when it answered, not before. The sender starts then, out of the way."""
        while not answers(bind, port):
            if sender.stopping.wait(0.05):
                return
        if "send_notices" in get_commands():
            sender.start()
        if settings.DEMO and "demo_people" in get_commands():
            Timer().start()
            call_command("demo_people", stdout=self.stdout)
            connections.close_all()
        self.say(f"Ready: http://{bind}:{port} (Ctrl-C stops it)")

    def say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()


def check_port(bind: str, port: int) -> None:
    """Raise CommandError, with what to do about it, if nobody could listen there."""
    with socket.socket(socket.AF_INET6 if ":" in bind else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((bind, port))
        except OSError as error:
            advice = f"Nobody can listen on {bind} port {port}: {error.strerror}. Choose another BIND or PORT."
            if error.errno == errno.EADDRINUSE:
                advice = f"Port {port} is taken. Choose another: make run PORT={port + 1}"
            raise CommandError(advice) from error
        except OverflowError as error:
            raise CommandError(f"{port} is not a port. Choose one from 1024 to 65535.") from error


def has_unapplied_migrations() -> bool:
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def migrate() -> None:
    """Migrate, one machine after the other: several may start at once on one PostgreSQL."""
    if connection.vendor != "postgresql":
        call_command("migrate", interactive=False, verbosity=0)
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [MIGRATION_LOCK])
        try:
            call_command("migrate", interactive=False, verbosity=0)
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [MIGRATION_LOCK])


# --- What is done again only when its files changed ------------------------------------------------------------------


def changed(name: str, files: Iterable[Path]) -> bool:
    stamp = stamp_of(name)
    return not stamp.is_file() or stamp.read_text() != fingerprint(files)


def done(name: str, files: Iterable[Path]) -> None:
    stamp_of(name).write_text(fingerprint(files))


def stamp_of(name: str) -> Path:
    return settings.DATA_DIR / f".{name}.stamp"


def fingerprint(files: Iterable[Path]) -> str:
    facts = sorted(f"{path} {path.stat().st_size} {path.stat().st_mtime_ns}" for path in files)
    return hashlib.sha256("\n".join(facts).encode()).hexdigest()


def static_files() -> Iterator[Path]:
    for finder in get_finders():
        for name, storage in finder.list([]):
            yield Path(storage.path(name))


def course_files() -> Iterator[Path]:
    return (path for path in COURSE.rglob("*") if path.is_file())
