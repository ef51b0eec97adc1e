"""The grid: people by modules, with the rows and filters of the report."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format

from courses import progress, publishing
from courses.counting import parts_of, places_of
from courses.models import Completion, LessonRevision
from courses.models.enrollment import State, site_day
from learn.course_map import course_map
from reports.modules import state_of
from tests.builders import enroll, make_course, make_member
from tests.reports.test_pages import add_people, text_of

GRID, PAGE = reverse("reports:grid"), reverse("reports:team")


@pytest.fixture
def course(cast):
    return make_course("long", modules=3, readings=2)


def read(enrollment, *keys, at=None):
    for key in keys:
        lesson = enrollment.course.lessons.get(key=key)
        progress.complete_lesson(enrollment, lesson, lesson.published_revision, Completion.How.READ, at)


def started(enrollment):
    return [(enrollment.pk, enrollment.path_id, enrollment.enrolled_at)]


def test_each_place_says_its_state_in_a_word(as_, cast, course):
    lee = enroll(make_member(cast.lyon, "Lee Long"), course)
    read(lee, "m1-read-1", "m1-read-2", "m1-quiz", "m2-read-1")
    page = as_(cast.mia).get(GRID, {"path": "long"})
    said = text_of(page)
    assert f"Lee Long In progress Complete {date_format(site_day())} 1 of 3 Not started" in said
    html = page.content.decode()
    assert len(re.findall(r'<th scope="col">', html)) == 4
    assert html.count('<th scope="row">') == 1
    assert 'tabindex="0" role="region" aria-label=' in html
    assert "Ada Moreau" not in html
    assert "Not in the grid" not in said


def test_two_courses_have_a_grid_each(as_, cast, course):
    enroll(make_member(cast.lyon, "Lee Long"), course)
    enroll(make_member(cast.lyon, "Max Long"), course)
    page = as_(cast.mia).get(GRID)
    assert "Max Long" in text_of(page)
    assert "Not in the grid: 1 row of this page, which asks for nothing or for another course." in text_of(page)
    assert 'href="?path=service"' in page.content.decode()
    assert "Ada Moreau" in text_of(as_(cast.mia).get(GRID, {"path": "service"}))


def test_nobody_asked_and_other_people(as_, cast):
    cast.ada_enrolled.delete()
    assert "Nobody here is asked to learn anything right now." in text_of(as_(cast.mia).get(GRID))
    assert as_(cast.mia).get(GRID, {"team": cast.paris.pk}).status_code == 404
    assert as_(cast.ada).get(GRID).status_code == 403


def test_a_module_published_again_is_an_update_due_for_who_had_completed(cast, course):
    lee = enroll(make_member(cast.lyon, "Lee Long"), course)
    every = [lesson.key for lesson in course.lessons.in_order()]
    read(lee, *every)
    lesson = course.lessons.get(key="m2-read-1")
    publishing.publish(lesson.add_revision(title="N", body="N", minutes=3), LessonRevision.Effect.REDO)
    modules = dict(course.modules.values_list("key", "pk"))
    parts = parts_of(started(lee))[lee.pk]
    assert state_of(parts[modules["m1"]], was_complete=True) == State.COMPLETE
    assert state_of(parts[modules["m2"]], was_complete=True) == State.UPDATE_DUE
    assert state_of(parts[modules["m2"]], was_complete=False) == State.UNDER_WAY
    counted, _module = places_of(started(lee))[lee.pk]
    assert (sum(p.done for p in parts.values()), sum(p.total for p in parts.values())) == counted[:2]


@pytest.mark.parametrize("in_order", [False, True])
@pytest.mark.parametrize(
    "keys",
    [
        (),
        ("m1-read-1",),
        ("m1-read-1", "m1-read-2", "m1-quiz"),
        ("m2-read-1",),
        ("m3-read-1", "m1-read-1"),
        ("m1-read-1", "m3-quiz"),
        ("m2-quiz", "m3-quiz", "m1-quiz"),
    ],
)
def test_the_current_module_is_the_one_my_learning_continues_in(cast, course, keys, in_order):
    course.paths.update(is_sequential=in_order)
    person = make_member(cast.lyon, "Lee Long")
    lee = enroll(person, course, at=timezone.now() - timedelta(days=9))
    for number, key in enumerate(keys):
        read(lee, key, at=timezone.now() - timedelta(days=8 - number))
    lee.refresh_from_db()
    mapped = course_map(person, course, lee)
    _counted, module = places_of(started(lee))[lee.pk]
    assert module == mapped.module_of(mapped.next).title


def test_a_manager_reads_the_module_and_never_the_lesson(as_, cast):
    read(cast.ada_enrolled, "m1-read-1")
    for address in (PAGE, GRID):
        page = as_(cast.mia).get(address).content.decode()
        assert "Module 1" in page
        assert "Lesson m1-read-2" not in page


@pytest.mark.parametrize("people", [1, 30])
def test_queries_do_not_grow(as_, cast, people, django_assert_max_num_queries):
    add_people(cast, people)
    client = as_(cast.mia)
    client.get(GRID)
    with django_assert_max_num_queries(9):
        client.get(GRID)
