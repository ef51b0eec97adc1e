"""Whether Django has a newer patch than ours: `make newer`, once a week, outside CI. Status 1 if there is one."""

from __future__ import annotations

import json
import re
import subprocess
import sys

from tests.trust.sbom import pins


def newest(report: str) -> str:
    """The version that pip would install."""
    return str(json.loads(report)["install"][0]["metadata"]["version"])


def main() -> None:
    ours = dict(pins("base.txt"))["django"]
    series = re.sub(r"\.\d+$", ".0", ours)
    asked = [sys.executable, "-m", "pip", "install", "-q", "--dry-run", "--ignore-installed", "--no-deps"]
    done = subprocess.run([*asked, "--report", "-", f"django~={series}"], capture_output=True, text=True, check=True)
    theirs = newest(done.stdout)
    sys.stdout.write(f"Django {ours} is pinned, {theirs} is the newest of its series.\n")
    sys.exit(ours != theirs)


if __name__ == "__main__":
    main()
