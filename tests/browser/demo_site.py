"""The server of `make run` with the demo company, in a folder and a database of its own."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


class DemoSite(str):
    """The address of a running demo, which can also be told to run a command beside the server."""

    environment: dict[str, str]

    def manage(self, *command: str) -> str:
        """What `manage.py` says to this command, in the folder and with the database of the site."""
        done = subprocess.run(
            [sys.executable, "manage.py", *command],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def own_database() -> Iterator[str]:
    """The address of an empty database on the server the suite runs on; empty for SQLite."""
    url = os.environ.get("DATABASE_URL", "")
    if not url.startswith("postgres"):
        yield ""
        return
    name = f"browser_{secrets.token_hex(4)}"
    with psycopg.connect(url, autocommit=True) as server:
        server.execute(f'CREATE DATABASE "{name}"')
        parts = urlsplit(url)
        try:
            yield parts._replace(path=f"/{name}").geturl()
        finally:
            server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@contextmanager
def demo_site() -> Iterator[DemoSite]:
    """Start it, yield its address and stop it with all its children."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="workshop-browser-") as folder, own_database() as database:
        Path(folder, "secret_key").write_text(secrets.token_urlsafe(64))
        environment = {k: v for k, v in os.environ.items() if k not in ("SECRET_KEY", "DEBUG", "DATABASE_URL")}
        environment |= {"DATA_DIR": folder, "DEMO": "1", "PORT": str(port), "DJANGO_SETTINGS_MODULE": "config.settings"}
        if database:
            environment["DATABASE_URL"] = database
        log = Path(folder, "serve.log")
        with log.open("w") as output:
            server = subprocess.Popen(
                [sys.executable, "manage.py", "serve", "--demo"],
                cwd=ROOT,
                env=environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            try:
                wait_until_ready(f"http://127.0.0.1:{port}", server, log)
                site = DemoSite(f"http://127.0.0.1:{port}")
                site.environment = environment
                yield site
            finally:
                os.killpg(server.pid, signal.SIGTERM)
                server.wait(20)


def wait_until_ready(address: str, server: subprocess.Popen[bytes], log: Path) -> None:
    for _attempt in range(1000):
        if server.poll() is not None:
            break
        try:
            with urllib.request.urlopen(f"{address}/readyz", timeout=2) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.3)
    raise RuntimeError(f"The site did not start:\n{log.read_text()[-4000:]}")
