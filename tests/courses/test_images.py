"""What is uploaded as a picture: only its pixels are kept, and what is none is refused."""

import io
import struct
import zipfile
import zlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image as Pillow
from PIL import PngImagePlugin

from courses import images
from courses.images import BadImage, read_image
from tests.builders import picture


def opened(clean):
    return Pillow.open(io.BytesIO(clean.data))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
def test_a_picture_becomes_webp(kind):
    clean = read_image(picture(200, 100, kind, "red"))
    kept = opened(clean)
    assert (kept.format, kept.size, (clean.width, clean.height)) == ("WEBP", (200, 100), (200, 100))
    red, green, blue = kept.convert("RGB").getpixel((100, 50))
    assert red > 240
    assert green < 15
    assert blue < 15
    assert len(clean.content_hash) == 64


@pytest.mark.parametrize(("width", "height", "kept"), [(3000, 1500, (1600, 800)), (500, 4000, (200, 1600))])
def test_a_large_one_is_made_smaller(width, height, kept):
    assert opened(read_image(picture(width, height, "JPEG"))).size == kept


def test_what_a_camera_noted_is_gone_and_the_picture_stands_upright():
    exif = Pillow.Exif()
    exif[0x0112] = 6  # turned
    exif[0x010F] = "SecretMaker"
    exif.get_ifd(0x8825)[2] = (48.0, 51.0, 24.0)
    data = picture(120, 60, "JPEG", exif=exif.tobytes(), comment=b"SecretComment")
    assert b"SecretMaker" in data
    clean = read_image(data)
    kept = opened(clean)
    assert kept.size == (60, 120)
    assert not kept.getexif()
    assert "icc_profile" not in kept.info
    assert b"Secret" not in clean.data


def test_texts_in_a_png_are_gone():
    notes = PngImagePlugin.PngInfo()
    notes.add_text("Comment", "SecretText")
    assert b"Secret" not in read_image(picture(pnginfo=notes)).data


def test_what_is_seen_through_stays_so():
    file = io.BytesIO()
    Pillow.new("RGBA", (20, 20), (0, 0, 0, 0)).save(file, "PNG")
    assert opened(read_image(file.getvalue())).convert("RGBA").getpixel((5, 5))[3] == 0
    file = io.BytesIO()
    Pillow.new("P", (20, 20), 0).save(file, "GIF", transparency=0)
    assert opened(read_image(file.getvalue())).convert("RGBA").getpixel((5, 5))[3] == 0


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "CMYK", "I;16"])
def test_other_kinds_of_pixels(mode):
    file = io.BytesIO()
    Pillow.new(mode, (40, 30)).save(file, "JPEG" if mode == "CMYK" else "PNG")
    assert opened(read_image(file.getvalue())).size == (40, 30)


def refused(data):
    with pytest.raises(BadImage) as error:
        read_image(data)
    return str(error.value)


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


@pytest.mark.parametrize(
    "data",
    [SVG, b"\n\n" + SVG, b'<?xml version="1.0"?>' + SVG, b"<!-- x -->" + SVG, b"\xef\xbb\xbf" + SVG],
)
def test_svg_is_refused_as_such(data):
    assert "SVG" in refused(data)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"x",
        b"<html><script>alert(1)</script>",
        b"%PDF-1.7",
        b"MZ\x90",
        b"BM" + b"\0" * 60,
        b"II*\0",
        b"GIF88a",
        SVG[::-1],
    ],
)
def test_what_is_no_picture_is_refused(data):
    assert "not a picture" in refused(data)


def zipped() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("x.txt", "x")
    return file.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP"])
@pytest.mark.parametrize(
    "other", [SVG, b"<HTML><body onload=alert(1)>", b"<?php system(1); ?>", b"<!DOCTYPE html>", zipped()]
)
def test_a_picture_and_something_else_at_once_is_refused(kind, other):
    assert "something else at once" in refused(picture(kind=kind) + other)


def test_a_script_in_the_notes_of_a_picture_is_refused():
    notes = PngImagePlugin.PngInfo()
    notes.add_text("x", "<script>alert(1)</script>")
    assert "something else" in refused(picture(pnginfo=notes))


def chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def bomb(width, height):
    """A PNG of a few bytes that says it has so many pixels."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")


@pytest.mark.parametrize(("width", "height"), [(50_000, 50_000), (12_000, 9_000), (40_000_001, 1), (8001, 5000)])
def test_bombs_are_refused_before_they_are_decoded(width, height, monkeypatch):
    monkeypatch.setattr(PngImagePlugin.PngImageFile, "load", lambda self: pytest.fail("decoded"))
    assert "40 million pixels" in refused(bomb(width, height))


def test_a_text_that_grows_is_refused():
    data = picture()
    grown = chunk(b"zTXt", b"Comment\0\0" + zlib.compress(b"x" * 70_000_000))
    said = refused(data[:33] + grown + data[33:])
    assert "broken" in said


def test_too_many_bytes():
    assert "10 MB is the most" in refused(picture() + b"\0" * images.LARGEST_FILE)


def test_one_that_moves():
    file = io.BytesIO()
    frames = [Pillow.new("RGB", (20, 20), color) for color in ("red", "green", "blue")]
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:], duration=100)
    assert "moves" in refused(file.getvalue())


def test_hardly_a_dot():
    assert "dot" in refused(picture(1, 1))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP"])
def test_half_a_file_is_refused(kind):
    noise = Pillow.effect_noise((200, 200), 90).convert("RGB")
    file = io.BytesIO()
    noise.save(file, kind)
    data = file.getvalue()
    assert "broken" in refused(data[: len(data) // 2])


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(["PNG", "JPEG", "GIF", "WEBP"]),
    st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), max_size=8),
)
@pytest.mark.filterwarnings("ignore")
def test_a_spoiled_file_is_a_picture_or_refused(kind, changes):
    data = bytearray(picture(40, 30, kind))
    for place, value in changes:
        data[place % len(data)] = value
    try:
        clean = read_image(bytes(data))
    except BadImage:
        return
    assert opened(clean).format == "WEBP"
