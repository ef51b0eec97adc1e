"""Backups: one file with the database, the media and a manifest that says what must be in them.

The site may run meanwhile. Both databases give one moment: SQLite by its online backup, PostgreSQL by an exported
snapshot that the rows are counted in and pg_dump reads from.
"""

import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError
from django.db import connection, transaction
from django.db.migrations.loader import MigrationLoader
from django.utils import timezone

FORMAT = 1
SQLITE, POSTGRESQL = "database.sqlite3", "database.dump"

Counts = dict[str, int]


# --- Making one ------------------------------------------------------------------------------------------------------


def back_up(folder: Path) -> Path:
    """Write a backup into the folder and return its path. The file appears whole, or not at all."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    target = folder / f"workshop-{timezone.now():%Y-%m-%dT%H%M%S.%fZ}.tar.gz"
    with tempfile.TemporaryDirectory(prefix=".backup-", dir=folder) as scratch:
        parts = Path(scratch)
        counts = dump_database(parts)
        copy_media(parts / "media")
        (parts / "manifest.json").write_text(json.dumps(manifest(parts, counts), indent=1))
        archive = parts.with_suffix(".part")
        try:
            pack(parts, archive)
            archive.replace(target)
        finally:
            archive.unlink(missing_ok=True)
    return target


def dump_database(folder: Path) -> Counts:
    if connection.vendor == "sqlite":
        return dump_sqlite(folder / SQLITE)
    return dump_postgresql(folder / POSTGRESQL)


def dump_sqlite(target: Path) -> Counts:
    """Copy the database as it stands at one moment; writers go on, and what they write is in the copy or not at all."""
    connection.ensure_connection()
    with closing(sqlite3.connect(target)) as copy:
        # All pages in one step: with steps in between, each write of the site would begin the copy anew.
        connection.connection.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")
        return count_sqlite(copy)


def count_sqlite(database: sqlite3.Connection) -> Counts:
    names = database.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    return {name: database.execute(count_sql(name)).fetchone()[0] for (name,) in names.fetchall()}


def count_sql(table: str) -> str:
    return f"SELECT COUNT(*) FROM {connection.ops.quote_name(table)}"  # noqa: S608 - the name comes from the database


def dump_postgresql(target: Path) -> Counts:
    tool = postgresql_tool("pg_dump")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        cursor.execute("SELECT pg_export_snapshot()")
        snapshot = cursor.fetchone()[0]
        run(tool, "--format=custom", "--no-owner", "--no-acl", f"--snapshot={snapshot}", f"--file={target}")
        return count_tables(cursor)


def count_tables(cursor: Any) -> Counts:
    cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = current_schema() ORDER BY 1")
    counts: Counts = {}
    for (name,) in cursor.fetchall():
        cursor.execute(count_sql(name))
        counts[name] = cursor.fetchone()[0]
    return counts


def copy_media(target: Path) -> None:
    """Media files never change once written, so that a copy after the database has every file the rows name."""
    target.mkdir()
    if Path(settings.MEDIA_ROOT).is_dir():
        shutil.copytree(settings.MEDIA_ROOT, target, dirs_exist_ok=True)


def manifest(parts: Path, counts: Counts) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "made_at": timezone.now().isoformat(),
        "version": settings.VERSION,
        "database": connection.vendor,
        "migrations": sorted(f"{app}.{name}" for app, name in MigrationLoader(connection).applied_migrations),
        "rows": counts,
        "sha256": {str(file.relative_to(parts)): digest(file) for file in files_in(parts)},
    }


def files_in(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def digest(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def pack(folder: Path, archive: Path) -> None:
    """One file that only its owner can read, on the disk when this returns."""
    with open(os.open(archive, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
        with tarfile.open(fileobj=stream, mode="w:gz", compresslevel=4) as tar:
            for file in files_in(folder):
                tar.add(file, str(file.relative_to(folder)))
        stream.flush()
        os.fsync(stream.fileno())


def keep_newest(folder: Path, number: int) -> list[Path]:
    """Remove all but the newest backups of the folder; return what was removed."""
    old = sorted(folder.glob("workshop-*.tar.gz"))[:-number]
    for file in old:
        file.unlink()
    return old


# --- Reading one -----------------------------------------------------------------------------------------------------


@contextmanager
def opened(archive: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """The backup unpacked into a folder for the time being, and its manifest. Raises CommandError if it is damaged."""
    with tempfile.TemporaryDirectory(prefix="workshop-restore-") as scratch:
        folder = Path(scratch)
        try:
            with tarfile.open(archive) as tar:
                tar.extractall(folder, filter="data")
            says = json.loads((folder / "manifest.json").read_text())
        except (OSError, EOFError, tarfile.TarError, ValueError) as error:
            raise CommandError(f"{archive} is not a backup of Workshop, or it is damaged: {error}") from error
        check_parts(folder, says)
        yield folder, says


def check_parts(folder: Path, says: dict[str, Any]) -> None:
    if says.get("format") != FORMAT:
        raise CommandError(f"This backup has format {says.get('format')}; this version reads format {FORMAT}.")
    there = {str(file.relative_to(folder)) for file in files_in(folder)} - {"manifest.json"}
    wrong = {
        name for name, expected in says["sha256"].items() if name not in there or digest(folder / name) != expected
    }
    if wrong := wrong | (there - set(says["sha256"])):
        raise CommandError(f"The backup is damaged: {', '.join(sorted(wrong))} is not what was written.")


def check_fits(says: dict[str, Any]) -> None:
    """Raise CommandError if this code or this database cannot take the backup."""
    if says["database"] != connection.vendor:
        raise CommandError(f"This is a backup of {says['database']}, and DATABASE_URL is {connection.vendor}.")
    known = {f"{app}.{name}" for app, name in MigrationLoader(connection).disk_migrations}
    ours = {name.split(".")[0] for name in known}
    if newer := sorted(name for name in says["migrations"] if name not in known and name.split(".")[0] in ours):
        raise CommandError(
            f"The backup comes from a newer version of Workshop ({says['version']}, which has {newer[0]}). "
            "Install that version first, then restore."
        )


def verify(folder: Path, says: dict[str, Any]) -> Counts:
    """Restore the database into a scratch place and return the rows of each table; the live one is not touched.

    Raises CommandError if it is damaged, or not what the manifest says.
    """
    counts = verify_sqlite(folder / SQLITE) if says["database"] == "sqlite" else verify_postgresql(folder / POSTGRESQL)
    if counts != says["rows"]:
        wrong = sorted(name for name in counts.keys() | says["rows"] if counts.get(name) != says["rows"].get(name))
        raise CommandError(f"The restored rows are not those that were backed up: {', '.join(wrong)}.")
    return counts


def verify_sqlite(file: Path) -> Counts:
    try:
        with closing(sqlite3.connect(file)) as copy:
            found = copy.execute("PRAGMA integrity_check").fetchone()[0]
            broken = copy.execute("PRAGMA foreign_key_check").fetchall()
            if found != "ok" or broken:
                raise CommandError(f"The database in the backup is damaged: {found}, {len(broken)} broken links.")
            return count_sqlite(copy)
    except sqlite3.DatabaseError as error:
        raise CommandError(f"The database in the backup is damaged: {error}") from error


def verify_postgresql(file: Path) -> Counts:
    scratch = f"workshop_verify_{os.getpid()}"
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user")
        if not cursor.fetchone()[0]:
            role = connection.settings_dict["USER"]
            raise CommandError(f"To verify, the role needs a scratch database: ALTER ROLE {role} CREATEDB;")
        cursor.execute(f'CREATE DATABASE "{scratch}" TEMPLATE template0')
    other = connection.copy(alias="verify")
    other.settings_dict = {**connection.settings_dict, "NAME": scratch}
    try:
        load_postgresql(file, scratch)
        with other.cursor() as cursor:
            return count_tables(cursor)
    finally:
        other.close()
        with connection.cursor() as cursor:
            cursor.execute(f'DROP DATABASE "{scratch}"')


def restore(folder: Path, says: dict[str, Any]) -> None:
    """Put database and media of the backup in the place of what is there: the database at once or not at all."""
    if says["database"] == "sqlite":
        restore_sqlite(folder / SQLITE)
    else:
        connection.close()
        load_postgresql(folder / POSTGRESQL, str(connection.settings_dict["NAME"]), "--clean", "--if-exists")
    if (folder / "media").is_dir():
        shutil.copytree(folder / "media", settings.MEDIA_ROOT, dirs_exist_ok=True)


def restore_sqlite(file: Path) -> None:
    """By SQLite's own copying: a site that runs sees the old rows or the new ones, never some of each."""
    connection.ensure_connection()
    with closing(sqlite3.connect(file)) as source:
        source.backup(connection.connection)
    connection.close()


def load_postgresql(file: Path, database: str, *options: str) -> None:
    tool = postgresql_tool("pg_restore")
    run(tool, "--single-transaction", "--exit-on-error", "--no-owner", "--no-acl", *options, "-d", database, str(file))


# --- PostgreSQL's own tools ------------------------------------------------------------------------------------------


def postgresql_tool(name: str) -> str:
    """Where pg_dump or pg_restore is. Raises CommandError, with what to install, if it is missing or too old."""
    connection.ensure_connection()
    server = connection.connection.info.server_version // 10000
    path = shutil.which(name)
    if path is None:
        raise CommandError(f"{name} is missing. On Debian: apt-get install postgresql-client-{server}")
    said = subprocess.run([path, "--version"], capture_output=True, text=True, check=True).stdout  # noqa: S603
    major = int("".join(c if c.isdigit() else " " for c in said).split()[0])
    if major < server:
        raise CommandError(
            f"{name} is version {major}, the server is version {server}. "
            f"On Debian: apt-get install postgresql-client-{server}"
        )
    return path


def run(tool: str, *arguments: str) -> None:
    """Run a tool of PostgreSQL on our server; the password goes by the environment, where `ps` does not show it."""
    done = subprocess.run(  # noqa: S603
        [tool, *arguments], env={**os.environ, **login()}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise CommandError(f"{Path(tool).name} failed: {done.stderr.strip()}")


def login() -> dict[str, str]:
    names = {"HOST": "PGHOST", "PORT": "PGPORT", "USER": "PGUSER", "PASSWORD": "PGPASSWORD", "NAME": "PGDATABASE"}
    found = {
        theirs: str(connection.settings_dict[ours]) for ours, theirs in names.items() if connection.settings_dict[ours]
    }
    options = connection.settings_dict.get("OPTIONS", {})
    return found | ({"PGSSLMODE": str(options["sslmode"])} if "sslmode" in options else {})
