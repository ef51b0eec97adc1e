"""Workshop in a process of its own, as an operator starts it."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlencode

import psutil
from django.conf import settings
from django.db import connection

ROOT = Path(__file__).resolve().parents[2]
SECRET = "s3cret-key-" + "abcdefghij0123456789" * 3
TOKEN = "t" * 32  # a form token and the cookie it is compared with
PRODUCTION = {"SECRET_KEY": SECRET, "BASE_URL": "https://workshop.example.com"}


def environment(**variables: str) -> dict[str, str]:
    """Nothing of ours but what is given: CI's own variables must not leak in."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    return {**kept, "PYTHONDONTWRITEBYTECODE": "1", **variables}


def manage(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.run(
        command, cwd=ROOT, env=environment(**variables), capture_output=True, text=True, timeout=60, check=False
    )


def python(code: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=environment(**variables),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def post(port: int, address: str, session: str, **form: object) -> tuple[int, str]:
    asking = HTTPConnection("127.0.0.1", port, timeout=20)
    cookies = f"{settings.SESSION_COOKIE_NAME}={session}; {settings.CSRF_COOKIE_NAME}={TOKEN}"
    headers = {"Cookie": cookies, "Content-Type": "application/x-www-form-urlencoded"}
    with closing(asking):
        asking.request("POST", address, urlencode({**form, "csrfmiddlewaretoken": TOKEN}), headers)
        answer = asking.getresponse()
        return answer.status, answer.headers.get("Location", "")


def get(port: int, address: str, session: str = "") -> tuple[int, str]:
    asking = HTTPConnection("127.0.0.1", port, timeout=20)
    with closing(asking):
        asking.request("GET", address, headers={"Cookie": f"{settings.SESSION_COOKIE_NAME}={session}"})
        answer = asking.getresponse()
        return answer.status, answer.read().decode()


@dataclass
class Site:
    """A site that runs in processes of its own, on the database of this test."""

    process: subprocess.Popen[str]
    port: int
    log: Path

    @property
    def family(self) -> list[psutil.Process]:
        """The server, its workers and the sender."""
        server = psutil.Process(self.process.pid)
        return [server, *server.children(recursive=True)]

    @property
    def sender(self) -> psutil.Process | None:
        return next((process for process in self.family if "send_notices" in process.cmdline()), None)

    def kill(self) -> None:
        """As when the power goes: server, workers and sender at once, without a word."""
        for process in self.family:
            process.kill()
        self.process.wait(20)

    def stop(self, by: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(by)
        return self.process.wait(30)


def database_url(host: str = "", port: int = 0) -> str:
    """The address of the test's database, by way of another host and port if given."""
    facts = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{facts['NAME']}"
    server = f"{host or facts['HOST']}:{port or facts['PORT']}"
    return f"postgresql://{facts['USER']}:{facts['PASSWORD']}@{server}/{facts['NAME']}"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(folder: Path, port: int = 0, **variables: str) -> Iterator[Site]:
    """`manage.py serve` on the database of this test, ready; stopped at the end with all that belongs to it."""
    port = port or free_port()
    log = folder / f"serve-{time.monotonic_ns()}.log"
    given = {"DATABASE_URL": database_url(), "TEST_DATA_DIR": str(folder), "DJANGO_SETTINGS_MODULE": "tests.settings"}
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "serve", "--port", str(port)],
            cwd=ROOT,
            env=environment(**{**given, **variables}),
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
        )
    site = Site(process, port, log)
    try:
        until(lambda: "Ready:" in log.read_text() or process.poll() is not None)
        assert process.poll() is None, log.read_text()
        yield site
    finally:
        if process.poll() is None:
            site.stop()


def until(condition: Callable[[], object], seconds: float = 60) -> None:
    """Wait for something that comes by itself; the limit is only there so that a broken test ends."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "It did not come about"
        time.sleep(0.02)
