"""The PDF of a certificate: made on demand by a process of its own, then kept as a file in the data directory.

The process takes a tenth of a second of one core at low priority, ends after `LIMIT` whatever happens, and knows no
secret. There is one for each worker at most, so that the worker's other thread goes on serving pages.
"""

import functools
import hashlib
import json
import logging
import shutil
import subprocess
import sys
import tempfile
import threading
import unicodedata
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts.qr import qr_path
from courses.models import Certificate
from learn.certificates import check_link, words_of

logger = logging.getLogger("workshop.certificates")

PAPERS = {"a4": "a4", "letter": "us-letter"}
LIMIT = 20  # seconds
PROGRAM = Path(__file__).with_name("typeset.py")
TEMPLATE = settings.BASE_DIR / "templates" / "learn" / "certificate.typ"
slot = threading.BoundedSemaphore(1)


class NotMade(Exception):
    """There is no PDF this time; the text says why, without anybody's name, for the log."""


class Busy(Exception):
    """Another one is being made by this worker. Ask again in a second."""


def pdf_of(certificate: Certificate, paper: str) -> bytes:
    """The PDF on paper `a4` or `letter`, in the language of the reader. Raises NotMade or Busy."""
    words = pdf_words(certificate, paper)
    kept = folder() / f"{certificate.code}-{paper}-{version_of(words)}.pdf"
    with suppress(OSError):  # not made yet, or replaced at this very moment
        return kept.read_bytes()
    if not slot.acquire(blocking=False):
        raise Busy
    try:
        content = typeset(words | {"qr": qr_picture(certificate)})
    finally:
        slot.release()
    keep(kept, content, f"{certificate.code}-{paper}-*.pdf")
    return content


def pdf_words(certificate: Certificate, paper: str) -> dict[str, Any]:
    words = words_of(certificate)
    return words | {
        "paper": PAPERS[paper],
        "language": (get_language() or settings.LANGUAGE_CODE).partition("-")[0],
        "document": f"{words['title']}: {words['name']}, {words['course']}",
        "issued": int(certificate.issued_at.timestamp()),
        "note_if_unprintable": _(
            "□ stands for a character that could not be printed. The page of the check shows it as it is written."
        ),
    }


def qr_picture(certificate: Certificate) -> str:
    path, size = qr_path(check_link(certificate), border=0)  # the paper around it is border enough
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}"><path d="{path}"/></svg>'


def version_of(words: dict[str, Any]) -> str:
    """Changes with the words (language, name of the site, address) and the design, so that no old file is served."""
    return hashlib.sha256(json.dumps(words, sort_keys=True).encode() + design()).hexdigest()[:16]


@functools.cache
def design() -> bytes:
    return TEMPLATE.read_bytes() + PROGRAM.read_bytes()


def typeset(words: dict[str, Any]) -> bytes:
    """Let the program set the page. Raises NotMade if it fails, or takes longer than `LIMIT`."""
    command = [sys.executable, "-I", str(PROGRAM), str(TEMPLATE)]
    try:
        done = subprocess.run(  # noqa: S603 - our own program, and all it gets from people is on its standard input
            command,
            input=json.dumps(words).encode(),
            capture_output=True,
            timeout=LIMIT,
            env={"RAYON_NUM_THREADS": "1"},  # one core, and none of our secrets
        )
    except subprocess.TimeoutExpired as error:
        raise NotMade(f"it took longer than {LIMIT} seconds") from error
    except OSError as error:
        raise NotMade(f"the program did not start: {error}") from error
    if done.returncode or not done.stdout.startswith(b"%PDF"):
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise NotMade(f"the program ended with {done.returncode}: {said[-1] if said else 'nothing said'}")
    return done.stdout


# --- The files -------------------------------------------------------------------------------------------------------


def folder() -> Path:
    return Path(settings.DATA_DIR) / "certificates"


def keep(file: Path, content: bytes, replaces: str) -> None:
    """Put the file in place whole, instead of older ones. Without room on the disk nothing is kept, and all goes on."""
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f"{file.stem}.", dir=file.parent) as scratch:
            whole = Path(scratch, "certificate.pdf")
            whole.touch(mode=0o600)
            whole.write_bytes(content)
            whole.replace(file)
        for older in file.parent.glob(replaces):
            if older != file:
                older.unlink(missing_ok=True)
    except OSError as error:
        logger.warning("The PDF of a certificate could not be kept: %s", error.strerror)


def forget(certificate: Certificate) -> None:
    """Delete the files of a certificate, which name the person; for erasing them."""
    for found in folder().glob(f"{certificate.code}-*"):
        if found.is_dir():  # left by a worker that was killed
            shutil.rmtree(found, ignore_errors=True)
        else:
            found.unlink(missing_ok=True)


def file_name(certificate: Certificate, paper: str) -> str:
    """What the file is called where it is saved: `Certificate Ada Moreau A4.pdf`."""
    name = "".join(c for c in certificate.name if c not in '<>:"/\\|?*' and unicodedata.category(c) not in ("Cc", "Cf"))
    return f"{_('Certificate')} {' '.join(name.split())[:80]} {paper.title()}.pdf"
