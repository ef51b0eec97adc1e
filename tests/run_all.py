"""The whole suite on both databases with one summary: what `make test` runs.

PostgreSQL is the server of DATABASE_URL, or one started for the run: Debian's by pg_virtualenv, else the one in the
wheel of requirements/dev.txt. With CI set, nothing may be left out.
"""

import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

from tests import coverage
from tests.postgres import postgresql

ROOT = Path(__file__).resolve().parent.parent
# One worker more than there are processors, for tests wait for browsers and servers; by file: tests/conftest.py.
WORKERS = (os.cpu_count() or 1) + 1
PYTEST = [sys.executable, "-m", "pytest", "-q", "-n", str(WORKERS), "--no-loadscope-reorder"]
INSTALL = "Install Chromium and PostgreSQL with `make system` (as root), then run `make test` again."


def main() -> int:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    (ROOT / "build").mkdir(exist_ok=True)
    environment.pop("DATABASE_URL", None)
    coverage.forget()
    results = {"SQLite": run("SQLite", [], environment | coverage.PLUGIN)}
    coverage.show()
    with postgresql() as (how, wrapper, url):
        print(f"\nPostgreSQL: {how}")
        extra = {"DATABASE_URL": url} if url else {}
        results["PostgreSQL"] = run("PostgreSQL", wrapper, {**environment, **extra})
    return summary(results)


def run(name: str, wrapper: list[str], environment: dict[str, str]) -> ElementTree.Element:
    report = ROOT / "build" / f"tests-{name.lower()}.xml"
    report.unlink(missing_ok=True)
    print(f"=== The suite on {name} ===", flush=True)
    command = [*wrapper, *PYTEST, f"--junitxml={report}", *sys.argv[1:]]
    subprocess.run(command, cwd=ROOT, env=environment, check=False)
    if not report.exists():
        raise SystemExit(f"The suite on {name} did not run to its end.")
    return ElementTree.parse(report).getroot()


def summary(results: dict[str, ElementTree.Element]) -> int:
    total = {"passed": 0, "failed": 0, "skipped": 0}
    left_out: list[str] = []
    print("\n=== Summary ===")
    for name, report in results.items():
        suites = list(report.iter("testsuite"))
        keys = ("tests", "failures", "errors", "skipped")
        count = {key: sum(int(suite.get(key, 0)) for suite in suites) for key in keys}
        failed = count["failures"] + count["errors"]
        passed = count["tests"] - failed - count["skipped"]
        print(f"{name}: {passed} passed, {failed} failed, {count['skipped']} not run")
        total["passed"] += passed
        total["failed"] += failed
        total["skipped"] += count["skipped"]
        for case in report.iter("testcase"):
            for skipped in case.iter("skipped"):
                left_out.append(f"  {name}: {case.get('classname')}::{case.get('name')}: {skipped.get('message')}")
            for failure in [*case.iter("failure"), *case.iter("error")]:
                said = (failure.get("message") or "")[:200]
                print(f"  FAILED on {name}: {case.get('classname')}::{case.get('name')}: {said}")
    if left_out:
        print("Not run:", *left_out, sep="\n")
        if any("chromium" in line.lower() for line in left_out):
            print(INSTALL)
    print(f"{total['passed']} passed, {total['failed']} failed, {total['skipped']} skipped")
    if os.environ.get("CI") and left_out:
        print("With CI set nothing may be left out.")
        return 1
    return 1 if total["failed"] or not total["passed"] else 0


if __name__ == "__main__":
    sys.exit(main())
