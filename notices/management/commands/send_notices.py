from __future__ import annotations

import logging
import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import DatabaseError, close_old_connections, connection

from notices import sending

logger = logging.getLogger("workshop.notices")


class Command(BaseCommand):
    help = "Send the messages that wait in the outbox, once or, with --loop, until stopped. Several may run at once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--loop",
            type=float,
            nargs="?",
            const=5.0,
            metavar="SECONDS",
            help="keep running, with this pause between rounds",
        )

    def handle(self, *args: Any, loop: float | None = None, **options: Any) -> None:
        if loop is None:
            sent = sending.send_waiting()
            self.stdout.write(f"{sent} sent")
            return
        stop = threading.Event()
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: stop.set())
        self.stdout.write("The notice sender runs.")
        self.run(stop, loop)

    def run(self, stop: threading.Event, pause: float) -> None:
        """Rounds until `stop` is set, which ends the present one between two messages."""
        while not stop.is_set():
            busy = self.round(stop)
            if not busy:
                stop.wait(pause)

    def round(self, stop: threading.Event) -> bool:
        """Send what waits; whether there may be more. A database that is away is waited for."""
        close_old_connections()
        try:
            return sending.send_waiting(stopping=stop.is_set) >= sending.BATCH
        except DatabaseError as error:
            logger.warning("database_away", extra={"event": {"event": "database_away", "error": type(error).__name__}})
            connection.close()
            return False
