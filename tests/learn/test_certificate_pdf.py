"""The paper: one page, tagged, in any script; made once, by a process that may fail, hang or be busy without harm."""

from __future__ import annotations

import io
import json
import logging
import stat
import threading
from datetime import date
from importlib import resources
from pathlib import Path

import pypdfium2
import pytest
import typst
from django.test import Client
from django.test.utils import override_settings
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from courses.models import Certificate
from learn import pdf, typeset
from tests.conftest import sign_in
from tests.learn.certified import certified

pytestmark = pytest.mark.once

NAMES = {
    "plain": "Ada Moreau",
    "accents": "Łukasz Weiß-Éluard",
    "Vietnamese": "Nguyễn Thị Phương Thảo",
    "Greek": "Γιώργος Παπαδόπουλος",
    "Chinese": "你好 王小明",
    "Japanese": "山田 はなこ",
    "Korean": "김철수",
    "Arabic": "محمد بن عبد الله العربي",
    "Persian": "علی‌رضا رضایی",
    "Hebrew": "נועה כהן",
    "Hindi": "प्रिया शर्मा",
    "Thai": "สมชาย ใจดี",
    "mixed": "Ada عربي 你好 ß",
    "emoji": "Zoë 😀 O’Brien-Smith",
}
LETTER, A4 = (792, 612), (842, 595)


@pytest.fixture(autouse=True)
def folder(tmp_path, settings) -> Path:
    settings.DATA_DIR = tmp_path
    return tmp_path / "certificates"


@pytest.fixture
def certificate(db) -> Certificate:
    return certified()


def read(content: bytes) -> PdfReader:
    return PdfReader(io.BytesIO(content), strict=True)


def text_of(content: bytes) -> str:
    """The text as a reader takes it from the page, in the order in which it is said."""
    with pypdfium2.PdfDocument(content) as document:
        page = document[0]
        return str(page.get_textpage().get_text_range())


def words_on(content: bytes) -> set[str]:
    return set(text_of(content).split())


def is_tagged(document: PdfReader) -> bool:
    return bool(document.trailer["/Root"]["/MarkInfo"]["/Marked"]) and "/StructTreeRoot" in document.trailer["/Root"]


def pictures_without_words(document: PdfReader) -> list[object]:
    """The figures in the tree of tags that have no text to read out."""
    found, waiting = [], [document.trailer["/Root"]["/StructTreeRoot"]]
    while waiting:
        node = waiting.pop().get_object()
        if isinstance(node, list):
            waiting += node
        elif hasattr(node, "get"):
            if node.get("/S") == "/Figure" and not node.get("/Alt"):
                found.append(node)
            if "/K" in node and not isinstance(node["/K"], int):
                waiting.append(node["/K"])
    return found


# --- What is on it


@pytest.mark.django_db
@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_every_name_is_printed_on_one_tagged_page(name):
    content = pdf.pdf_of(certified(name), "a4")
    document = read(content)
    assert len(document.pages) == 1
    assert len(content) < 60_000
    assert set(name.split()) <= words_on(content)
    assert is_tagged(document)
    assert not pictures_without_words(document)
    assert document.trailer["/Root"]["/Lang"] == "en"
    assert document.trailer["/Root"]["/ViewerPreferences"]["/DisplayDocTitle"]
    assert document.metadata.title == f"Certificate of completion: {name}, Course service"


@pytest.mark.parametrize(("paper", "size"), [("a4", A4), ("letter", LETTER)])
def test_it_says_what_the_certificate_says_on_either_paper(certificate, paper, size):
    content = pdf.pdf_of(certificate, paper)
    page = read(content).pages[0]
    assert (round(page.mediabox.width), round(page.mediabox.height)) == size
    text = " ".join(text_of(content).split())
    for said in ("Certificate of completion", "Ada Moreau", "Course service", certificate.grouped_code):
        assert said in text
    assert "127.0.0.1:8000/certificates/" in text
    assert pdf.words_of(certificate)["date"] in text
    for kept in ("certified@example.com", "Everything"):
        assert kept not in text
    assert b"certified@example.com" not in content


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["x" * 150, "王" * 150, "Mac Gillafhinnéin " * 8, "W" * 60 + " " + "W" * 60])
@pytest.mark.parametrize("paper", pdf.PAPERS)
def test_the_longest_names_stay_on_the_page(name, paper):
    name = name.strip()[:150]
    content = pdf.pdf_of(certified(name, title="Long title of a course " * 8), paper)
    (page,) = read(content).pages
    places: list[float] = []
    page.extract_text(visitor_text=lambda text, cm, tm, *_: places.append(tm[4] * cm[0] + cm[4]) if text else None)
    assert min(places) > 20
    assert max(places) < page.mediabox.width - 20
    assert name.replace(" ", "") in "".join(text_of(content).replace("\u200b", "").split())


@pytest.mark.django_db
def test_what_no_font_has_is_a_box_and_said():
    content = pdf.pdf_of(certified("Ada 𓀀𓀁 Moreau"), "a4")
    document, text = read(content), text_of(content)
    assert "Ada □□ Moreau" in text
    assert "□ stands for a character that could not be printed" in text
    assert is_tagged(document)
    assert "Ada 𓀀𓀁 Moreau" in document.metadata.title


@pytest.mark.django_db
def test_what_cannot_be_seen_is_left_out():
    assert typeset.clean(" Ada\u202e\x07\ufeff\n Mo\u00adreau\t") == "Ada Moreau"
    assert typeset.clean("علی\u200cرضا") == "علی\u200cرضا"
    assert {"Ada", "Moreau"} <= words_on(pdf.pdf_of(certified("Ada\u202e\x07 Moreau"), "a4"))


@pytest.fixture(scope="module")
def compilers() -> tuple[typst.Compiler, typst.Compiler]:
    fonts = typst.Fonts(include_system_fonts=False, font_paths=[str(resources.files(name)) for name in typeset.FONTS])
    template = typst.Compiler(str(pdf.TEMPLATE), font_paths=fonts, ignore_system_fonts=True)
    return template, typst.Compiler(font_paths=fonts, ignore_system_fonts=True)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.text(st.characters(codec="utf-8"), max_size=40), course=st.text(st.characters(codec="utf-8"), max_size=40)
)
def test_no_name_is_refused(compilers, name, course):
    template, probe = compilers
    words = {
        **dict.fromkeys(
            ("title", "before", "between", "date", "date_label", "until", "check_label", "check_address"), "Words"
        ),
        **{"issuer": "Workshop", "code": "ABCD", "qr_alt": "QR", "qr": pdf_square(), "language": "en"},
        **{"paper": "a4", "document": "Certificate", "issued": 1_790_000_000, "note_if_unprintable": "A box"},
        **{"name": name, "course": course},
    }
    content = typeset.typeset(template, typeset.printable(probe, words))
    assert len(read(content).pages) == 1


def pdf_square() -> str:
    return '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><path d="M0 0h1v1h-1z"/></svg>'


# --- Made once and kept


def test_the_second_time_it_is_the_kept_file(certificate, folder, monkeypatch):
    first = pdf.pdf_of(certificate, "a4")
    monkeypatch.setattr(pdf, "typeset", lambda words: pytest.fail("made again"))
    assert pdf.pdf_of(certificate, "a4") == first
    (file,) = folder.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_the_same_certificate_makes_the_same_file(certificate, folder):
    first = pdf.pdf_of(certificate, "a4")
    pdf.forget(certificate)
    assert not list(folder.iterdir())
    assert pdf.pdf_of(certificate, "a4") == first


def test_a_new_name_of_the_site_replaces_the_file_of_that_paper_alone(certificate, folder):
    pdf.pdf_of(certificate, "a4")
    pdf.pdf_of(certificate, "letter")
    before = set(folder.iterdir())
    with override_settings(SITE_NAME="Müller & Söhne"):
        assert "MÜLLER" in words_on(pdf.pdf_of(certificate, "a4"))
    assert len(set(folder.iterdir())) == 2
    assert len(set(folder.iterdir()) & before) == 1


def test_without_a_place_to_keep_it_it_is_served_all_the_same(certificate, folder, caplog):
    folder.parent.chmod(0o700)
    folder.write_text("a file where the folder should be")
    assert pdf.pdf_of(certificate, "a4").startswith(b"%PDF")
    assert "could not be kept" in caplog.text


def test_forgetting_leaves_the_files_of_others(certificate, folder):
    folder.mkdir()
    other = folder / "ABCDEFGHJKMNPQRS-a4-0000.pdf"
    other.write_bytes(b"%PDF")
    pdf.pdf_of(certificate, "a4")
    left = folder / f"{certificate.code}-a4-0000.x1y2"  # by a worker that was killed in the middle
    left.mkdir()
    (left / "certificate.pdf").write_bytes(b"%PDF")
    pdf.forget(certificate)
    assert list(folder.iterdir()) == [other]


def test_a_full_disk_leaves_nothing_behind(certificate, folder, monkeypatch, caplog):
    def full(path: Path, content: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    assert pdf.pdf_of(certificate, "a4").startswith(b"%PDF")
    assert "No space left on device" in caplog.text
    assert not list(folder.iterdir())


# --- Asked for by its person


@pytest.fixture
def visitor(client: Client, certificate: Certificate) -> Client:
    return sign_in(client, certificate.enrollment.user)


def address(certificate: Certificate) -> str:
    return f"/my/certificates/{certificate.code}/a4.pdf"


def test_the_download_has_a_name_people_find_again(visitor, certificate):
    response = visitor.get(address(certificate))
    assert response.status_code == 200
    assert response["Content-Type"] == "application/pdf"
    assert response["Content-Disposition"] == 'attachment; filename="Certificate Ada Moreau A4.pdf"'
    assert "no-store" in response["Cache-Control"]
    assert read(response.content).pages
    assert visitor.head(address(certificate)).status_code == 200


@pytest.mark.parametrize("name", ["../../etc/passwd", 'a"b\r\nX: y', "प्रिया शर्मा", "CON<>|?*"])
def test_no_name_breaks_out_of_the_name_of_the_file(certificate, name):
    certificate.name = name
    told = pdf.file_name(certificate, "letter")
    assert not set('/\\"<>|?*:\r\n') & set(told)
    assert told.startswith("Certificate ")
    assert told.endswith(" Letter.pdf")


# --- When it does not work


def run_instead(monkeypatch, tmp_path, program: str) -> None:
    file = tmp_path / "instead.py"
    file.write_text(program)
    monkeypatch.setattr(pdf, "PROGRAM", file)
    pdf.design.cache_clear()


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("import sys; sys.exit('broken')", "ended with 1: broken"),
        ("import no_such_package", "No module named 'no_such_package'"),
        ("print('not a PDF')", "ended with 0: nothing said"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "ended with -9"),
        ("import time; time.sleep(60)", "longer than 1 seconds"),
    ],
)
def test_a_failure_gives_a_clear_page_and_a_line_in_the_log(
    visitor, certificate, monkeypatch, tmp_path, caplog, program, said
):
    run_instead(monkeypatch, tmp_path, program)
    monkeypatch.setattr(pdf, "LIMIT", 1)
    response = visitor.get(address(certificate))
    html = response.content.decode()
    assert response.status_code == 503
    assert "We can't make the PDF right now" in html
    assert f'href="{certificate.get_absolute_url()}"' in html
    (line,) = [record for record in caplog.records if record.name == "workshop.certificates"]
    assert line.levelno == logging.ERROR
    assert said in line.getMessage()
    assert "Ada" not in caplog.text
    monkeypatch.undo()
    pdf.design.cache_clear()
    assert visitor.get(address(certificate)).status_code == 200


def test_a_template_that_is_wrong_is_told_by_place_and_names_nobody(certificate, monkeypatch, tmp_path):
    template = tmp_path / "certificate.typ"
    template.write_text("#let words = json(bytes(sys.inputs.words))\n#panic(words.name)")
    monkeypatch.setattr(pdf, "TEMPLATE", template)
    with pytest.raises(pdf.NotMade, match=r"TypstError at certificate\.typ:2:1$") as failure:
        pdf.pdf_of(certificate, "a4")
    assert "Ada" not in str(failure.value)


def test_the_program_knows_no_secret(certificate, monkeypatch, tmp_path):
    run_instead(monkeypatch, tmp_path, "import os; print('%PDF', dict(os.environ))")
    told = pdf.pdf_of(certificate, "a4").decode()
    for secret in ("SECRET", "DATABASE", "PASSWORD", "DATA_DIR"):
        assert secret not in told


def test_two_at_a_time_are_asked_to_wait_a_moment(visitor, certificate, monkeypatch):
    begun, go_on = threading.Event(), threading.Event()
    really = pdf.typeset

    def slow(words: dict[str, object]) -> bytes:
        begun.set()
        go_on.wait(20)
        return really(words)

    monkeypatch.setattr(pdf, "typeset", slow)
    other = threading.Thread(target=pdf.pdf_of, args=(certificate, "letter"))
    other.start()
    assert begun.wait(20)
    response = visitor.get(address(certificate))
    go_on.set()
    other.join(20)
    assert response.status_code == 503
    assert response["Refresh"] == response["Retry-After"] == "2"
    assert "Your PDF is being made" in response.content.decode()
    assert visitor.get(address(certificate)).status_code == 200


def test_the_words_reach_the_program_as_data(certificate):
    """What looks like markup of the typesetter is printed as it is."""
    certificate.name = '#panic("x") *bold* $x$ @ref \\ "q"'
    assert {'#panic("x")', "*bold*", "$x$", "@ref", "\\"} <= words_on(pdf.pdf_of(certificate, "a4"))
    assert json.dumps(certificate.name) in json.dumps(pdf.pdf_words(certificate, "a4"))


def test_the_paper_says_until_when_it_is_valid(certificate):
    assert "until" not in words_on(pdf.pdf_of(certificate, "a4"))
    certificate.expires_on = date(2027, 11, 22)
    content = pdf.pdf_of(certificate, "a4")
    assert "Valid until November 22, 2027" in " ".join(text_of(content).split())
    assert len(read(content).pages) == 1
