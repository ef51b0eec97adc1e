from __future__ import annotations

import re
from pathlib import Path

import pytest

from courses import images
from tests.builders import picture

DOCS = Path(__file__).resolve().parents[2] / "docs" / "content-format.md"
EXAMPLE = re.compile(r"^`([\w/.-]+)`:\n\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def examples() -> dict[str, str]:
    """The files that docs/content-format.md shows, by name."""
    return dict(EXAMPLE.findall(DOCS.read_text()))


PICTURE = "images/bus-stop.webp"


class CourseFolder:
    """The course of docs/content-format.md on disk, with the picture it names, and ways to change it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        for name, text in examples().items():
            self.write(name, text)
        self.draw(PICTURE, "teal")

    def draw(self, name: str, color: str) -> None:
        """A picture as the site writes them."""
        (self.path / name).write_bytes(images.read_image(picture(color=color)).data)

    def write(self, name: str, text: str) -> None:
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def replace(self, name: str, old: str, new: str) -> None:
        text = (self.path / name).read_text()
        assert old in text
        self.write(name, text.replace(old, new, 1))

    def delete(self, name: str) -> None:
        (self.path / name).unlink()


@pytest.fixture
def folder(tmp_path: Path) -> CourseFolder:
    return CourseFolder(tmp_path / "counter")
