"""The benchmark on the one database of DATABASE_URL: `python -m tests.bench.inside results.json`.

On a PostgreSQL server it makes two databases of its own and drops them again.
"""

import json
import os
import secrets
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import django
import psycopg

OURS = ("DEBUG", "BASE_URL", "ALLOWED_HOSTS", "SECRET_KEY_FALLBACKS", "EMAIL_URL", "MEDIA_ROOT", "TIME_ZONE", "WORKERS")


@contextmanager
def databases(url: str, folder: str) -> Iterator[tuple[str, str]]:
    """The address of an empty database, and the name its small twin is to have."""
    if not url.startswith("postgres"):
        yield f"sqlite:///{folder}/db.sqlite3", f"{folder}/small.sqlite3"
        return
    name = f"workshop_bench_{os.getpid()}"
    with psycopg.connect(url, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}")
        try:
            yield urlunsplit(urlsplit(url)._replace(path=f"/{name}")), f"{name}_small"
        finally:
            for each in (name, f"{name}_small"):
                server.execute(f"DROP DATABASE IF EXISTS {each} WITH (FORCE)")


def main() -> None:
    with (
        tempfile.TemporaryDirectory(prefix="workshop-bench-") as folder,
        databases(os.environ.get("DATABASE_URL", ""), folder) as (url, small),
    ):
        for name in OURS:
            os.environ.pop(name, None)
        os.environ |= {"DATA_DIR": folder, "DATABASE_URL": url, "BENCH_SMALL": small, "DEMO": "1"}
        os.environ |= {"SECRET_KEY": secrets.token_urlsafe(50), "DJANGO_SETTINGS_MODULE": "tests.bench.settings"}
        django.setup()
        from tests.bench import editing
        from tests.bench.run import measure

        Path(sys.argv[1]).write_text(json.dumps(measure(editing.measure)))


if __name__ == "__main__":
    main()
