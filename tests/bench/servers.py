"""Real servers in processes of their own, what they cost in processor time, and the clients that ask them."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from http.client import HTTPConnection, HTTPException, HTTPResponse
from pathlib import Path
from urllib.parse import urlencode

import psutil
from django.db import connection

from tests.bench.data import CSRF

ROOT = Path(__file__).resolve().parents[2]
IDLE = 10  # seconds after which a connection is opened anew
PATIENCE = 120  # seconds for one answer; on a busy machine things take their time
WORKSHOP, BARE = "config.wsgi:application", "tests.bench.bare.wsgi:application"


class Unexpected(Exception):
    """A server did not start, or an answer was not the one that was to be measured."""


@dataclass
class Server:
    """A running server: its port, and the name its database connections go by."""

    process: subprocess.Popen[bytes]
    port: int
    name: str
    log: Path

    @cached_property
    def family(self) -> list[psutil.Process]:
        """Its processes, as they are once it answered."""
        server = psutil.Process(self.process.pid)
        return [server, *server.children(recursive=True)]

    def processor_time(self) -> float:
        """Seconds, user and system, of all its processes and of the database's processes that work for it."""
        return sum(used(pid) for pid in [*(process.pid for process in self.family), *backends(self.name)])

    def memory(self) -> float:
        """Megabytes of all its processes; what they share counts once."""
        return sum(process.memory_full_info().pss for process in self.family) / 1e6


def used(pid: int) -> float:
    """The processor time of a process, to the nanosecond; 0 if it is gone."""
    try:
        return time.clock_gettime((~pid << 3) | 2)  # clock_getcpuclockid(3)
    except OSError:
        return 0.0


def backends(name: str) -> list[int]:
    """PostgreSQL's processes for the connections of this name."""
    if connection.vendor != "postgresql":
        return []
    with connection.cursor() as cursor:
        cursor.execute("SELECT pid FROM pg_stat_activity WHERE application_name = %s", [name])
        return [pid for (pid,) in cursor.fetchall()]


def granian(application: str, port: int) -> list[str]:
    options = ["--interface", "wsgi", "--workers", "1", "--blocking-threads", "2", "--no-ws", "--log-level", "warning"]
    return [sys.executable, "-m", "granian", *options, "--port", str(port), application]


def serve(port: int) -> list[str]:
    """The site as `make run` and `make serve` start it, notice sender and all."""
    return [sys.executable, "manage.py", "serve", "--port", str(port)]


def start(
    command: Sequence[str], port: int, name: str, path: str = "/healthz", cookie: str = "", **more: str
) -> Server:
    """Start a server and wait for its first answer."""
    log = Path(os.environ["DATA_DIR"]) / f"{name}.log"
    environment = {**os.environ, "PGAPPNAME": name, **more}
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=output, stderr=output, start_new_session=True
        )
    server = Server(process, port, name, log)
    until = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < until:
        try:
            Client(port, cookie).get(path)
            return server
        except (OSError, HTTPException):
            time.sleep(0.02)
        except Unexpected as error:
            stop(server)
            raise Unexpected(f"{error}:\n{log.read_text()[-3000:]}") from error
    stop(server)
    raise Unexpected(f"{' '.join(command)} did not start:\n{log.read_text()[-3000:]}")


def stop(server: Server) -> None:
    """End the server and the processes it started."""
    if server.process.poll() is not None:
        return
    children = psutil.Process(server.process.pid).children(recursive=True)
    server.process.send_signal(signal.SIGTERM)
    try:
        server.process.wait(20)
    except subprocess.TimeoutExpired:
        server.process.kill()
        server.process.wait()
    for process in children:
        if process.is_running():
            process.kill()


@contextmanager
def running(
    command: Sequence[str], port: int, name: str, path: str = "/healthz", cookie: str = "", **more: str
) -> Iterator[Server]:
    server = start(command, port, name, path, cookie, **more)
    try:
        yield server
    finally:
        stop(server)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


# --- Clients ---------------------------------------------------------------------------------------------------------


@dataclass
class Client:
    """A browser's connection that stays open, signed in by a session made beforehand."""

    port: int
    session: str = ""
    wire: HTTPConnection = field(init=False)
    used_at: float = 0

    def __post_init__(self) -> None:
        self.wire = HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)

    def headers(self) -> dict[str, str]:
        return {"Cookie": f"sessionid={self.session}; csrftoken={CSRF}"} if self.session else {}

    def get(self, path: str) -> bytes:
        answer, content = self.ask("GET", path)
        if answer.status != 200:
            raise Unexpected(f"GET {path} answered {answer.status}")
        return content

    def post(self, path: str, **values: str | int) -> str:
        """Send a form and return where it leads."""
        form = urlencode({"csrfmiddlewaretoken": CSRF, **values})
        answer, _content = self.ask("POST", path, form, {"Content-Type": "application/x-www-form-urlencoded"})
        if answer.status != 302:
            raise Unexpected(f"POST {path} answered {answer.status}")
        return answer.headers["Location"]

    def ask(
        self, method: str, path: str, body: str | None = None, headers: dict[str, str] | None = None
    ) -> tuple[HTTPResponse, bytes]:
        if time.monotonic() - self.used_at > IDLE:
            self.wire.close()  # the server may be about to; the next request opens it again
        try:
            self.wire.request(method, path, body, {**self.headers(), **(headers or {})})
            answer = self.wire.getresponse()
            content = answer.read()
            self.used_at = time.monotonic()
            return answer, content
        except (OSError, HTTPException):
            self.wire.close()
            raise


@dataclass
class Crowd:
    """What many clients at once got: requests a second, how long the slowest hundredth waited, how many failed."""

    rate: float
    p99: float


def crowd(clients: Sequence[Client], paths: Sequence[str], requests: int) -> Crowd:
    """Each client asks so often, one request after the other, all clients at the same time."""

    def visit(client: Client) -> list[float]:
        waits = []
        for number in range(requests):
            began = time.perf_counter()
            client.get(paths[number % len(paths)])
            waits.append(time.perf_counter() - began)
        return waits

    began = time.perf_counter()
    with ThreadPoolExecutor(len(clients)) as threads:
        waits = sorted(wait for found in threads.map(visit, clients) for wait in found)
    return Crowd(len(waits) / (time.perf_counter() - began), waits[len(waits) * 99 // 100])
