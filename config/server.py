"""The processes of a running site: the web server with its workers, the notice sender beside it, the demo's timer."""

import ctypes
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from http.client import HTTPConnection, HTTPException
from typing import Any

from django.conf import settings
from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server.mp import MPServer

THREADS = 2  # for each worker; granian's own choice would open 256 database connections
STOP_WITHIN = 10  # seconds a worker or the sender has to finish what it is doing
AGAIN_AFTER = 2  # seconds before a sender that ended is started again
MANAGE = (sys.executable, str(settings.BASE_DIR / "manage.py"))


class Server(MPServer):
    """Granian, that tells when its workers were started. They are forked from this process: Django is loaded once."""

    def __init__(self, bind: str, port: int, started: Callable[[], None]) -> None:
        self.started = started
        super().__init__(
            "config.wsgi:application",
            address=bind,
            port=port,
            interface=Interfaces.WSGI,
            workers=settings.WORKERS or worker_count(),
            blocking_threads=THREADS,
            websockets=False,
            respawn_failed_workers=True,
            workers_kill_timeout=STOP_WITHIN,
            log_level=LogLevels.warning,
            log_dictconfig=log_config(),
            log_access=False,
        )

    def startup(self, spawn_target: Any, target_loader: Any) -> None:
        super().startup(spawn_target, target_loader)  # type: ignore[no-untyped-call]
        self.started()


def worker_count() -> int:
    """One for each core, four at most: more is for an operator to say (`WORKERS`). Two show the demo."""
    cores = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    return min(cores, 2 if settings.LOCAL else 4)


def log_config() -> dict[str, Any]:
    """The server's own few lines look like ours; it writes no line for each request."""
    loggers = {"_granian": {"handlers": ["console"], "level": "WARNING", "propagate": False}, "granian.access": {}}
    return {key: settings.LOGGING[key] for key in ("filters", "formatters", "handlers")} | {"loggers": loggers}


class Sender(threading.Thread):
    """Keeps `send_notices --loop` running as a child process until `stop` is called."""

    command = (*MANAGE, "send_notices", "--loop")

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.stopping = threading.Event()
        self.lock = threading.Lock()
        self.child: subprocess.Popen[bytes] | None = None

    def run(self) -> None:
        while child := self.spawn():
            child.wait()
            if not self.stopping.wait(AGAIN_AFTER):
                sys.stderr.write("The notice sender ended and is started again.\n")

    def spawn(self) -> subprocess.Popen[bytes] | None:
        """A new child, unless the site is stopping; in a session of its own, so that Ctrl-C reaches it through us."""
        with self.lock:
            if not self.stopping.is_set():
                self.child = subprocess.Popen(self.command, start_new_session=True, preexec_fn=die_with_parent)  # noqa: S603
                return self.child
        return None

    def stop(self) -> None:
        with self.lock:
            self.stopping.set()
        if self.child is None:
            return
        self.child.terminate()
        try:
            self.child.wait(STOP_WITHIN)
        except subprocess.TimeoutExpired:
            self.child.kill()


class Timer(threading.Thread):
    """Does now and then what the timers of the operator's guide do: the demo has none."""

    commands = ("write_notices", "remind_sessions")
    first, pause = 30, 600  # seconds

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.stopping = threading.Event()

    def run(self) -> None:
        pause = self.first
        while not self.stopping.wait(pause):
            for command in self.commands:
                subprocess.run(  # noqa: S603
                    [*MANAGE, command],
                    stdout=subprocess.DEVNULL,
                    start_new_session=True,
                    preexec_fn=die_with_parent,
                    check=False,
                )
            pause = self.pause


def die_with_parent(by: signal.Signals = signal.SIGTERM) -> None:
    """In a child: end by this signal when the parent is gone, even if it was killed. Linux can."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, by)  # PR_SET_PDEATHSIG


def fall_with_parent() -> None:
    """As `die_with_parent`, in a worker of granian, by the signal that none can miss, so that no orphan keeps the port.

    At SIGTERM a worker can wait for ever, holding the lock of the interpreter that one of its threads waits for (as in
    emmett-framework/granian#875), and the parent that would kill it then is gone.
    """
    die_with_parent(signal.SIGKILL)


def answers(bind: str, port: int) -> bool:
    """Whether the site answers /healthz, asked by the name it is known under."""
    connection = HTTPConnection(reachable(bind), port, timeout=2)
    try:
        connection.request("GET", "/healthz", headers={"Host": settings.ALLOWED_HOSTS[0].lstrip(".")})
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def reachable(bind: str) -> str:
    """Where to knock for a server that listens there."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(bind, bind)  # noqa: S104
