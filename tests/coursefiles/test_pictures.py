"""Pictures in course files: in with their words, out again, replaced, and refused with the reason."""

from __future__ import annotations

import io
import shutil
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from PIL import Image as Pillow

from coursefiles.check import check
from coursefiles.export import export_course
from coursefiles.findings import CourseError, errors
from coursefiles.load import load_course
from coursefiles.read import read
from courses.models import Course, Image
from tests.builders import make_image, picture
from tests.coursefiles.conftest import PICTURE, CourseFolder
from tests.coursefiles.test_load import everything

WORDS = "images/bus-stop.yaml"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def large_png() -> bytes:
    """41 million pixels in a few kilobytes."""
    file = io.BytesIO()
    Pillow.new("1", (8200, 5001)).save(file, "PNG")
    return file.getvalue()


def said(folder: CourseFolder) -> str:
    return "\n".join(map(str, errors(check(read(folder.path)))))


@pytest.mark.django_db
def test_a_picture_goes_in_with_its_words_and_comes_out(folder: CourseFolder, tmp_path: Path) -> None:
    load_course(folder.path)
    image = Image.objects.get()
    assert (image.key, image.title, image.credit) == ("bus-stop", "The bus stop", "Photo: Ines Halvorsen")
    assert (image.width, image.height) == (64, 48)
    with default_storage.open(image.file) as kept:
        assert kept.read() == (folder.path / PICTURE).read_bytes()
    before = everything()
    export_course("counter", tmp_path / "out")
    assert (tmp_path / "out" / PICTURE).read_bytes() == (folder.path / PICTURE).read_bytes()
    assert load_course(tmp_path / "out").nothing_changed
    assert everything() == before


@pytest.mark.django_db
def test_a_photograph_is_written_anew_and_stays_the_same_to_its_file(folder: CourseFolder) -> None:
    folder.delete(PICTURE)
    (folder.path / "images/bus-stop.jpg").write_bytes(picture(2000, 1000, "JPEG"))
    load_course(folder.path)
    assert Image.objects.get().width == 1600
    before = everything()
    assert load_course(folder.path).nothing_changed
    assert everything() == before


@pytest.mark.django_db
def test_another_file_retires_the_one_before(folder: CourseFolder) -> None:
    load_course(folder.path)
    folder.draw(PICTURE, "red")
    assert load_course(folder.path).changed == {"image": 1}
    old, new = Image.objects.order_by("pk")
    assert (old.is_in_use, new.is_in_use, new.title) == (False, True, "The bus stop")
    assert default_storage.exists(old.file)


@pytest.mark.django_db
def test_a_picture_replaced_on_the_site_is_not_overwritten(folder: CourseFolder) -> None:
    load_course(folder.path)
    Image.objects.update(alt="Edited here.")
    assert load_course(folder.path).left_alone == [PICTURE]
    folder.replace(WORDS, "The bus stop", "A stop")
    with pytest.raises(CourseError, match="This image was edited on the site"):
        load_course(folder.path)
    load_course(folder.path, force=True)
    assert Image.objects.get().title == "A stop"


@pytest.mark.django_db
def test_what_an_editor_uploaded_comes_out_and_is_only_reported_missing(folder: CourseFolder, tmp_path: Path) -> None:
    load_course(folder.path)
    make_image(Course.objects.get(), "door")
    assert load_course(folder.path).missing == ["picture door"]
    export_course("counter", tmp_path / "out")
    assert (tmp_path / "out/images/door.webp").read_bytes()[:4] == b"RIFF"
    assert load_course(tmp_path / "out").nothing_changed
    load_course(folder.path, retire=True)
    assert not Image.objects.in_use().filter(key="door").exists()


@pytest.mark.django_db
@pytest.mark.parametrize("dry_run", [True, False])
def test_what_is_not_loaded_leaves_no_file(folder: CourseFolder, settings, tmp_path: Path, dry_run: bool) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"
    load_course(folder.path, dry_run=True)
    if not dry_run:
        load_course(folder.path)
        Image.objects.update(key="other")  # so that the site has this very picture under another key
        shutil.rmtree(tmp_path / "media")
        with pytest.raises(CourseError, match='The site has this very picture already, as "other"'):
            load_course(folder.path)
    assert not [path for path in (tmp_path / "media").rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("bus-stop.png", SVG, "This is an SVG drawing"),
        ("bus-stop.png", b"MZ\x90\0", "This is not a picture in PNG"),
        ("bus-stop.png", picture()[:80], "broken or not complete"),
        ("bus-stop.png", picture() + b"<script>", "a picture and something else at once"),
        ("bus-stop.png", large_png(), "more than 40 million pixels"),
        ("bus-stop.svg", SVG, "This file has no place in a course"),
        ("Bus Stop.png", picture(), "small letters and digits"),
        ("door.png", picture(), "Its words are missing. Write images/door.yaml"),
    ],
)
def test_a_file_that_is_no_picture_is_refused(folder: CourseFolder, name: str, content: bytes, reason: str) -> None:
    folder.delete(PICTURE)
    (folder.path / "images" / name).write_bytes(content)
    found = said(folder)
    assert f"images/{name}:1: " in found
    assert reason in found


def test_words_without_a_picture_and_twins_are_refused(folder: CourseFolder) -> None:
    folder.write("images/door.yaml", "title: A door\n")
    assert "images/door.yaml:1: There is no picture to it." in said(folder)
    (folder.path / "images/door.webp").write_bytes((folder.path / PICTURE).read_bytes())
    assert "images/door.yaml:1: The file has no alt. Say what one would say about the picture" in said(folder)
    assert "images/door.webp:1: This is the very picture of images/bus-stop.webp" in said(folder)


def test_a_key_that_no_lesson_names_is_a_warning(folder: CourseFolder) -> None:
    folder.replace("modules/greeting/the-late-bus.md", "image:bus-stop", "image:no-stop")
    found = "\n".join(map(str, check(read(folder.path))))
    assert 'the-late-bus.md:9: warning: The picture "no-stop" is not in images/.' in found
    assert f"{PICTURE}:1: warning: No lesson shows this picture." in found
