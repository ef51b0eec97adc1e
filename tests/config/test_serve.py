"""`manage.py serve`: ready when it says so, whole when it stops, clear when it cannot."""

import signal
import socket
from http.client import HTTPConnection
from pathlib import Path

import psutil
import pytest
from django.contrib.auth.models import Group
from django.core.management import CommandError

from config.management.commands import serve
from config.server import Sender
from tests.config.outside import PRODUCTION, SECRET, manage, running, until


@pytest.fixture
def taken():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


@pytest.mark.once
def test_taken_port_says_what_to_do(taken: int, tmp_path: Path) -> None:
    done = manage("serve", "--port", str(taken), SECRET_KEY=SECRET, DEMO="1", DATA_DIR=str(tmp_path / "data"))
    assert done.returncode == 1
    assert done.stderr.strip() == f"CommandError: Port {taken} is taken. Choose another: make run PORT={taken + 1}"
    assert not (tmp_path / "data").exists()


@pytest.mark.once
@pytest.mark.parametrize("port", [99999, -1])
def test_impossible_port(port: int) -> None:
    with pytest.raises(CommandError, match="not a port"):
        serve.check_port("127.0.0.1", port)


@pytest.mark.once
def test_foreign_address() -> None:
    with pytest.raises(CommandError, match="Choose another BIND"):
        serve.check_port("203.0.113.1", 8000)


@pytest.mark.once
@pytest.mark.parametrize("mode", ["DEMO", "DEBUG"])
@pytest.mark.parametrize("bind", ["0.0.0.0", "192.0.2.1", "::"])  # noqa: S104
def test_plain_http_never_leaves_this_machine(mode: str, bind: str, tmp_path: Path) -> None:
    done = manage("serve", SECRET_KEY=SECRET, BIND=bind, DATA_DIR=str(tmp_path), **{mode: "1"})
    assert done.returncode == 1
    assert "on this machine only" in done.stderr


@pytest.mark.once
def test_no_demo_company_in_production(tmp_path: Path) -> None:
    done = manage("serve", "--demo", DATA_DIR=str(tmp_path), **PRODUCTION)
    assert done.returncode == 1
    assert "never made in production" in done.stderr


@pytest.mark.once
def test_data_directory_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = manage("serve", "--port", "18998", SECRET_KEY=SECRET, DEMO="1", DATA_DIR=str(tmp_path / "file" / "data"))
    assert done.returncode == 1
    assert "CommandError" in done.stderr
    assert "Traceback" not in done.stderr


def test_database_that_does_not_answer(tmp_path: Path, taken: int) -> None:
    url = "postgresql://a:b@127.0.0.1:1/nothing"
    done = manage("serve", "--port", "18997", SECRET_KEY=SECRET, DEMO="1", DATA_DIR=str(tmp_path), DATABASE_URL=url)
    assert done.returncode == 1
    assert "CommandError: The database does not work" in done.stderr


def get(port: int, address: str) -> int:
    asking = HTTPConnection("127.0.0.1", port, timeout=30)
    asking.request("GET", address)
    status = asking.getresponse().status
    asking.close()
    return status


@pytest.mark.django_db(transaction=True)
def test_whole_life(tmp_path: Path) -> None:
    """Ready means ready; the sender is kept alive; the end leaves nobody behind."""
    with running(tmp_path) as site:
        assert get(site.port, "/healthz") == 200
        until(lambda: get(site.port, "/readyz") == 200)  # the sender has said that it is there
        first = site.sender
        first.kill()
        until(lambda: site.sender is not None and site.sender.pid != first.pid)
        family = site.family
        assert len(family) >= 3
        assert site.stop(signal.SIGINT) == 0
        assert not psutil.wait_procs(family, timeout=20)[1]


@pytest.mark.django_db(transaction=True)
def test_killed_server_leaves_no_orphan(tmp_path: Path) -> None:
    with running(tmp_path) as site:
        until(lambda: site.sender)
        family = site.family
        site.process.kill()
        site.process.wait(20)
        assert not psutil.wait_procs(family, timeout=20)[1]


def test_sender_that_is_stopped_is_not_started_again() -> None:
    sender = Sender()
    sender.command = ("sleep", "600")
    sender.start()
    until(lambda: sender.child)
    sender.stop()
    sender.join(20)
    assert not sender.is_alive()
    assert sender.child.poll() is not None
    assert sender.spawn() is None


def test_roles_follow_their_table_without_a_migration(tmp_path: Path, settings, monkeypatch, db) -> None:
    settings.DATA_DIR = tmp_path
    monkeypatch.setattr(serve, "call_command", lambda *_words, **_options: None)
    editors = Group.objects.get(name="Editors")
    editors.permissions.clear()
    serve.Command().prepare(demo=False)
    assert editors.permissions.filter(codename="add_path").exists()
    editors.permissions.clear()
    serve.Command().prepare(demo=False)
    assert not editors.permissions.exists(), "nothing changed since"


# --- Work that is done again only when its files changed -------------------------------------------------------------


def test_prepared_again_only_after_a_change(tmp_path: Path, settings) -> None:
    settings.DATA_DIR = tmp_path
    page = tmp_path / "page.css"
    page.write_text("a")
    assert serve.changed("look", [page])
    serve.done("look", [page])
    assert not serve.changed("look", [page])
    page.write_text("ab")
    assert serve.changed("look", [page])
