"""The public home, My learning, the outline and what the manager sees."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from courses import progress, publishing
from courses.models import Certificate, Completion, Course, Lesson, LessonRevision, Module
from courses.models.enrollment import site_day
from learn import home
from learn.course_map import course_map
from reports import team
from tests.builders import enroll, make_course, make_lesson, make_member, make_person
from tests.conftest import sign_in

DIALOGUE = """Before.

::: weak
**Kim:** Where is it?

**Lee:** Calm down.

*He hears an order.*
:::

::: strong
**Kim:** Where is it?

**Lee:** Promised for *Monday*.
:::
"""


def page(client, url="/"):
    response = client.get(url)
    assert response.status_code == 200, url
    return response.content.decode()


def complete(enrollment, key, at=None):
    lesson = Lesson.objects.get(course=enrollment.course, key=key)
    progress.complete_lesson(enrollment, lesson, lesson.published_revision, Completion.How.READ, at)


# --- Signed out


def test_without_a_course_the_home_says_so_plainly(client, db):
    assert "being set up" in page(client)


def test_the_home_stops_one_with_a_dialogue_and_offers_the_sample(client, db):
    course = make_course(modules=2)
    Module.objects.filter(key="m2").update(status=Module.Status.IN_PREPARATION)
    lesson = Lesson.objects.get(key="m1-read-1")
    publishing.publish(lesson.add_revision(title="T", body=DIALOGUE, minutes=5), "silent")
    Lesson.objects.filter(pk=lesson.pk).update(is_sample=True)
    html = page(client)
    assert "Try this lesson (5 minutes, no sign-in)" in html
    assert html.count("Where is it?") == 1
    assert "Calm down." in html
    assert "Promised for <em>Monday</em>." in html
    assert "He hears an order" not in html
    assert "2 modules" in html
    assert "1 ready" in html
    assert "11 minutes so far" in html  # 5 and 3 of reading, 3 of the quiz
    assert html.count("In preparation") == 1
    assert "never sees" in html
    assert course.title in html
    assert "Lesson m1-read-2" not in html


@pytest.mark.parametrize(
    ("minutes", "says"),
    [
        (8, "24 minutes</p>"),
        (29, "87 minutes</p>"),
        (40, "about 2 hours, in pieces of 40 minutes"),
        (50, "about 2½ hours, in pieces of 50 minutes"),
    ],
)
def test_the_home_of_a_whole_course_says_its_true_total(client, db, minutes, says):
    make_course()
    LessonRevision.objects.update(minutes=minutes)
    html = page(client)
    assert says in html
    assert "so far" not in html


def test_the_demo_offers_to_look_around(client, cast, settings):
    assert 'value="hana"' in page(client)
    settings.DEMO = False
    assert 'value="hana"' not in page(client)


# --- My learning


def test_my_learning_leads_to_the_very_lesson(client, cast):
    sign_in(client, cast.ada)
    cast.ada_enrolled.due_on = site_day() + timedelta(days=3)
    cast.ada_enrolled.save()
    html = page(client)
    assert "Start: Lesson m1-read-1" in html
    assert "0 of 3 lessons" in html
    assert "(Europe/Paris)" in html
    assert "Due soon" in html
    complete(cast.ada_enrolled, "m1-read-1")
    html = page(client)
    assert "Continue: Lesson m1-read-2" in html
    assert "1 of 3 lessons" in html


def test_the_course_with_most_to_do_comes_first(client, cast):
    other = make_course("other", modules=1, quiz=False)
    late = make_course("late", modules=1, quiz=False)
    done = enroll(cast.ada, other, due_on=site_day() - timedelta(days=9))
    for lesson in other.lessons.all():
        complete(done, lesson.key)
    enroll(cast.ada, late, due_on=site_day() - timedelta(days=1))
    sign_in(client, cast.ada)
    html = page(client)
    places = [html.index(f"The modules of “{course.title}”") for course in (late, cast.course, other)]
    assert places == sorted(places)
    assert html.count("button-primary") == 1
    assert html.index("button-primary") < places[0]


def test_a_closed_course_asks_for_nothing(client, cast):
    cast.ada_enrolled.due_on, cast.ada_enrolled.closes_on = site_day(), site_day() - timedelta(days=1)
    cast.ada_enrolled.save()
    sign_in(client, cast.ada)
    html = page(client)
    assert "This course is closed" in html
    assert "button-primary" not in html
    assert "Due " not in html.split("<ol")[0].replace("Due soon", "")


def test_resume_is_the_first_open_lesson_after_the_one_completed_last(cast):
    def resume():
        return course_map(cast.ada, cast.course, cast.ada_enrolled).next

    assert resume().slug == "m1-read-1"
    complete(cast.ada_enrolled, "m1-read-2")
    assert resume().slug == "m1-quiz"
    complete(cast.ada_enrolled, "m1-quiz", datetime(2030, 1, 1, tzinfo=UTC))
    assert resume().slug == "m1-read-1"
    complete(cast.ada_enrolled, "m1-read-1")
    assert resume() is None


def test_a_course_in_preparation_says_how_much_is_ready(client, cast):
    Module.objects.create(course=cast.course, key="m2", title="Later", position=2)
    for key in ("m1-read-1", "m1-read-2", "m1-quiz"):
        complete(cast.ada_enrolled, key)
    html = page(sign_in(client, cast.ada))
    assert "1 of 2 modules ready" in html
    assert "everything there is so far" in html
    assert "Done so far" in html
    assert not Certificate.objects.exists()


def test_a_complete_course_shows_the_certificate(client, cast):
    for key in ("m1-read-1", "m1-read-2", "m1-quiz"):
        complete(cast.ada_enrolled, key)
    html = page(sign_in(client, cast.ada))
    assert "You have completed it" in html
    assert "See your certificate" in html
    assert Certificate.objects.get().code in html


def test_overdue_closed_and_nothing_are_said_kindly(client, cast):
    sign_in(client, cast.stranger)
    assert "No course for you yet" in page(client)
    cast.ada_enrolled.due_on = site_day() - timedelta(days=3)
    cast.ada_enrolled.closes_on = site_day() - timedelta(days=1)
    cast.ada_enrolled.save()
    html = page(sign_in(client, cast.ada))
    assert "Overdue" in html
    assert "This course is closed" in html
    assert "Start:" not in html


def test_a_manager_gets_a_sentence_and_a_learner_none(client, cast):
    assert "Lyon" in page(sign_in(client, cast.mia))
    assert "/reports/" not in page(sign_in(client, cast.ada))


def test_a_shared_device_always_says_who_is_signed_in(client, cast):
    sign_in(client, cast.ada)
    assert "Not Ada? Sign out" not in page(client)
    session = client.session
    session["shared_device"] = True
    session.save()
    assert "Not Ada? Sign out" in page(client)


# --- Outline


def test_the_outline_shows_states_objectives_and_what_lies_outside_the_path(client, cast):
    make_lesson(cast.course.modules.get(), "extra", position=9, kind="page")
    complete(cast.ada_enrolled, "m1-read-1")
    html = page(sign_in(client, cast.ada), "/courses/service/")
    assert "Do it." in html
    assert "More if you like" in html
    assert html.index("More if you like") < html.index("Lesson extra")
    assert "Complete" in html
    assert "Continue: Lesson m1-read-2" in html


def test_a_path_in_order_says_why_lessons_are_locked(client, cast):
    cast.course.paths.update(is_sequential=True)
    html = page(sign_in(client, cast.ada), "/courses/service/")
    assert html.count("Opens after “Lesson m1-read-1”") == 1  # the other reading; a quiz may be taken first


def test_the_outline_of_other_courses_is_like_none(client, cast):
    make_course(key="other")
    sign_in(client, cast.ada)
    assert client.get("/courses/other/").status_code == 404
    assert client.get("/courses/none/").status_code == 404
    assert page(sign_in(client, cast.ed), "/courses/other/")


def test_each_reader_of_a_remembered_line_sees_their_own_state(client, cast):
    """Lines and tiles are remembered by what they show; who comes second does not see where the first one stands."""
    bo = make_member(cast.lyon, "Bo Berg")
    enroll(bo, cast.course)
    complete(cast.ada_enrolled, "m1-read-1")
    first, second = ("Complete", "Not started"), ("Not started", "Not started")
    for person, states in [(cast.ada, first), (bo, second), (cast.ada, first)]:
        html = page(sign_in(client, person), "/courses/service/")
        found = [html.split(f">Lesson {key}</a>")[1].split("</li>")[0] for key in ("m1-read-1", "m1-read-2")]
        assert [state in line for state, line in zip(states, found, strict=True)] == [True, True]
        assert ("1 of 3 lessons" in page(client)) is (person == cast.ada)
    LessonRevision.objects.filter(lesson__key="m1-read-2").update(title="<i>Other</i>", minutes=77)
    Module.objects.filter(key="m1").update(title="A & B", purpose="What for?")
    html = page(client, "/courses/service/")
    assert "&lt;i&gt;Other&lt;/i&gt;" in html
    assert "77 min" in html
    assert "A &amp; B" in html
    assert "What for?" in html
    assert "A &amp; B" in page(client)


def test_own_enrollments_stand_as_the_report_says_at_each_moment(cast):
    """Their query is prepared once a day, and another one the next."""
    cast.ada_enrolled.due_on = date(2026, 3, 10)
    cast.ada_enrolled.save()
    evening = datetime(2026, 3, 10, 23, 59, 59, tzinfo=timezone.get_default_timezone())
    evenings = [evening + timedelta(days=days) for days in (-9, -8, -1, 0, 1)]
    found = []
    for moment in [*evenings, *(evening + timedelta(seconds=2) for evening in evenings)]:
        [own] = home.own_enrollments(cast.ada, moment)
        asked = team.asked(User.objects.filter(pk=cast.ada.pk), moment).get()
        assert (own, own.place) == (asked, asked.place)
        found.append(own.place)
    assert len(set(found)) == 3  # not started, due soon, overdue


# --- What the manager sees


def test_the_learner_sees_what_the_manager_sees(client, cast):
    complete(cast.ada_enrolled, "m1-read-1")
    html = page(sign_in(client, cast.ada), "/my/what-my-manager-sees/")
    assert "1 of 3 lessons" in html
    assert "Lyon" in html
    assert "your answers" in html
    assert "Otto" not in html
    assert "Nothing to take yet" in page(sign_in(client, cast.stranger), "/my/what-my-manager-sees/")


# --- Queries


@pytest.mark.parametrize("url", ["/", "/courses/service/", "/courses/service/module/m1/", "/courses/service/m1-quiz/"])
def test_queries_do_not_grow_with_people_modules_and_other_courses(cast, url):
    client = sign_in(Client(), cast.ada)
    with CaptureQueriesContext(
        connection,
    ) as before:
        page(client, url)
    for number in range(3):
        course = make_course(key=f"c{number}", modules=2)
        enroll(make_member(cast.lyon, f"Person{number} X"), course)
        module = Module.objects.create(
            course=cast.course, key=f"n{number}", title="N", position=5 + number, status=Module.Status.READY
        )
        make_lesson(module, f"extra-{number}")
    with CaptureQueriesContext(connection) as after:
        page(client, url)
    assert len(after) == len(before)
    assert len(after) <= 10


def test_signed_out_pages_cost_few_queries(cast, django_assert_max_num_queries):
    Lesson.objects.filter(key="m1-read-1").update(is_sample=True)
    with django_assert_max_num_queries(4):  # one of them for live sessions
        page(Client())
    assert Course.objects.count() == 1
    assert make_person("Late Comer")
    with django_assert_max_num_queries(4):
        page(Client(), "/courses/service/m1-read-1/")
