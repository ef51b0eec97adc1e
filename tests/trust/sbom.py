"""The parts of a release as a CycloneDX list, from the pins and what the packages say of themselves.

`make sbom` writes requirements/sbom.cdx.json; it holds no moment and no random number, so that it changes with the
parts alone. The hashes are in requirements/base.txt.
"""

from __future__ import annotations

import json
import re
import tomllib
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "requirements" / "sbom.cdx.json"


def blocks(name: str) -> list[str]:
    """One block for each package: its pin and the hashes below it."""
    text = re.sub(r"^\s*#.*\n", "", (ROOT / "requirements" / name).read_text(), flags=re.MULTILINE)
    return [block for block in re.split(r"\n(?=\S)", text.strip()) if block and not block.startswith(("-r", "--"))]


def pins(name: str) -> list[tuple[str, str]]:
    """Package and version, in the order of names."""
    found = (re.match(r"([\w.-]+)(?:\[[\w,-]+\])?==([^\s;]+)", block) for block in blocks(name))
    return sorted((one[1].lower().replace("_", "-"), one[2]) for one in found if one)


def licenses(package: str) -> set[str]:
    about = metadata(package)
    said = about["License-Expression"] or about["License"] or ""
    if not said or len(said) > 80:  # some put the whole text there; the classifier is short
        found = [one.split(" :: ")[-1] for one in about.get_all("Classifier") or [] if one.startswith("License ::")]
        return set(found)
    return set(re.split(r"\s+(?:AND|OR)\s+", said))


def component(package: str, version: str) -> dict[str, Any]:
    purl = f"pkg:pypi/{package}@{version}"
    found: dict[str, Any] = {"type": "library", "bom-ref": purl, "name": package, "version": version, "purl": purl}
    try:
        said = sorted(licenses(package))
    except PackageNotFoundError:  # for another system
        return found
    return {**found, "licenses": [{"license": {"name": name}} for name in said]}


def parts() -> dict[str, Any]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    about = {"type": "application", "name": project["name"], "version": project["version"]}
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": about},
        "components": [component(*pin) for pin in pins("base.txt")],
    }


def as_text() -> str:
    return json.dumps(parts(), indent=1) + "\n"


if __name__ == "__main__":
    FILE.write_text(as_text())
