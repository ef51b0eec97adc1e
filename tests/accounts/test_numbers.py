import pytest

from accounts.batches import batches_of
from accounts.models import User
from accounts.numbers import LARGEST, row_number
from tests.builders import make_person


@pytest.mark.parametrize("text", ["", "x", "-1", "1.5", " 7", "1_000", "²", "٣", "9" * 19, "9" * 5000])
def test_what_is_no_number_of_a_row_is_none(text):
    assert row_number(text) == 0


def test_a_number_of_a_row_fits_the_column():
    assert row_number("42") == 42
    assert row_number("9" * 18) < LARGEST


@pytest.mark.django_db
def test_each_row_is_in_one_batch_whatever_the_work_on_it_changes():
    people = [make_person(f"P{n}").pk for n in range(5)]
    seen = []
    for batch in batches_of(User.objects.filter(name__startswith="P"), 2):
        User.objects.filter(pk__in=batch).update(name="Done")
        seen.append(batch)
    assert seen == [people[:2], people[2:4], people[4:]]
