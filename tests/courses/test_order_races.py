"""Several editors put things somewhere else at the same instant, with real transactions on either database."""

from __future__ import annotations

import pytest

from courses import order
from courses.order import Order, OrderChanged
from tests.at_once import at_once
from tests.builders import make_course, make_lesson

pytestmark = pytest.mark.django_db(transaction=True)


def test_of_several_moves_at_one_instant_one_counts_and_nothing_is_scrambled():
    course = make_course("race", readings=4, quiz=False)
    module, lessons = course.modules.get(), list(course.lessons.in_order().select_related("course", "module"))
    stamp = Order.of(course).stamp
    moves = [lambda one=one: order.move_lesson(one, module, 1, stamp).is_new for one in lessons[1:]]
    results = at_once(*moves, refused=OrderChanged)
    assert sum(result is True for result in results) == 1
    assert sum(isinstance(result, OrderChanged) for result in results) == 2
    assert sorted(module.lessons.values_list("position", flat=True)) == [1, 2, 3, 4]
    assert sorted(Order.of(course).lessons[module.pk]) == sorted(lesson.pk for lesson in lessons)


def test_a_step_is_added_and_removed_once_at_one_instant():
    course = make_course("race", readings=2, quiz=False)
    path, lesson = course.paths.get(), make_lesson(course.modules.get(), "later", position=3)
    assert sorted(at_once(*[lambda: order.add_step(path, lesson)] * 4)) == [False, False, False, True]
    removed = at_once(*[lambda: order.remove_step(path, lesson)[0]] * 4)
    assert sorted(removed) == [False, False, False, True]
    assert list(path.steps.order_by("position").values_list("position", flat=True)) == [1, 2]
