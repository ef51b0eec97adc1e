"""The calendar file, read by a strict reader of its own (RFC 5545): CRLF, folding, escapes, what changes make of it."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events import calendar, changing
from tests.builders import make_live_session

ESCAPES = {"\\\\": "\\", "\\n": "\n", "\\N": "\n", "\\;": ";", "\\,": ","}


def read(file: bytes) -> dict[str, str]:
    """The properties of the one event; fails for anything the format does not allow."""
    assert file.endswith(b"\r\n")
    lines = file[:-2].split(b"\r\n")
    assert all(len(line) <= 75 and b"\r" not in line and b"\n" not in line for line in lines)
    for line in lines:
        line.decode()  # no letter is cut in two
    whole = file.replace(b"\r\n ", b"").decode().removesuffix("\r\n").split("\r\n")
    assert whole[:2] == ["BEGIN:VCALENDAR", "VERSION:2.0"]
    assert whole[-2:] == ["END:VEVENT", "END:VCALENDAR"]
    properties = dict(re.fullmatch(r"([A-Z-]+):(.*)", line, re.DOTALL).groups() for line in whole)
    for name in ("SUMMARY", "DESCRIPTION", "LOCATION"):
        assert not re.search(r"(?<!\\)(?:\\\\)*[;,]", properties[name]), name
        properties[name] = re.sub(r"\\[\\nN;,]", lambda match: ESCAPES[match[0]], properties[name])
    return properties


@pytest.fixture
def session(db):
    return make_live_session(
        "Calm; on the phone, für 你好 " * 4,
        at=datetime(2027, 10, 31, 0, 30, tzinfo=UTC),
        text="**Bring** a call.\n\nBackslash \\\\ too.",
        place="Room 4, floor 2; left",
        time_zone="Europe/Paris",
    )


def test_it_says_what_the_page_says(session):
    event = read(calendar.ics(session))
    assert event["DTSTART"] == "20271031T003000Z"
    assert event["DTEND"] == "20271031T013000Z"
    assert event["SUMMARY"] == session.title
    assert event["LOCATION"] == "Room 4, floor 2; left"
    assert "Bring a call." in event["DESCRIPTION"]
    assert "https://meet.example.com/calm" in event["DESCRIPTION"]
    assert event["STATUS"] == "CONFIRMED"
    assert event["METHOD"] == "PUBLISH"
    assert re.fullmatch(r"live-session-\d+@[\w.]+", event["UID"])
    assert calendar.ics(session) == calendar.ics(session)


def test_a_change_raises_the_sequence_and_keeps_the_uid(session, cast):
    first = read(calendar.ics(session))
    session.starts_at += timedelta(minutes=30)
    session.ends_at += timedelta(minutes=30)
    changing.save(session, [], [], cast.hana)
    second = read(calendar.ics(session))
    assert second["UID"] == first["UID"]
    assert int(second["SEQUENCE"]) > int(first["SEQUENCE"])
    assert second["DTSTAMP"] >= first["DTSTAMP"]
    changing.cancel(session, cast.hana)
    session.refresh_from_db()
    third = read(calendar.ics(session))
    assert third["STATUS"] == "CANCELLED"
    assert third["SUMMARY"].startswith("Cancelled: ")
    assert int(third["SEQUENCE"]) > int(second["SEQUENCE"])


def test_the_clock_change_does_not_move_it(db):
    """Two hours of the night in which Paris shows 02:30 twice are two different moments in the file."""
    both = [make_live_session(at=datetime(2027, 10, 31, hour, 30, tzinfo=UTC)) for hour in (0, 1)]
    assert [read(calendar.ics(one))["DTSTART"] for one in both] == ["20271031T003000Z", "20271031T013000Z"]


@given(st.text(st.characters(codec="utf-8"), max_size=300))
def test_any_text_comes_back_from_its_lines(said):
    line = calendar.folded(f"SUMMARY:{calendar.text(said)}")
    pieces = line.removesuffix(b"\r\n").split(b"\r\n")
    assert all(len(piece) <= 75 for piece in pieces)
    assert all(piece.startswith(b" ") for piece in pieces[1:])
    back = line.replace(b"\r\n ", b"").decode().removesuffix("\r\n").removeprefix("SUMMARY:")
    back = re.sub(r"\\[\\nN;,]", lambda match: ESCAPES[match[0]], back)
    plain = said.replace("\r\n", "\n").replace("\r", "\n")
    assert back == re.sub(r"[\x00-\x08\x0b-\x1f\x7f]", "", plain)
