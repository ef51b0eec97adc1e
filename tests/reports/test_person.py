"""One person as their manager may see them, and as they see it themselves; more for HR, and never an answer."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django.utils.html import strip_tags
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Membership
from courses import changes, earlier, more_time, progress, publishing
from courses.counting import parts_of
from courses.models import Completion, Enrollment, ExtraStep, LessonRevision, State
from courses.models.enrollment import site_day
from events.models import Attendance
from notices.models import News, Notice
from quizzes import inspecting, taking
from quizzes.models import Inspection
from reports.seen import Sight, seen
from tests.builders import enroll, make_course, make_live_session, make_member
from tests.quizzes.test_finals import make_final, take
from tests.second_run import examples

DAY = timedelta(days=1)
OWN = "/my/what-my-manager-sees/"


def url(person, name="person", *more) -> str:
    return reverse(f"reports:{name}", args=[person.pk, *more])


def read(enrollment, count, at=None):
    for lesson in list(enrollment.course.lessons.filter(kind="reading").in_order())[:count]:
        progress.complete_lesson(enrollment, lesson, lesson.published_revision, Completion.How.READ, at)
    enrollment.refresh_from_db()


def shared(page: str) -> str:
    """The words of the part that both pages show, from the name on to what is only on one of them."""
    ends = r'<section class="stack" aria-labelledby="never">|<p class="small muted">As of'
    found = re.search(rf'<dl class="facts">(.*?)({ends})', page, re.S)
    return " ".join(strip_tags(found[1]).split())


@pytest.fixture
def ada(cast):
    return cast.ada_enrolled


def whom(enrollment):
    return Enrollment.objects.filter(pk=enrollment.pk)


# --- Whom one sees ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["person", "record"])
def test_only_people_in_view_and_never_oneself(cast, as_, name):
    for viewer, other in ((cast.mia, cast.otto), (cast.mia, cast.mia), (cast.ada, cast.ada), (cast.hana, cast.hana)):
        assert as_(viewer).get(url(other, name)).status_code == 404
    assert as_(cast.mia).get(url(cast.ada, name)).status_code == 200
    cast.ada.leave()
    assert "Left" in as_(cast.mia).get(url(cast.ada, name)).text
    Membership.objects.filter(user=cast.mia).update(role="member")
    assert as_(cast.mia).get(url(cast.ada, name)).status_code == 404


def test_the_verbs_are_those_that_can_be_done(cast, ada, as_):
    whom(ada).update(due_on=site_day() + 2 * DAY)
    page = as_(cast.mia).get(url(cast.ada)).text
    assert reverse("reports:more_time", args=[ada.pk]) in page
    assert f'href="{reverse("reports:remind")}?enrollment={ada.pk}"' in page
    assert reverse("accounts:print_slip", args=[cast.ada.pk]) in page
    assert url(cast.ada, "record") in page
    more_time.give(ada, cast.mia, site_day() + 9 * DAY, "Inventory week")
    page = as_(cast.mia).get(url(cast.ada)).text
    assert reverse("reports:more_time", args=[ada.pk]) not in page
    assert "Inventory week" in page


# --- What one sees ---------------------------------------------------------------------------------------------------


def test_modules_have_a_state_and_a_day_and_no_lesson_of_one_under_way(cast, as_):
    course = make_course("two", modules=3)
    mine = enroll(cast.ada, course, at=timezone.now() - 9 * DAY)
    read(mine, 2, timezone.now() - 8 * DAY)
    take(mine, course.lessons.get(key="m1-quiz").quiz, 3, timezone.now() - 5 * DAY)
    read(mine, 3)
    own = next(c.current for c in seen(cast.ada, Sight.of(cast.mia)).courses if c.row.enrollment_id == mine.pk)
    assert [(module.state, module.on) for module in own.modules] == [
        (State.COMPLETE, site_day(timezone.now() - 5 * DAY)),
        (State.UNDER_WAY, None),
        (State.NOT_STARTED, None),
    ]
    for name in ("person", "record"):
        page = as_(cast.mia).get(url(cast.ada, name)).text
        assert "Lesson m1-read-1" in page
        assert "Lesson m2-read-1" not in page
    assert "Lesson m2-read-1" in as_(cast.hana).get(url(cast.ada, "record")).text


def test_the_grid_says_the_same_of_each_module(cast, ada):
    """Of a long history: begun, complete, complete once, asked again with a lesson beside the path."""
    again = enroll(cast.otto, cast.course, cycle=2)
    ExtraStep.objects.create(enrollment=again, lesson=cast.course.lessons.get(key="m1-read-1"))
    read(ada, 1)
    for step in ("begun", "redo", "complete"):
        if step == "redo":
            lesson = cast.course.lessons.get(key="m1-read-1")
            publishing.publish(lesson.add_revision(title="New", body="New"), LessonRevision.Effect.REDO)
        if step == "complete":
            read(ada, 2)
            take(ada, cast.course.lessons.get(kind="quiz").quiz, 3)
        for enrollment in (ada, again):
            own = seen(enrollment.user, Sight.of_manager()).courses[0].current
            parts = parts_of([(enrollment.pk, enrollment.path_id, enrollment.enrolled_at)])[enrollment.pk]
            assert [module.part for module in own.modules] == list(parts.values())


def test_a_lesson_to_be_done_again_makes_its_module_update_due(cast, ada):
    read(ada, 2)
    take(ada, cast.course.lessons.get(kind="quiz").quiz, 3)
    lesson = cast.course.lessons.get(key="m1-read-1")
    publishing.publish(lesson.add_revision(title="New", body="New"), LessonRevision.Effect.REDO)
    module = seen(cast.ada, Sight.of(cast.mia)).courses[0].current.modules[0]
    assert (module.state, module.on) == (State.UPDATE_DUE, None)
    assert [text.number for text in module.texts] == [1, 1, 1]


def test_an_earlier_time_stays_complete_whatever_came_since(cast, ada, as_):
    read(ada, 2)
    take(ada, cast.course.lessons.get(kind="quiz").quiz, 3)
    ada.refresh_from_db()
    enroll(cast.ada, cast.course, cycle=2)
    lesson = cast.course.lessons.get(key="m1-read-1")
    publishing.publish(lesson.add_revision(title="New", body="New"), LessonRevision.Effect.REDO)
    found = seen(cast.ada, Sight.of(cast.mia)).courses[0]
    assert [cycle.modules[0].state for cycle in found.cycles] == [State.NOT_STARTED, State.COMPLETE]
    page = as_(cast.mia).get(url(cast.ada)).text
    assert "Earlier times" in page
    assert ada.certificate.code in page
    assert f"/certificates/{ada.certificate.code}/" in as_(cast.mia).get(url(cast.ada, "record")).text


def test_scores_are_for_hr_and_for_managers_only_by_the_setting(cast, ada, as_, settings):
    quiz = cast.course.lessons.get(kind="quiz").quiz
    take(ada, quiz, 1, timezone.now())
    for name in ("person", "record"):
        assert "1 of 3" in as_(cast.hana).get(url(cast.ada, name)).text
        assert "1 of 3" not in as_(cast.mia).get(url(cast.ada, name)).text
    assert "1 of 3" not in as_(cast.ada).get(OWN).text
    assert "the score of a quiz" in as_(cast.ada).get(OWN).text
    settings.MANAGERS_SEE_SCORES = True
    for who, where in ((cast.mia, url(cast.ada)), (cast.mia, url(cast.ada, "record")), (cast.ada, OWN)):
        page = as_(who).get(where).text
        assert "1 of 3" in page
        assert "/attempts/" not in page
    assert "the score of a quiz" not in as_(cast.ada).get(OWN).text


def test_of_a_final_only_that_it_was_passed(cast, ada, as_):
    final = make_final(cast.course)
    take(ada, final, 0, timezone.now() - 9 * DAY)
    page = as_(cast.mia).get(url(cast.ada)).text
    assert "Not passed yet" in page
    taken = take(ada, final, 9, timezone.now() - 2 * DAY)
    assert taken.passed
    final_line = seen(cast.ada, Sight.of(cast.mia)).courses[0].current.finals[0]
    assert final_line.passed_on == site_day(timezone.now() - 2 * DAY)
    assert "Passed on" in as_(cast.mia).get(url(cast.ada)).text


def test_why_of_an_excuse_or_a_pause_is_not_for_managers(cast, ada, as_):
    due = site_day() + 2 * DAY
    whom(ada).update(due_on=due)
    changes.pause(whom(ada), cast.hana, "SECRETPAUSE", timezone.now() - 4 * DAY)
    changes.resume(whom(ada), cast.hana, "SECRETRESUME")
    changes.excuse(whom(ada), cast.hana, "absence", "SECRETNOTE")
    changes.ask_again(whom(ada), cast.hana, "SECRETAGAIN")
    changes.extend(whom(ada), cast.hana, "Open reason", due + 9 * DAY)
    for name in ("person", "record"):
        page = as_(cast.mia).get(url(cast.ada, name)).text
        for word in ("Paused", "Excused", "Open reason", "Hana Sato", "The pause ended."):
            assert word in page
        assert "SECRET" not in page
        assert "Long absence" not in page
        for word in ("SECRETPAUSE", "SECRETRESUME", "SECRETNOTE", "SECRETAGAIN", "Long absence"):
            assert word in as_(cast.hana).get(url(cast.ada, name)).text


def test_notices_are_told_without_their_text(cast, ada, as_):
    letter = Notice.objects.create(
        key="k", kind="letter", recipient=cast.ada, address="a@example.com", subject="SECRETSUBJECT", body="SECRETBODY",
        sent_at=timezone.now(),
    )  # fmt: skip
    News.objects.create(recipient=cast.ada, kind="nudge", about=ada.pk, by=cast.mia, letter=letter)
    News.objects.create(recipient=cast.ada, kind="digest", about=0, letter=letter)
    Notice.objects.create(key="s", kind="secret", recipient=cast.ada, address="a@example.com", subject="SECRETLINK")
    page = as_(cast.mia).get(url(cast.ada)).text
    assert "Reminder by a person" in page
    assert "Sent by mail" in page
    assert "SECRET" not in page
    assert "The team this week" not in page


def test_sessions_teams_and_credits_are_on_page_and_record(cast, ada, as_):
    session = make_live_session("Calm at the desk", at=timezone.now() - 3 * DAY)
    Attendance.objects.create(session=session, user=cast.ada, by=cast.pia)
    taken_back = make_live_session("Never there", at=timezone.now() - 3 * DAY)
    Attendance.objects.create(
        session=taken_back, user=cast.ada, by=cast.pia, withdrawn_by=cast.pia, withdrawn_at=timezone.now()
    )
    Membership.objects.create(team=cast.paris, user=cast.ada)
    lessons = list(cast.course.lessons.filter(kind="reading")[:1])
    earlier.credit(cast.ada, cast.course, lessons, site_day() - DAY, "Old system", cast.hana)
    for name in ("person", "record"):
        page = as_(cast.mia).get(url(cast.ada, name)).text
        for word in ("Calm at the desk", "Lyon, Paris", "Old system", "1 lesson"):
            assert word in page
        assert "Never there" not in page


# --- The learner sees the same ---------------------------------------------------------------------------------------

DEEDS = ["read", "pass", "fail", "excuse", "ask_again", "pause", "resume", "extend", "more_time", "withdraw",
         "reinstate", "credit", "cycle", "attend", "tell", "redo"]  # fmt: skip


def do(cast, enrollment, deed: str, n: int) -> None:
    quiz, reason = cast.course.lessons.get(kind="quiz").quiz, f"SECRET{n}"
    mine = whom(enrollment)
    if deed == "read":
        read(enrollment, 1 + n % 2)
    elif deed in ("pass", "fail"):
        take(enrollment, quiz, 3 if deed == "pass" else 0)
    elif deed == "excuse":
        changes.excuse(mine, cast.hana, "absence", reason)
    elif deed == "extend":
        changes.extend(mine, cast.hana, "Open reason", site_day() + n * DAY)
    elif deed == "more_time":
        more_time.give(enrollment, cast.mia, site_day() + (3 + n) * DAY, "Inventory week")
    elif deed == "credit":
        earlier.credit(enrollment.user, cast.course, None, site_day(), "Old system", cast.hana)
    elif deed == "cycle":
        enroll(enrollment.user, cast.course, cycle=enrollment.cycle + 1)
    elif deed == "attend":
        Attendance.objects.create(session=make_live_session(f"S{n}"), user=enrollment.user, by=cast.pia)
    elif deed == "tell":
        News.objects.create(recipient=enrollment.user, kind="asked", about=timezone.now().timestamp() * 1e6)
    elif deed == "redo":
        lesson = cast.course.lessons.get(key="m1-read-1")
        publishing.publish(lesson.add_revision(title="New", body="New"), LessonRevision.Effect.REDO)
    else:
        getattr(changes, deed)(mine, cast.hana, reason)


@settings(max_examples=examples(9), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    history=st.lists(st.tuples(st.sampled_from(DEEDS), st.integers(0, 6)), max_size=7),
    scores=st.booleans(),
)
def test_the_learner_reads_what_the_manager_reads(cast, as_, settings, history, scores):
    settings.MANAGERS_SEE_SCORES = scores
    person = make_member(cast.lyon, "Ines Moulin", email=f"ines{timezone.now().timestamp()}@example.com")
    enroll(person, cast.course, due_on=site_day() + 2 * DAY)
    for deed, n in history:
        current = Enrollment.objects.current().get(user=person)
        if current.is_open():
            do(cast, current, deed, n)
    manager, own = as_(cast.mia).get(url(person)).text, as_(person).get(OWN).text
    assert shared(manager) == shared(own)
    assert "Ines Moulin" in shared(own)
    assert seen(person, Sight.of(cast.mia)) == seen(person, Sight.of_manager())
    for page in (manager, own):
        assert "SECRET" not in page
        assert "Long absence" not in page


# --- Answers, to settle an appeal ------------------------------------------------------------------------------------


@pytest.fixture
def failed(cast, ada):
    return take(ada, cast.course.lessons.get(kind="quiz").quiz, 0)


def test_hr_opens_answers_with_a_reason_that_the_person_reads(cast, failed, as_):
    hana, where = as_(cast.hana), url(cast.ada, "answers", failed.pk)
    assert where in hana.get(url(cast.ada)).text
    assert "Feedback a of" not in hana.get(where).text
    assert not Inspection.objects.exists()
    assert "Error:" in hana.post(where, {"reason": " "}).text
    for _click in range(2):
        page = hana.post(where, {"reason": "Appeal of question 2"}, follow=True).text
        assert "Feedback a of" in page
    look = Inspection.objects.get()
    assert (look.attempt, look.by, look.reason) == (failed, cast.hana, "Appeal of question 2")
    assert LogEntry.objects.filter(user=cast.hana, change_message="Opened the answers of an attempt").count() == 1
    assert "Opened the answers of an attempt" in hana.get("/admin/admin/logentry/").text
    for page in (failed.get_absolute_url(), OWN):
        said = as_(cast.ada).get(page).text
        assert "Hana Sato" in said
        assert "Appeal of question 2" in said
    assert "Appeal" not in as_(cast.mia).get(url(cast.ada)).text


def test_after_an_hour_a_reason_is_asked_for_again(cast, failed, as_):
    inspecting.begin(failed, cast.hana, "R", timezone.now() - timedelta(minutes=61))
    where = url(cast.ada, "answers", failed.pk)
    assert "Feedback a of" not in as_(cast.hana).get(where).text
    as_(cast.hana).post(where, {"reason": "Once more"})
    assert Inspection.objects.count() == 2


def test_answers_of_an_open_attempt_stay_closed(cast, ada, as_):
    attempt = taking.start(ada, cast.course.lessons.get(kind="quiz").quiz)
    where = url(cast.ada, "answers", attempt.pk)
    for page in (as_(cast.hana).get(where), as_(cast.hana).post(where, {"reason": "R"}, follow=True)):
        assert "still under way" in page.text
        assert "Feedback" not in page.text
    assert not Inspection.objects.exists()


def test_nobody_reads_right_answers_while_they_take_the_quiz(cast, failed, as_):
    taking.start(enroll(cast.hana, cast.course), failed.quiz)
    page = as_(cast.hana).post(url(cast.ada, "answers", failed.pk), {"reason": "R"}).text
    assert "under way yourself" in page
    assert "Feedback" not in page


def test_answers_of_others_or_under_a_wrong_name_are_not_there(cast, failed, as_):
    for viewer in (cast.mia, cast.ed, cast.olga, cast.ada):
        assert as_(viewer).post(url(cast.ada, "answers", failed.pk), {"reason": "R"}).status_code == 404
    assert as_(cast.hana).get(url(cast.otto, "answers", failed.pk)).status_code == 404
    cast.hana.groups.clear()
    assert as_(cast.hana).get(url(cast.ada, "answers", failed.pk)).status_code == 404
    assert not Inspection.objects.exists()


@pytest.mark.parametrize("reason", ["", "x" * 301, "\x00"])
def test_a_reason_that_makes_no_sense_opens_nothing(cast, failed, as_, reason):
    answer = as_(cast.hana).post(url(cast.ada, "answers", failed.pk), {"reason": reason})
    assert answer.status_code in (200, 400)
    assert not Inspection.objects.exists()


# --- The record ------------------------------------------------------------------------------------------------------


def test_the_record_names_the_revision_that_was_read_and_leads_to_it(cast, ada, as_):
    lesson = cast.course.lessons.get(key="m1-read-1")
    first = lesson.published_revision
    read(ada, 1)
    publishing.publish(lesson.add_revision(title="Newer title", body="Newer text."), LessonRevision.Effect.SILENT)
    hana = as_(cast.hana)
    page = hana.get(url(cast.ada, "record")).text
    assert first.get_as_read_url() in page
    assert "Newer title" not in page
    assert "Text of m1-read-1." in hana.get(first.get_as_read_url()).text
    assert as_(cast.ed).get(first.get_as_read_url()).status_code == 200
    for viewer in (cast.mia, cast.ada, cast.olga):
        assert as_(viewer).get(first.get_as_read_url()).status_code == 404
    unread = lesson.revisions.get(title="Newer title")
    assert hana.get(unread.get_as_read_url()).status_code == 404
    assert first.get_as_read_url() not in as_(cast.mia).get(url(cast.ada, "record")).text


def test_what_was_done_beyond_the_path_is_on_the_record_of_hr(cast, ada, as_):
    read(ada, 1)
    cast.course.paths.get().steps.filter(lesson__key="m1-read-1").delete()
    assert "Beyond the path" in as_(cast.hana).get(url(cast.ada, "record")).text
    assert "Beyond the path" not in as_(cast.mia).get(url(cast.ada, "record")).text


# --- Queries ---------------------------------------------------------------------------------------------------------


def count(client, where) -> int:
    client.get(where)
    with CaptureQueriesContext(connection) as queries:
        assert client.get(where).status_code == 200
    return len(queries)


def test_no_module_cycle_course_or_attempt_adds_a_query(cast, ada, as_):
    """Not about the number itself, but that it is the same for a long life."""
    pages = [(as_(cast.mia), url(cast.ada)), (as_(cast.hana), url(cast.ada, "record")), (as_(cast.ada), OWN)]

    def grow(key: str) -> None:
        course = make_course(key, modules=3)
        for cycle in (1, 2):
            mine = enroll(cast.ada, course, cycle=cycle, due_on=site_day() + DAY)
            read(mine, 5)
            for right in (0, 3):
                take(mine, course.lessons.get(key="m1-quiz").quiz, right)
            changes.extend(whom(mine), cast.hana, "R", site_day() + 5 * DAY)
        earlier.credit(cast.ada, course, [course.lessons.get(key="m3-read-1")], site_day(), "Old", cast.hana)

    grow("one")
    before = [count(*page) for page in pages]
    grow("two")
    assert [count(*page) for page in pages] == before
    assert max(before) <= 32
