"""The documents name only what exists: files, tests, commands, releases."""

from __future__ import annotations

import ast
import re
from datetime import date, datetime
from pathlib import Path

import pytest
from django.core.management import get_commands

pytestmark = pytest.mark.once
ROOT = Path(__file__).resolve().parent.parent
DOCS = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")] + sorted(
    (ROOT / "docs").rglob("*.md")
)
HOW_TO = ["learners", "managers", "editors", "hr"]
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")


def prose(document: Path) -> str:
    """The text without code: what is in a fence or in backticks is an example."""
    return re.sub(r"```.*?```|`[^`\n]*`", "", document.read_text(), flags=re.DOTALL)


def anchors(document: Path) -> set[str]:
    headings = re.findall(r"^#+ +(.+)$", document.read_text(), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_somewhere(document):
    for link in LINK.findall(prose(document)):
        if re.match(r"[a-z]+:", link):
            continue
        name, _, anchor = link.partition("#")
        target = (document.parent / name).resolve() if name else document
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def names_in(path: Path) -> set[str]:
    return {node.name for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef)}


def test_every_test_named_in_trust_exists():
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", (ROOT / "docs/trust.md").read_text())
    missing = [f"{file}::{name}" for file, name in named if name not in names_in(ROOT / file)]
    assert not missing
    assert len(named) > 80


def test_trust_has_a_row_for_each_requirement():
    rows = re.findall(r"^\| (\d+) \| (.+) \| (.+) \|$", (ROOT / "docs/trust.md").read_text(), flags=re.MULTILINE)
    assert [int(number) for number, *_ in rows] == list(range(1, 51))
    honest = ("tests/", "not yet", "no test")
    assert not [number for number, _, proof in rows if not any(word in proof for word in honest)]


@pytest.mark.parametrize("document", DOCS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_command_exists(document):
    named = re.findall(r"(?:manage\.py|^manage|\bmanage|`manage) ([a-z]+_?[a-z_]+)\b", document.read_text())
    commands = {name for name in named if "_" in name or name in get_commands()}
    assert not commands - set(get_commands())
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    assert not set(re.findall(r"`make ([a-z]+)`", document.read_text())) - targets


@pytest.mark.parametrize("name", HOW_TO)
def test_a_how_to_is_short_enough_to_be_read(name):
    text = (ROOT / f"docs/{name}.md").read_text()
    assert len(text.split()) <= 800
    assert max(len(line) for line in text.splitlines() if not line.startswith("|")) <= 135


def test_the_accessibility_statement_is_of_this_release():
    head = (ROOT / "docs/accessibility.md").read_text()[:300]
    release = re.search(r"release (\d+\.\d+\.\d+) · (\w+ \d+, \d{4})", head)
    assert release
    version = re.search(r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text(), flags=re.MULTILINE)
    assert version
    assert release[1] == version[1]
    written = datetime.strptime(release[2], "%B %d, %Y").date()
    changes = (ROOT / "CHANGELOG.md").read_text()
    released = re.search(rf"^## {re.escape(version[1])} \((\d{{4}}-\d\d-\d\d)\)", changes, flags=re.MULTILINE)
    earlier = re.findall(
        r"^## \d[\d.]* \((\d{4}-\d\d-\d\d)\)", changes.partition(f"## {version[1]}")[2], flags=re.MULTILINE
    )
    assert date(2026, 11, 1) <= written
    assert not released or written <= date.fromisoformat(released[1])
    assert not earlier or written >= date.fromisoformat(earlier[0])
    script = (ROOT / "docs/accessibility.md").read_text()
    assert len(re.findall(r"^\d+\. ", script, flags=re.MULTILINE)) == 10
