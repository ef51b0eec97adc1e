"""Which lines and branches of ours the suite goes through.

SlipCover counts by probes in the code that takes part, at a tenth of what a tracer of every call costs
(docs/decisions/0001-dependencies.md). Each process of pytest-xdist leaves its part in a folder, and
`show` adds them up.
"""

from __future__ import annotations

import json
import shutil
import sys
from functools import reduce
from pathlib import Path

from slipcover import merge_coverage, print_coverage

ROOT = Path(__file__).resolve().parents[2]
PARTS = ROOT / "build" / "coverage"
PLUGIN = {"PYTEST_PLUGINS": "tests.coverage.measure"}  # so that workers have it too before they import what is measured


def forget() -> None:
    shutil.rmtree(PARTS, ignore_errors=True)
    PARTS.mkdir(parents=True)


def show() -> None:
    """Print the files that were not gone through wholly, and the sum.

    Raises LookupError if nothing was measured.
    """
    parts = [json.loads(part.read_text()) for part in sorted(PARTS.glob("*.json"))]
    if not parts:
        raise LookupError(f"No coverage was measured: {PARTS} is empty.")
    print_coverage(reduce(merge_coverage, parts), outfile=sys.stdout, skip_covered=True, missing_width=60)
