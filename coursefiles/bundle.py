"""A course as one ZIP: packed from the site, and unpacked into a folder with every limit looked at first."""

import errno
import stat
import struct
import tempfile
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path as Folder
from pathlib import PurePosixPath
from typing import IO

from coursefiles.findings import CourseError, Finding
from coursefiles.read import MAX_FILES

LARGEST_ZIP = 20 * 1024 * 1024
LARGEST_WHOLE = 60 * 1024 * 1024  # unpacked
LARGEST_TEXT = 6 * 1024 * 1024  # unpacked, without pictures: five times our own course; YAML takes its time
LARGEST_FILE = 10 * 1024 * 1024
MOST_SQUEEZED = 200  # times; text is squeezed to a fifth, a bomb to a thousandth
PEAKS = 100_000  # bytes up to which nobody counts how much a file was squeezed
LARGEST_LIST = 1024 * 1024  # of the names in a ZIP, which are read at once
END, END_64 = b"PK\5\6", b"PK\6\7"
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
PICTURES = (".webp", ".png", ".jpg", ".jpeg", ".gif")
THE_DAY = (1980, 1, 1, 0, 0, 0)
BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, struct.error)
FULL = (errno.ENOSPC, errno.EDQUOT)


def pack(out: IO[bytes], folder: str, files: Iterable[tuple[str, bytes]]) -> None:
    """Write a ZIP of the files in a folder of that name; the same files always make the same ZIP."""
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files:
            archive.writestr(zipfile.ZipInfo(f"{folder}/{name}", THE_DAY), content, zipfile.ZIP_DEFLATED)
    out.seek(0)


def files_in(folder: Folder) -> Iterator[tuple[str, bytes]]:
    """The files of a folder by name, without hidden ones and links."""
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        if path.is_file() and not path.is_symlink() and not any(part.startswith(".") for part in name.parts):
            yield name.as_posix(), path.read_bytes()


@contextmanager
def unpacked(file: IO[bytes]) -> Iterator[Folder]:
    """The course folder of a ZIP, for as long as it is needed. Raises CourseError, with nothing left behind."""
    with tempfile.TemporaryDirectory(prefix="workshop-course-") as place:
        try:
            _refuse_too_much(file)
            with zipfile.ZipFile(file) as archive:
                _unpack(archive, Folder(place))
        except BROKEN as error:
            if getattr(error, "errno", None) in FULL:  # the ZIP may be fine
                raise
            raise _refused("the ZIP", "This is not a ZIP, or it is broken. Pack the course folder again.") from error
        yield Folder(place)


def _refused(name: str, text: str) -> CourseError:
    return CourseError([Finding(_shown(name), 0, text)])


def _shown(name: str) -> str:
    """A name from a ZIP as a message can show it."""
    printable = "".join(letter if letter.isprintable() else "�" for letter in name)
    return printable if len(printable) <= 120 else f"{printable[:117]}…"


def _refuse_too_much(file: IO[bytes]) -> None:
    """Before the names are read, all of which would be in memory."""
    file.seek(0, 2)
    size = file.tell()
    if size > LARGEST_ZIP:
        raise _refused("the ZIP", f"It has more than {LARGEST_ZIP // 2**20} MB. Are there files that are no course?")
    file.seek(max(0, size - 65_557))
    tail = file.read()
    file.seek(0)
    at = tail.rfind(END)
    if at < 0 or len(tail) < at + 22:
        raise _refused("the ZIP", "This is not a ZIP, or it is broken. Pack the course folder again.")
    if END_64 in tail or int.from_bytes(tail[at + 12 : at + 16], "little") > LARGEST_LIST:
        raise _refused("the ZIP", f"It has more than {MAX_FILES} files. A course is smaller than that.")


def _unpack(archive: zipfile.ZipFile, place: Folder) -> None:
    members = [each for each in archive.infolist() if not each.is_dir() and not _is_litter(each.filename)]
    found = [Finding(_shown(each.orig_filename), 0, text) for each in members if (text := _problem(each))]
    names = [each.filename for each in members]
    counted = Counter(name.casefold() for name in names)
    twins = [name for name in names if counted[name.casefold()] > 1]
    found += [Finding(_shown(name), 0, "This name is there twice. Keep one of them.") for name in twins]
    if len(members) > MAX_FILES:
        found.append(Finding("the ZIP", 0, f"It has more than {MAX_FILES} files. A course is smaller than that."))
    found += _too_large(members)
    if found:
        raise CourseError(sorted(found)[:50])
    top = _top(names)
    for member in members:
        path = place / member.filename.removeprefix(top)
        path.parent.mkdir(parents=True, exist_ok=True)
        _write(archive, member, path)


def _is_litter(name: str) -> bool:
    """What computers put into a ZIP by themselves."""
    return name.startswith("__MACOSX/") or PurePosixPath(name).name in (".DS_Store", "Thumbs.db", "desktop.ini")


def _problem(member: zipfile.ZipInfo) -> str:
    """Why this file is not unpacked, in words; empty if it is."""
    name = member.orig_filename
    parts = name.split("/")
    if "\0" in name or "\\" in name or not name.isprintable():
        return "The name has a character that no name of a course file has."
    if name.startswith("/") or ":" in parts[0] or ".." in parts or len(name) > 250:
        return "The name leads out of the course folder. Pack the folder itself."
    if stat.S_ISLNK(member.external_attr >> 16):
        return "This is a link. Put the file itself into the ZIP."
    if member.flag_bits & 0x1:
        return "This is locked with a password. Pack the folder without one."
    if name.lower().endswith((".zip", ".gz", ".7z", ".rar", ".tar")):
        return "This is an archive in an archive. Unpack it, or leave it out."
    if member.compress_type not in METHODS:
        return "It is packed in a way that not every computer reads. Pack the folder as a plain ZIP."
    if member.file_size > max(PEAKS, MOST_SQUEEZED * member.compress_size):
        return "It would be more than 200 times as large as in the ZIP. No course file is."
    return ""


def _too_large(members: list[zipfile.ZipInfo]) -> Iterator[Finding]:
    whole = sum(member.file_size for member in members)
    text = sum(member.file_size for member in members if not member.filename.lower().endswith(PICTURES))
    if whole > LARGEST_WHOLE:
        yield Finding("the ZIP", 0, f"Unpacked, it has more than {LARGEST_WHOLE // 2**20} MB. Leave pictures out.")
    if text > LARGEST_TEXT:
        yield Finding("the ZIP", 0, f"There are more than {LARGEST_TEXT // 2**20} MB of text. A course is smaller.")


def _top(names: list[str]) -> str:
    """The one folder that everything lies in, if course.yaml does not lie at the top."""
    tops = {name.split("/")[0] for name in names}
    return f"{tops.pop()}/" if len(tops) == 1 and "course.yaml" not in names else ""


def _write(archive: zipfile.ZipFile, member: zipfile.ZipInfo, path: Folder) -> None:
    """No more than the ZIP says it is, whatever comes out of it."""
    left = min(member.file_size, LARGEST_FILE + 1)
    with archive.open(member) as packed, path.open("xb") as out:
        while left > 0 and (some := packed.read(min(left, 65_536))):
            out.write(some)
            left -= len(some)
