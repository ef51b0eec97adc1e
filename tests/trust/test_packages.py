"""R28: what we ship with is pinned, by hash, and under a license that we looked at."""

from __future__ import annotations

import re
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

import pytest

REQUIREMENTS = Path(__file__).resolve().parents[2] / "requirements"
# Permissive, or (psycopg) LGPL, which asks nothing of a program that only imports it.
ALLOWED = {
    *("MIT", "MIT-0", "BSD", "BSD-2-Clause", "BSD-3-Clause", "Apache-2.0", "PSF-2.0", "PSFL", "LGPL-3.0-only", "ISC"),
    *("MPL-2.0", "CC-BY-4.0", "CC0-1.0", "OFL-1.1", "MIT-CMU", "MIT License", "BSD License", "Apache Software License"),
}


def blocks(name: str) -> list[str]:
    """One block for each package: its pin and the hashes below it."""
    text = re.sub(r"^\s*#.*\n", "", (REQUIREMENTS / name).read_text(), flags=re.MULTILINE)
    return [block for block in re.split(r"\n(?=\S)", text.strip()) if block and not block.startswith(("-r", "--"))]


def licenses(package: str) -> set[str]:
    about = metadata(package)
    said = about["License-Expression"] or about["License"] or ""
    if not said or len(said) > 80:  # some put the whole text there; the classifier is short
        found = [one.split(" :: ")[-1] for one in about.get_all("Classifier") or [] if one.startswith("License ::")]
        return set(found)
    return set(re.split(r"\s+(?:AND|OR)\s+", said))


@pytest.mark.parametrize("name", ["base.txt", "dev.txt"])
def test_every_package_is_pinned_by_hash(name):
    assert len(blocks(name)) > 20
    for block in blocks(name):
        assert re.match(r"[\w.-]+(\[[\w,-]+\])?==\S+", block), block.splitlines()[0]
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", block), block.splitlines()[0]


def test_every_license_is_on_the_list():
    seen = 0
    for block in blocks("base.txt"):
        package = re.split(r"[=\[]", block, maxsplit=1)[0]
        try:
            found = licenses(package)
        except PackageNotFoundError:
            assert ";" in block.splitlines()[0], f"{package} is not installed"  # for another system
            continue
        assert found, f"{package} says no license"
        assert found <= ALLOWED, f"{package}: {found - ALLOWED}"
        seen += 1
    assert seen > 20
