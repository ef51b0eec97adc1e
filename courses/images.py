"""Pictures that are uploaded: looked into, decoded, and written anew, so that only their pixels are kept.

What is served never is what was sent: no name, no notes of a camera, nothing behind or between the pixels.
"""

from __future__ import annotations

import hashlib
import io
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils.translation import gettext_lazy as _
from PIL import Image as Pillow
from PIL import ImageCms, ImageOps, UnidentifiedImageError

from courses.models import Image

FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
STARTS = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF", b"GIF87a", b"GIF89a")
LARGEST_FILE = 10 * 1024 * 1024  # bytes
MOST_PIXELS = 40_000_000
LONGEST_SIDE = 1600  # pixels; a lesson is 39 rem wide
SMALLEST_SIDE = 8
LOSSLESS_UP_TO = 300 * 1024  # bytes; a drawing is crisp and small, a photograph is neither
OTHER_THINGS = (b"<script", b"<html", b"<!doctype", b"<svg", b"<iframe", b"<?php")
WRONG = (UnidentifiedImageError, OSError, SyntaxError, ValueError, TypeError, KeyError, IndexError, EOFError)
BROKEN = (*WRONG, OverflowError, MemoryError, struct.error, zlib.error)
BOMBS = (Pillow.DecompressionBombError, Pillow.DecompressionBombWarning)


class BadImage(ValueError):
    """A file that is no picture we take; the text says why, and what to do."""


@dataclass(frozen=True)
class CleanImage:
    """A picture as it is kept: WebP, upright, in sRGB, no side longer than LONGEST_SIDE."""

    data: bytes
    width: int
    height: int

    @property
    def content_hash(self) -> str:
        return hashlib.sha256(self.data).hexdigest()


def read_image(data: bytes) -> CleanImage:
    """The picture in a file. Raises BadImage."""
    refuse_other_things(data)
    with said_plainly():
        clean = upright(decode(data))
    return CleanImage(encode(clean), *clean.size)


def refuse_bad(data: bytes) -> None:
    """As `read_image`, without the work of writing the picture anew."""
    refuse_other_things(data)
    with said_plainly():
        decode(data)


@contextmanager
def said_plainly() -> Iterator[None]:
    """Whatever the decoder raises, as BadImage."""
    try:
        yield
    except BOMBS as error:
        raise BadImage(too_many_pixels()) from error
    except BadImage:
        raise
    except BROKEN as error:
        raise BadImage(
            _("This picture is broken or not complete. Open it on your device, save it anew, and try again.")
        ) from error


def refuse_other_things(data: bytes) -> None:
    if len(data) > LARGEST_FILE:
        text = _("This file has %(size)d MB; %(most)d MB is the most. Save it smaller.")
        raise BadImage(text % {"size": -(-len(data) // 2**20), "most": LARGEST_FILE // 2**20})
    if not data.startswith(STARTS):
        if b"<svg" in data[:1024].lower():
            raise BadImage(_("This is an SVG drawing, which can hold programs. Save it as PNG."))
        raise BadImage(_("This is not a picture in PNG, JPEG, WebP or GIF, whatever its name says."))
    lowered = data.lower()
    if any(mark in lowered for mark in OTHER_THINGS) or b"%pdf-" in lowered[:1024] or b"PK\5\6" in data[-65_557:]:
        raise BadImage(_("This file is a picture and something else at once. Open it, save it anew, and try again."))


def decode(data: bytes) -> Pillow.Image:
    picture = Pillow.open(io.BytesIO(data), formats=FORMATS)  # reads the head only
    if picture.width * picture.height > MOST_PIXELS:
        raise BadImage(too_many_pixels())
    if min(picture.size) < SMALLEST_SIDE:
        raise BadImage(_("This picture is hardly a dot. Choose one that shows something."))
    if getattr(picture, "n_frames", 1) > 1 and picture.format != "MPO":  # a phone's photograph with its preview
        raise BadImage(_("This picture moves. Nothing moves while one reads: save one of its frames."))
    if picture.format == "JPEG":
        picture.draft(None, (LONGEST_SIDE, LONGEST_SIDE))  # decodes no more than is kept
    picture.load()
    return picture


def too_many_pixels() -> str:
    text = _("This picture has more than %(most)d million pixels. Save it smaller.")
    return text % {"most": MOST_PIXELS // 1_000_000}


def upright(picture: Pillow.Image) -> Pillow.Image:
    """Turned as the camera says, in the colors of the web, and small enough."""
    profile = picture.info.get("icc_profile")
    turned = ImageOps.exif_transpose(picture) or picture
    sees_through = turned.has_transparency_data
    turned.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Pillow.Resampling.LANCZOS)
    if profile and turned.mode in ("RGB", "CMYK", "L"):
        turned = in_srgb(turned, profile)
    return turned.convert("RGBA" if sees_through else "RGB")


def in_srgb(picture: Pillow.Image, profile: bytes) -> Pillow.Image:
    """With the colors its profile means; as it is, if the profile makes no sense."""
    try:
        own = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        changed = ImageCms.profileToProfile(picture, own, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError):
        return picture
    return changed or picture


def encode(picture: Pillow.Image) -> bytes:
    """Nothing but the pixels: notes, colors' profiles and previews stay behind."""
    bare = Pillow.new(picture.mode, picture.size)
    bare.paste(picture)
    lossless, lossy = io.BytesIO(), io.BytesIO()
    bare.save(lossless, "WEBP", lossless=True, method=3)
    if lossless.tell() <= LOSSLESS_UP_TO:
        return lossless.getvalue()
    bare.save(lossy, "WEBP", quality=84, method=4)
    return min(lossless.getvalue(), lossy.getvalue(), key=len)


def store(image: Image, clean: CleanImage) -> None:
    """Write the file of a row that is about to be saved. Its name is new, so nothing is written over."""
    image.width, image.height, image.content_hash = clean.width, clean.height, clean.content_hash
    default_storage.save(image.file, ContentFile(clean.data))


def forget(image: Image) -> None:
    """Take the file away of a row that could not be saved."""
    default_storage.delete(image.file)
