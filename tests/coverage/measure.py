"""The plugin of pytest that measures. Imported by it before Django, for only what is imported later gets probes."""

from __future__ import annotations

import json

import pytest
from slipcover import FileMatcher, ImportManager, Slipcover

from tests.coverage import PARTS, ROOT

ROOMS = [str(init.parent) for init in ROOT.glob("*/__init__.py") if init.parent.name != "tests"]
PROBES = Slipcover(branch=True, source=ROOMS)
ImportManager(PROBES, FileMatcher(sources=ROOMS, omit=["*/migrations/*"])).__enter__()


def pytest_sessionfinish(session: pytest.Session) -> None:
    if session.config.getoption("numprocesses", None) and not hasattr(session.config, "workerinput"):
        return  # they do the work, this process only hands it out
    name = getattr(session.config, "workerinput", {}).get("workerid", "alone")
    (PARTS / f"{name}.json").write_text(json.dumps(PROBES.get_coverage()))
