"""The steps of a path: their order, one more, one less, and what each means for people on it."""

import pytest
from django.urls import reverse
from django.utils import timezone

from courses import order, progress
from courses.models import Completion, Path
from tests.builders import enroll, make_course, make_lesson, make_person

pytestmark = pytest.mark.django_db
READ = Completion.How.READ


@pytest.fixture
def path(cast):
    return cast.course.paths.get()


@pytest.fixture
def ed(cast, as_):
    return as_(cast.ed)


def address(name, path, *more):
    return reverse(f"admin:courses_path_{name}", args=[path.pk, *more])


def keys(path):
    return list(path.steps.order_by("position", "pk").values_list("lesson__key", flat=True))


def stamp(path):
    return order.stamp_of({path.pk: order.steps_of(path)})


def go(ed, path, lesson, place, seen=None):
    sent = {"go": f"{lesson.pk} {place}", "order": stamp(path) if seen is None else seen}
    return ed.post(address("order", path), sent)


def test_a_step_goes_up_and_stays_in_focus(cast, ed, path):
    lesson = cast.course.lessons.get(key="m1-read-2")
    there = go(ed, path, lesson, 1)
    assert keys(path) == ["m1-read-2", "m1-read-1", "m1-quiz"]
    assert there["Location"].endswith(f"#down-{lesson.pk}")
    assert "is at place 1 now" in ed.get(there["Location"]).content.decode()
    assert cast.course.lessons.in_order().first().key == "m1-read-1"  # the course keeps its order


def test_a_path_that_somebody_changed_meanwhile_is_kept(cast, ed, path):
    first, second, third = cast.course.lessons.in_order()
    seen = stamp(path)
    go(ed, path, third, 1)
    refused = go(ed, path, first, 3, seen=seen)
    assert "nothing was moved" in ed.get(refused["Location"]).content.decode()
    assert keys(path) == ["m1-quiz", "m1-read-1", "m1-read-2"]
    go(ed, path, third, 1, seen="nonsense")  # it is there already
    for value in ("", "x y", f"{second.pk}", f"{'9' * 30} 1", f"{make_course('other').lessons.first().pk} 1"):
        assert ed.post(address("order", path), {"go": value, "order": seen}).status_code == 302
    assert keys(path) == ["m1-quiz", "m1-read-1", "m1-read-2"]


@pytest.mark.parametrize("ask", [False, True])
def test_an_added_lesson_is_new_and_optional_for_people_on_the_path_unless_asked(cast, ed, path, ask):
    lesson = make_lesson(cast.course.modules.get(), "later", position=8)
    form = {"lesson": lesson.pk, **({"ask_people_under_way": "on"} if ask else {})}
    page = ed.post(address("add_lesson", path), form).content.decode()
    assert "2 people are on this path." in page
    assert ("is asked to take it, too" in page) == ask
    assert keys(path)[-1] == "m1-quiz"  # nothing is done before that is confirmed
    for _click in range(2):
        ed.post(address("add_lesson", path), {**form, "confirmed": "1"})
    assert keys(path)[-1] == "later"
    assert cast.ada_enrolled.progress() == (0, 3 + ask)
    assert enroll(make_person("Late"), cast.course).progress() == (0, 4)


def test_of_a_lesson_never_published_that_is_decided_when_it_is(cast, ed, path):
    lesson = make_lesson(cast.course.modules.get(), "later", position=8, publish=False)
    page = ed.post(address("add_lesson", path), {"lesson": lesson.pk}).content.decode()
    assert "It was never published" in page
    ed.post(address("add_lesson", path), {"lesson": lesson.pk, "confirmed": "1"})
    assert path.steps.get(lesson=lesson).since is None


def test_a_path_takes_lessons_of_its_course_that_can_be_completed(cast, ed, path):
    module, other = cast.course.modules.get(), make_course("other")
    for lesson in (make_lesson(module, "tale", kind="story"), other.lessons.first(), cast.course.lessons.first()):
        page = ed.post(address("add_lesson", path), {"lesson": lesson.pk, "confirmed": "1"})
        assert page.status_code == 200
        assert "Error:" in page.content.decode()
    assert len(keys(path)) == 3


def test_a_lesson_off_the_path_says_whom_that_completes_and_keeps_what_was_done(cast, ed, path):
    first, second, quiz = cast.course.lessons.in_order()
    for lesson in (first, second):
        progress.complete_lesson(cast.ada_enrolled, lesson, lesson.published_revision, READ)
    page = ed.get(address("remove", path, quiz.pk)).content.decode()
    assert "That completes the course for 1 person." in page
    assert "0 people on this path completed it; that is kept." in page
    for _click in range(2):
        ed.post(address("remove", path, quiz.pk))
    assert keys(path) == ["m1-read-1", "m1-read-2"]
    cast.ada_enrolled.refresh_from_db()
    assert cast.ada_enrolled.is_complete
    assert "1 person on this path completed it" in ed.get(address("remove", path, first.pk)).content.decode()
    ed.post(address("remove", path, first.pk))
    assert (cast.ada_enrolled.progress(), cast.ada_enrolled.completions.count()) == ((1, 1), 2)


def test_the_page_of_a_path_asks_equally_often_however_long_it_is(cast, ed, path, django_assert_max_num_queries):
    for number in range(20):
        path.steps.create(lesson=make_lesson(cast.course.modules.get(), f"x{number}", position=5), position=9)
    with django_assert_max_num_queries(14):
        ed.get(address("change", path))
    with django_assert_max_num_queries(12):
        ed.get(address("add_lesson", path))


def test_a_path_that_asks_for_nothing_is_asked_of_no_team(cast, as_):
    empty = cast.course.paths.create(key="empty", title="Empty")
    sent = {"team": cast.lyon.pk, "path": empty.pk, "due_days": "30"}
    page = as_(cast.hana).post(reverse("admin:courses_assignment_add"), sent).content.decode()
    assert "This path asks for nothing yet." in page


def test_a_path_that_nobody_is_on_is_filled_without_asking_back(cast, ed):
    path = Path.objects.create(course=cast.course, key="new", title="New", position=9)
    first, last = [lesson.pk for lesson in cast.course.lessons.filter(kind__in=["reading", "quiz"])][:2]
    cast.course.lessons.exclude(pk__in=[first, last]).update(retired_at=timezone.now())
    assert ed.post(address("add_lesson", path), {"lesson": first}).url == address("add_lesson", path)
    assert ed.post(address("add_lesson", path), {"lesson": last}).url.startswith(address("change", path))
    assert set(path.steps.filter(since=None).values_list("lesson", flat=True)) == {first, last}
