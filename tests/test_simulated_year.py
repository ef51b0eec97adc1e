"""A quarter of a small company: what tests/simulate_year.py does for the year of docs/notices.md."""

from datetime import timedelta

import pytest

from tests.simulate_year import Year


@pytest.mark.once  # of what writes the mails, tests/desk/test_mailing.py asks both databases
@pytest.mark.django_db
def test_a_quarter_sends_each_person_a_sane_number_of_mails() -> None:
    year = Year(people=20, days=84, hours=(1, 9, 15), down=(20, 22))
    year.run()
    assert year.broken == []
    counts = sorted(len(times) for times in year.sent().values())
    assert year.shortest_gap() >= timedelta(days=3)
    assert counts[-1] <= 84 / 7 + 6  # a manager's digest once a week, and a few of their own
    assert counts[len(counts) // 2] <= 10
    assert year.untold_certificates() == 0
    assert {"asked", "reminder", "certificate", "digest", "redo"} <= set(year.by_kind)
