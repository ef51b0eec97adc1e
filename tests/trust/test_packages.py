"""R28: what we ship with is pinned, by hash, and under a license that we looked at."""

from __future__ import annotations

import re
from importlib.metadata import PackageNotFoundError

import pytest

from tests.trust import newer, sbom
from tests.trust.sbom import blocks, licenses

# Permissive, or (psycopg) LGPL, which asks nothing of a program that only imports it.
ALLOWED = {
    *("MIT", "MIT-0", "BSD", "BSD-2-Clause", "BSD-3-Clause", "Apache-2.0", "PSF-2.0", "PSFL", "LGPL-3.0-only", "ISC"),
    *("MPL-2.0", "CC-BY-4.0", "CC0-1.0", "OFL-1.1", "MIT-CMU", "MIT License", "BSD License", "Apache Software License"),
}


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


def test_the_list_of_parts_is_that_of_the_pins():
    """CycloneDX, for whoever asks what is inside; `make sbom` writes it anew."""
    parts = sbom.parts()
    assert [(one["name"], one["version"]) for one in parts["components"]] == sbom.pins("base.txt")
    assert len(parts["components"]) == len(blocks("base.txt"))
    assert sbom.FILE.read_text() == sbom.as_text(), "make sbom"


def test_a_newer_patch_is_told_from_what_pip_says():
    report = '{"install": [{"metadata": {"name": "Django", "version": "5.2.20"}}]}'
    assert newer.newest(report) == "5.2.20"
