"""A course as one ZIP: out and in without a difference, and what is refused before anything is written."""

from __future__ import annotations

import errno
import io
import stat
import struct
import zipfile
from pathlib import Path

import pytest

from coursefiles import bundle, importing
from coursefiles.bundle import files_in, pack, unpacked
from coursefiles.export import Export
from coursefiles.findings import CourseError
from coursefiles.load import load_course
from coursefiles.stored import Stored
from courses.models import Bundle, Course
from tests.builders import make_person
from tests.coursefiles.conftest import CourseFolder
from tests.coursefiles.test_load import COURSE, LESSON, everything

LINK = stat.S_IFLNK << 16


def zipped(*files: tuple[str | zipfile.ZipInfo, bytes | str], method: int = zipfile.ZIP_DEFLATED) -> io.BytesIO:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in files:
            archive.writestr(name, content, None if isinstance(name, zipfile.ZipInfo) else method)
    out.seek(0)
    return out


def refusal(file: io.BytesIO) -> str:
    with pytest.raises(CourseError) as refused, unpacked(file):
        pass
    return str(refused.value)


def link(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = LINK
    return info


def locked(file: io.BytesIO) -> io.BytesIO:
    """With the flag that says that a password is needed."""
    data = bytearray(file.getvalue())
    data[data.index(b"PK\1\2") + 8] |= 1
    return io.BytesIO(bytes(data))


def lying(file: io.BytesIO) -> io.BytesIO:
    """With a size in the list that is less than what comes out."""
    data = bytearray(file.getvalue())
    struct.pack_into("<I", data, data.index(b"PK\1\2") + 24, 10)
    return io.BytesIO(bytes(data))


@pytest.mark.parametrize(
    ("file", "place", "reason"),
    [
        (zipped(("../course.yaml", "x")), "../course.yaml", "leads out of the course folder"),
        (zipped(("a/../../x.yaml", "x")), "a/../../x.yaml", "leads out of the course folder"),
        (zipped(("/etc/passwd", "x")), "/etc/passwd", "leads out of the course folder"),
        (zipped(("C:/x.yaml", "x")), "C:/x.yaml", "leads out of the course folder"),
        (zipped(("..\\x.yaml", "x")), "..\\x.yaml", "a character that no name"),
        (zipped(("a\x1b[2J.yaml", "x")), "a�[2J.yaml", "a character that no name"),
        (zipped((f"{'d/' * 200}x.yaml", "x")), "", "leads out of the course folder"),
        (zipped((link("course.yaml"), "/etc/passwd")), "course.yaml", "This is a link"),
        (zipped(("Course.yaml", "x"), ("course.yaml", "y")), "Course.yaml", "there twice"),
        (zipped(("course.yaml", b"0" * 5_000_000)), "course.yaml", "more than 200 times as large"),
        (zipped(("inner.zip", zipped(("a", "b")).getvalue())), "inner.zip", "an archive in an archive"),
        (zipped(("course.yaml", "x"), method=zipfile.ZIP_LZMA), "course.yaml", "packed in a way"),
        (locked(zipped(("course.yaml", "x"))), "course.yaml", "locked with a password"),
        (zipped(("x", "x"), ("a", "x"), ("a/b", "y")), "the ZIP", "not a ZIP, or it is broken"),
        (lying(zipped(("course.yaml", "format: 1\n" * 9))), "the ZIP", "not a ZIP, or it is broken"),
        (io.BytesIO(zipped(("course.yaml", "x")).getvalue()[:40]), "the ZIP", "not a ZIP"),
        (io.BytesIO(b"PK\5\6" + b"\0" * 18), "", ""),
        (io.BytesIO(b"%PDF-1.7"), "the ZIP", "not a ZIP"),
        (io.BytesIO(b""), "the ZIP", "not a ZIP"),
        (zipped(*((f"f{n}", "") for n in range(2001))), "the ZIP", "more than 2000 files"),
        (io.BytesIO(b"PK\5\6" + struct.pack("<4H2IH", 0, 0, 9, 9, 2_000_000, 0, 0)), "the ZIP", "more than 2000"),
        (io.BytesIO(b"PK\6\7" + b"\0" * 16 + b"PK\5\6" + b"\0" * 18), "the ZIP", "more than 2000 files"),
    ],
)
def test_a_hostile_zip_is_refused_with_place_and_reason(
    tmp_path: Path, monkeypatch, file: io.BytesIO, place: str, reason: str
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    if not reason:  # an empty ZIP has nothing in it
        with unpacked(file) as folder:
            assert not list(folder.iterdir())
    else:
        said = refusal(file)
        assert said.startswith(place)
        assert reason in said
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("limit", "reason"), [("LARGEST_ZIP", "more than"), ("LARGEST_WHOLE", "Unpacked, it has"),
                                               ("LARGEST_TEXT", "of text")])  # fmt: skip
def test_too_much_in_all_is_refused(monkeypatch, limit: str, reason: str) -> None:
    monkeypatch.setattr(bundle, limit, 100)
    assert reason in refusal(zipped(("course.yaml", "x" * 120), ("y.yaml", "x" * 120)))


def test_what_computers_put_beside_is_left_out_and_one_folder_is_opened() -> None:
    file = zipped(("counter/course.yaml", "a"), ("__MACOSX/counter/._x", "b"), ("counter/.DS_Store", "c"))
    with unpacked(file) as folder:
        assert [path.name for path in folder.rglob("*")] == ["course.yaml"]


BOMB = "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n"


@pytest.mark.parametrize(
    ("name", "content", "place", "reason"),
    [
        (COURSE, BOMB.encode(), "course.yaml:1", "Anchors (&) and aliases (*) are not allowed"),
        (COURSE, b"key: !!python/object/apply:os.system [ls]\n", "course.yaml:1", "The tag"),
        (COURSE, b"format: 9\n", "course.yaml:1", "Update Workshop first"),
        (COURSE, b'format: 1\ntitle: "a\\0b"\n', "course.yaml:2", "a character that no text may have"),
        (COURSE, b'format: 1\ntitle: "a\\ud800b"\n', "course.yaml:2", "invalid Unicode character"),
        (LESSON, b"---\nkey: greet-first\n\xff\n---\n", f"{LESSON}:3", "This is not UTF-8"),
        (LESSON, b"---\nkey: greet-first\n\0\n---\n", f"{LESSON}:3", "There is a NUL byte"),
        ("images/evil.svg", b"<svg/>", "images/evil.svg:1", "This file has no place in a course"),
        ("run.sh", b"rm -rf /", "run.sh:1", "This file has no place in a course"),
    ],
)
@pytest.mark.django_db
def test_hostile_files_are_refused_with_place_and_reason(
    folder: CourseFolder, name: str, content: bytes, place: str, reason: str
) -> None:
    files = {**dict(files_in(folder.path)), name: content}
    editor = make_person("Ed Itor")
    before = everything()
    with pytest.raises(CourseError) as refused:
        importing.stage(zipped(*files.items()), "x.zip", editor)
    assert any(str(finding).startswith(place) and reason in finding.text for finding in refused.value.findings)
    assert everything() == before


@pytest.mark.django_db
def test_out_and_in_makes_no_difference(folder: CourseFolder) -> None:
    load_course(folder.path)
    out, again = io.BytesIO(), io.BytesIO()
    pack(out, "counter", Export(Stored(Course.objects.get())).files())
    staged = importing.stage(out, "counter.zip", make_person("Ed Itor"))
    plan = importing.plan_for(staged)
    assert {entry.state.value for entry in plan.entries} == {"same"}
    assert not plan.missing()
    pack(again, "counter", Export(Stored(Course.objects.get())).files())
    assert again.getvalue() == out.getvalue()
    assert Bundle.objects.waiting().get() == staged


def test_a_full_disk_is_not_the_fault_of_the_zip(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_given: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(bundle, "_unpack", full)
    with pytest.raises(OSError, match="No space left"), unpacked(zipped(("course/course.yaml", "key: c"))):
        pass
