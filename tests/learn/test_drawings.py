"""The drawings of a lesson come from its own course, few or many of them."""

import pytest

from courses.models import Diagram
from learn.lesson_page import drawings_of
from tests.builders import make_course


@pytest.mark.parametrize("number", [0, 1, 2, 3, 4, 6])
def test_it_finds_the_drawings_that_are_named_and_no_others(db, django_assert_max_num_queries, number):
    course, other = make_course("one"), make_course("two")
    for place in range(7):
        Diagram.objects.create(course=course, key=f"d{place}", title="T", alt="A", svg=f"own {place}")
        Diagram.objects.create(course=other, key=f"d{place}", title="T", alt="A", svg=f"foreign {place}")
    keys = tuple(f"d{place}" for place in range(number))
    with django_assert_max_num_queries(1):
        assert drawings_of(course, keys) == {f"d{place}": f"own {place}" for place in range(number)}


def test_one_that_is_missing_is_left_out(db):
    course = make_course("one")
    assert drawings_of(course, ("nothing",)) == {}
