"""What clocks show, over both changes of the year, in two parts of the world."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events import clock

PARIS, NEW_YORK, LORD_HOWE = ZoneInfo("Europe/Paris"), ZoneInfo("America/New_York"), ZoneInfo("Australia/Lord_Howe")


def utc(*parts):
    return datetime(*parts, tzinfo=UTC)


@pytest.mark.parametrize(
    ("shown", "zone", "moments"),
    [
        (datetime(2027, 3, 28, 1, 59), PARIS, [utc(2027, 3, 28, 0, 59)]),
        (datetime(2027, 3, 28, 2, 0), PARIS, []),
        (datetime(2027, 3, 28, 2, 30), PARIS, []),
        (datetime(2027, 3, 28, 3, 0), PARIS, [utc(2027, 3, 28, 1, 0)]),
        (datetime(2027, 10, 31, 1, 59), PARIS, [utc(2027, 10, 30, 23, 59)]),
        (datetime(2027, 10, 31, 2, 30), PARIS, [utc(2027, 10, 31, 0, 30), utc(2027, 10, 31, 1, 30)]),
        (datetime(2027, 10, 31, 3, 0), PARIS, [utc(2027, 10, 31, 2, 0)]),
        (datetime(2027, 3, 14, 2, 30), NEW_YORK, []),
        (datetime(2027, 3, 14, 3, 0), NEW_YORK, [utc(2027, 3, 14, 7, 0)]),
        (datetime(2027, 11, 7, 1, 30), NEW_YORK, [utc(2027, 11, 7, 5, 30), utc(2027, 11, 7, 6, 30)]),
        (datetime(2027, 11, 7, 2, 0), NEW_YORK, [utc(2027, 11, 7, 7, 0)]),
        (datetime(2027, 4, 4, 1, 45), LORD_HOWE, [utc(2027, 4, 3, 14, 45), utc(2027, 4, 3, 15, 15)]),  # half an hour
    ],
)
def test_what_clocks_show_is_one_moment_none_or_two(shown, zone, moments):
    assert clock.moments(shown, zone) == moments


def test_around_a_time_that_is_left_out():
    around = clock.around(datetime(2027, 3, 28, 2, 30), PARIS)
    assert around == [datetime(2027, 3, 28, 1, 30), datetime(2027, 3, 28, 3, 30)]


@pytest.mark.parametrize("zone", [PARIS, NEW_YORK, LORD_HOWE])
@given(at=st.datetimes(datetime(2026, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)))
def test_every_moment_is_among_those_its_clock_shows(zone, at):
    at = at.replace(second=0, microsecond=0)
    found = clock.moments(clock.shown_in(at, zone), zone)
    assert at in found
    assert found == sorted(found)
    assert clock.comes_twice(at, zone) == (len(found) == 2)


def test_offsets_are_said_as_people_read_them():
    assert clock.offset(utc(2027, 7, 1), PARIS) == "UTC+2"
    assert clock.offset(utc(2027, 1, 1), NEW_YORK) == "UTC-5"
    assert clock.offset(utc(2027, 1, 1), ZoneInfo("America/St_Johns")) == "UTC-3:30"
    assert clock.offset(utc(2027, 1, 1) + timedelta(0), ZoneInfo("UTC")) == "UTC+0"
