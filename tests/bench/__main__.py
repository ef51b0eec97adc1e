"""What `make bench` runs: all rows on both databases in one table; the exit status tells whether the bounds hold."""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.bench.sizes import SIZES, compare
from tests.postgres import postgresql

ROOT = Path(__file__).resolve().parents[2]
Rows = dict[str, dict[str, Any]]


def main() -> int:
    began = time.monotonic()
    chosen = [name for name in sys.argv[1:] if name != "sizes"] or ["SQLite", "PostgreSQL"]
    measure = in_sizes if "sizes" in sys.argv[1:] else measured
    results: dict[str, Rows] = {}
    if "SQLite" in chosen:
        results["SQLite"] = measure("SQLite", [], "")
    if "PostgreSQL" in chosen:
        with postgresql() as (how, wrapper, url):
            results["PostgreSQL"] = measure(f"PostgreSQL, {how}", wrapper, url)
    say(table(results))
    say(f"\n{time.monotonic() - began:.0f} seconds. How to read this: docs/performance.md")
    return verdict(results)


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def measured(title: str, wrapper: list[str], url: str) -> Rows:
    """The rows on one database."""
    say(f"Measuring on {title}")
    return {row["name"]: row for row in inside("tests.bench.inside", title, wrapper, url)}


def in_sizes(title: str, wrapper: list[str], url: str) -> Rows:
    """The rows about reports as an organization grows: each size in a database of its own."""
    say(f"Measuring sizes on {title}")
    found = {size: inside("tests.bench.sizes", title, wrapper, url, str(size)) for size in SIZES}
    return {row["name"]: row for row in compare(found)}


def inside(module: str, title: str, wrapper: list[str], url: str, *more: str) -> Any:
    """What a module finds on one database, in a process of its own."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    environment.pop("DATABASE_URL", None)
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        command = [*wrapper, sys.executable, "-m", module, file.name, *more]
        ended = subprocess.run(
            command,
            cwd=ROOT,
            env={**environment, **({"DATABASE_URL": url} if url else {})},
            stdout=sys.stderr,
            check=False,
        )
        if ended.returncode:
            raise SystemExit(f"The benchmark on {title} did not run to its end.")
        return json.loads(Path(file.name).read_text())


def table(results: dict[str, Rows]) -> str:
    """Markdown: a line for each row, a column for each database, the bound beside it, and what of it holds."""
    names = list(dict.fromkeys(name for rows in results.values() for name in rows))
    lines = [["", *results, "bound", ""]]
    for name in names:
        found = [rows.get(name) for rows in results.values()]
        one = next(row for row in found if row)
        lines.append([name, *(number(row) for row in found), bound(one), word([row for row in found if row])])
    widths = [max(len(line[place]) for line in lines) for place in range(len(lines[0]))]
    lines.insert(1, ["-" * width for width in widths])
    return "\n".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in lines
    )


def number(row: dict[str, Any] | None) -> str:
    if row is None:
        return "–"
    value = row["value"]
    plain = (
        f"{value:.0f}" if value == int(value) or value >= 100 else f"{value:.2f}" if value >= 0.1 else f"{value:.4f}"
    )
    return f"{plain} {row['unit']}".strip()


def bound(row: dict[str, Any]) -> str:
    if row["bound"] is None:
        return ""
    return f"{'≥' if row['least'] else '≤'} {row['bound']:g} {row['unit']}".strip()


def word(rows: list[dict[str, Any]]) -> str:
    if rows[0]["bound"] is None:
        return "reported"
    said = "ok" if all(row["holds"] for row in rows) else "over"
    return said if rows[0]["gate"] else f"reported ({said})"


def verdict(results: dict[str, Rows]) -> int:
    over = [
        f"{name}: {row_name}: {number(row)}, bound {bound(row)}"
        for name, rows in results.items()
        for row_name, row in rows.items()
        if row["gate"] and not row["holds"]
    ]
    say("\n".join(["", "Over the bound:", *over]) if over else "All bounds hold.")
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
