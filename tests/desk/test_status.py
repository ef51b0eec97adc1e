from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from desk import status
from notices.models import SENDER, WRITER, Heartbeat, Notice

PAGE = "/admin/sender/"
NIGHTLY = ("backup", "enroll_due", "tidy", "retain")


@pytest.fixture
def data_dir(settings, tmp_path):
    settings.DATA_DIR = tmp_path
    return tmp_path


@pytest.fixture
def running(cast, data_dir):
    """Everything was done this night."""
    Heartbeat.beat(SENDER)
    Heartbeat.beat(WRITER)
    for name in NIGHTLY:
        Heartbeat.beat(name, timezone.now() - timedelta(hours=20))
    (data_dir / "backups").mkdir()
    for day in ("2026-11-20", "2026-11-21"):
        (data_dir / "backups" / f"workshop-{day}T023000.0Z.tar.gz").write_bytes(b"x" * 2048)


def page(as_, person) -> str:
    return as_(person).get(PAGE).content.decode()


def test_all_is_well(as_, cast, running):
    said = page(as_, cast.olga)
    assert "Yes, everything runs." in said
    for text in ("Running", "Up to date", "Python", "Django", "2.0\xa0KB", "workshop-2026-11-21", "Enough room"):
        assert text in said
    assert "workshop-2026-11-20" not in said
    assert ("SQLite" if connection.vendor == "sqlite" else "PostgreSQL 1") in said


def test_before_anything_ran_it_says_what_to_do(as_, cast, data_dir):
    said = page(as_, cast.olga)
    assert "No: 6 things need a look." in said
    assert "Never heard from" in said
    assert said.count("Never done") == 8
    assert "None in" in said


def test_what_is_late_is_said_first(as_, cast, running):
    Heartbeat.beat("retain", timezone.now() - timedelta(hours=27))
    Heartbeat.beat("renew", timezone.now() - timedelta(days=3))
    Heartbeat.beat(SENDER, timezone.now() - timedelta(minutes=6))
    said = page(as_, cast.olga)
    assert "No: 3 things need a look." in said
    assert said.count("Silent") == 2
    assert said.count("Late") == 4


def test_notices_that_wait_for_long_and_those_given_up(as_, cast, running):
    for n, more in enumerate(({}, {"not_before": timezone.now() - timedelta(hours=2)}, {"failed_at": timezone.now()})):
        Notice.objects.create(key=str(n), kind="plain", address="a@example.com", subject="Mail of Ada", **more)
    said = page(as_, cast.olga)
    assert "2 notices" in said
    assert "1 notice<" in said
    assert "one thing needs a look" in said
    assert "Mail of Ada" not in said


def test_little_room_and_missing_migrations(as_, cast, running, monkeypatch):
    monkeypatch.setattr(
        status.shutil, "disk_usage", lambda path: status.shutil._ntuple_diskusage(10**12, 10**12, 10**6)
    )
    monkeypatch.setattr(status.MigrationExecutor, "migration_plan", lambda self, nodes: [(Pending, False)])
    said = page(as_, cast.olga)
    assert "Little room" in said
    assert "courses.0099_more" in said


class Pending:
    app_label, name = "courses", "0099_more"


def test_it_holds_no_learning_records_and_no_secret(as_, cast, running, settings):
    said = page(as_, cast.olga)
    for text in ("Ada", "Otto", "Course service", settings.SECRET_KEY):
        assert text not in said


def test_it_costs_the_same_however_much_waits(as_, cast, running):
    def queries() -> int:
        with CaptureQueriesContext(connection) as found:
            as_(cast.olga).get(PAGE)
        return len(found)

    queries()
    before = queries()
    Notice.objects.bulk_create(Notice(key=str(n), kind="plain", address="a@example.com") for n in range(500))
    assert queries() == before
