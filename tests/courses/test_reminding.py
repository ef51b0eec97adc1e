"""Which news is due to whom. 2026-12-04 is a Friday, 2026-12-07 a Monday."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import mailing
from accounts.models import User
from courses import nudging, progress, publishing, reminding
from courses.models import Certificate, Completion, Enrollment, LessonRevision, Module
from courses.nudging import How
from notices.models import News, Notice
from tests.builders import enroll, make_course, make_member
from tests.conftest import Cast
from tests.notices.writing import paris

Effect = LessonRevision.Effect
DUE = date(2026, 12, 4)
LONG_AGO = paris("2026-09-01 10:00")


def on(day: date, hour: int = 10) -> datetime:
    return paris(f"{day} {hour:02d}:00")


def kinds(at: datetime, person: User) -> list[str]:
    return sorted(piece.kind for piece in reminding.pieces(at, [person.pk]))


def editions(at: datetime, person: User) -> list[str]:
    return [piece.edition for piece in reminding.pieces(at, [person.pk]) if piece.kind == "reminder"]


@pytest.fixture
def due(cast: Cast) -> Enrollment:
    Enrollment.objects.filter(pk=cast.ada_enrolled.pk).update(
        due_on=DUE, enrolled_at=LONG_AGO, started_at=LONG_AGO + timedelta(days=1)
    )
    Enrollment.objects.exclude(pk=cast.ada_enrolled.pk).update(enrolled_at=LONG_AGO, started_at=LONG_AGO)
    cast.ada_enrolled.refresh_from_db()
    return cast.ada_enrolled


def finish(enrollment: Enrollment, at: datetime) -> None:
    for lesson in enrollment.course.lessons.in_order().select_related("published_revision"):
        progress.complete_lesson(enrollment, lesson, lesson.published_revision, Completion.How.READ, at=at)
    enrollment.refresh_from_db()
    assert enrollment.is_complete


# --- Reminders -------------------------------------------------------------------------------------------------------


def test_a_week_before_on_the_day_and_weekly_four_times(cast: Cast, due: Enrollment) -> None:
    seen = {}
    for days in range(-10, 60):
        for edition in editions(on(DUE + timedelta(days=days)), cast.ada):
            seen.setdefault(edition, []).append(days)
    assert {edition: (days[0], days[-1]) for edition, days in seen.items()} == {
        "2026-12-04-7": (-7, -1),
        "2026-12-04+0": (0, 6),
        "2026-12-04+7": (7, 13),
        "2026-12-04+14": (14, 20),
        "2026-12-04+21": (21, 27),
        "2026-12-04+28": (28, 34),
    }


def test_the_words_fit_the_day(cast: Cast, due: Enrollment) -> None:
    def title(day: date) -> str:
        return reminding.pieces(on(day), [cast.ada.pk])[0].words().title

    assert title(date(2026, 11, 28)) == "“Everything” is due on Friday, December 4"
    assert title(DUE) == "“Everything” is due today"
    assert title(date(2026, 12, 7)) == "“Everything” was due on Friday, December 4"


def test_another_due_day_makes_other_reminders(cast: Cast, due: Enrollment) -> None:
    Enrollment.objects.filter(pk=due.pk).update(due_on=DUE + timedelta(days=30))
    assert editions(on(DUE), cast.ada) == []
    assert editions(on(DUE + timedelta(days=30)), cast.ada) == ["2027-01-03+0"]


def test_who_was_asked_a_moment_ago_knows_the_day(cast: Cast, due: Enrollment) -> None:
    week_before = on(DUE - timedelta(days=7))
    Enrollment.objects.filter(pk=due.pk).update(enrolled_at=on(DUE - timedelta(days=13)))
    assert editions(week_before, cast.ada) == []
    Enrollment.objects.filter(pk=due.pk).update(enrolled_at=on(DUE - timedelta(days=14)))
    assert editions(week_before, cast.ada) == ["2026-12-04-7"]


@pytest.mark.parametrize("fact", ["excused_at", "paused_at", "withdrawn_at", "closed", "inactive", "left", "complete"])
def test_none_to_who_must_not_be_reminded(cast: Cast, due: Enrollment, fact: str) -> None:
    at = on(DUE)
    assert reminding.is_heard(due, at)
    if fact in ("inactive", "left"):
        cast.ada.leave(at) if fact == "left" else User.objects.filter(pk=cast.ada.pk).update(is_active=False)
    elif fact == "complete":
        finish(due, at)
        Certificate.objects.all().delete()
    else:
        value = {"closes_on": DUE - timedelta(days=1)} if fact == "closed" else {fact: at}
        Enrollment.objects.filter(pk=due.pk).update(**value)
    due = Enrollment.objects.select_related("user", "path").get(pk=due.pk)
    assert reminding.pieces(at, [cast.ada.pk]) == []
    assert reminding.is_heard(due, at) == (fact == "complete")
    assert reminding.heard(at).filter(pk=due.pk).exists() == reminding.is_heard(due, at)


def test_none_to_who_did_all_there_is(cast: Cast, due: Enrollment) -> None:
    coming = Module.objects.create(course=cast.course, key="later", title="Later", position=9)
    for lesson in cast.course.lessons.in_order().select_related("published_revision"):
        progress.complete_lesson(due, lesson, lesson.published_revision, Completion.How.READ, at=LONG_AGO)
    assert not coming.is_ready
    assert reminding.pieces(on(DUE), [cast.ada.pk]) == []


def test_whoever_wants_fewer_gets_the_one_of_the_day(cast: Cast, due: Enrollment) -> None:
    User.objects.filter(pk=cast.ada.pk).update(mail_reminders=False)
    got = [edition for days in range(-7, 35) for edition in editions(on(DUE + timedelta(days=days)), cast.ada)]
    assert set(got) == {"2026-12-04+0"}


# --- Asked -----------------------------------------------------------------------------------------------------------


def test_who_is_asked_hears_of_it_until_they_begin(cast: Cast, due: Enrollment) -> None:
    at = paris("2026-11-02 10:00")
    new = enroll(cast.mia, cast.course, at=at, due_on=DUE)
    [piece] = reminding.pieces(at, [cast.mia.pk])
    assert piece.kind == "asked"
    words = piece.words()
    assert words.title == "Please take “Everything” by Friday, December 4"
    assert "due on Friday, December 4 (Europe/Paris)" in words.text
    Enrollment.objects.filter(pk=new.pk).update(started_at=at)
    assert reminding.pieces(at, [cast.mia.pk]) == []


def test_who_is_asked_in_a_later_cycle_hears_that_it_is_again(cast: Cast, due: Enrollment) -> None:
    finish(due, LONG_AGO)
    at = paris("2026-11-02 10:00")
    enroll(cast.ada, cast.course, at=at, cycle=2)
    [piece] = [piece for piece in reminding.pieces(at, [cast.ada.pk]) if piece.kind == "asked"]
    assert piece.words().text.startswith("It is time for “Course service” again")


# --- Again, done, changed --------------------------------------------------------------------------------------------


def publish(cast: Cast, effect: str, at: datetime, key: str = "m1-read-1", **more: object) -> LessonRevision:
    lesson = cast.course.lessons.get(key=key)
    revision = lesson.add_revision(title=lesson.title, body="New text.", note="The new rule on returns")
    publishing.publish(revision, effect, at=at, **more)
    return revision


def test_what_is_to_be_done_again_is_told_and_reminded_of(cast: Cast, due: Enrollment) -> None:
    finish(due, LONG_AGO)
    at = paris("2026-11-02 10:00")
    publish(cast, Effect.REDO, at, redo_due_on=DUE)
    publish(cast, Effect.REDO, at, key="m1-read-2", redo_due_on=DUE + timedelta(days=3))
    [piece] = reminding.pieces(at, [cast.ada.pk])
    assert (piece.kind, len(piece.lessons)) == ("redo", 2)
    assert "Friday, December 4" in piece.words().text
    assert reminding.pieces(at, [cast.otto.pk]) == []  # he never did it
    assert editions(on(DUE), cast.ada) == ["2026-12-04+0"]
    enrollment = due
    for key in ("m1-read-1", "m1-read-2"):
        lesson = cast.course.lessons.select_related("published_revision").get(key=key)
        progress.complete_lesson(enrollment, lesson, lesson.published_revision, Completion.How.READ, at=at)
    assert editions(on(DUE), cast.ada) == []
    assert "redo" not in kinds(at, cast.ada)


def test_a_redo_for_people_under_way_has_no_reminder_of_its_own(cast: Cast, due: Enrollment) -> None:
    lesson = cast.course.lessons.select_related("published_revision").get(key="m1-read-1")
    progress.complete_lesson(due, lesson, lesson.published_revision, Completion.How.READ, at=LONG_AGO)
    publish(cast, Effect.REDO, paris("2026-11-07 10:00"), redo_due_on=DUE)
    assert kinds(paris("2026-11-07 10:00"), cast.ada) == ["redo"]
    said = mailing.words_of(reminding.pieces(on(DUE), [cast.ada.pk]))
    assert [words.title for words in said] == ["“Everything” is due today", "A lesson you did says something new"]
    assert editions(on(DUE), cast.ada) == ["2026-12-04+0"]  # the one of the enrollment


def test_a_certificate_is_told_for_thirty_days(cast: Cast, due: Enrollment) -> None:
    at = paris("2026-11-02 10:00")
    finish(due, at)
    assert kinds(at, cast.ada) == ["certificate"]
    assert kinds(at + timedelta(days=31), cast.ada) == []
    User.objects.filter(pk=cast.ada.pk).update(mail_news=False)
    assert kinds(at, cast.ada) == []


def test_a_change_is_told_to_who_completed_the_lesson(cast: Cast, due: Enrollment) -> None:
    finish(due, LONG_AGO)
    at = paris("2026-11-02 10:00")
    publish(cast, Effect.ANNOUNCE, at - timedelta(days=1))
    last = publish(cast, Effect.ANNOUNCE, at)
    publish(cast, Effect.SILENT, at)
    [piece] = reminding.pieces(at, [cast.ada.pk])
    assert (piece.kind, piece.about) == ("change", last.pk)
    assert "The new rule on returns" in piece.words().text
    assert reminding.pieces(at, [cast.otto.pk]) == []
    Enrollment.objects.update(paused_at=at)
    assert reminding.pieces(at, [cast.ada.pk]) == []


def test_a_redo_after_a_change_says_enough(cast: Cast, due: Enrollment) -> None:
    finish(due, LONG_AGO)
    at = paris("2026-11-02 10:00")
    publish(cast, Effect.ANNOUNCE, at)
    publish(cast, Effect.REDO, at)
    assert kinds(at, cast.ada) == ["redo"]


# --- Reminded by a person --------------------------------------------------------------------------------------------


def test_a_manager_reminds_once_a_day(cast: Cast, due: Enrollment) -> None:
    at = paris("2026-11-02 10:00")
    own = Enrollment.objects.filter(user__in=User.objects.managed_by(cast.mia))
    assert [nudging.remind(cast.mia, own, at), nudging.remind(cast.mia, own, at)] == [1, 0]
    [piece] = reminding.pieces(at, [cast.ada.pk])
    assert piece.words().title == "Mia Duval reminds you of “Everything”"
    assert News.objects.get().by == cast.mia
    finish(due, at)
    assert "nudge" not in kinds(at, cast.ada)


def test_the_preview_says_what_happens_to_each(cast: Cast, due: Enrollment) -> None:
    at = paris("2026-11-02 10:00")
    people = {
        How.NOW: cast.ada,
        How.LATER: make_member(cast.lyon, "Lena Late"),
        How.ON_ITS_WAY: make_member(cast.lyon, "Olive Wait"),
        How.IN_PERSON: make_member(cast.lyon, "Petra Paper", email=None, staff_number="77"),
        How.NOTHING_TO_DO: make_member(cast.lyon, "Xavier Off"),
    }
    for how, person in people.items():
        if person != cast.ada:
            enroll(person, cast.course, at=LONG_AGO, paused_at=at if how == How.NOTHING_TO_DO else None)
    lena = {"kind": "letter", "recipient": people[How.LATER], "address": "l@example.com", "subject": "s"}
    Notice.objects.create(key="a", sent_at=at - timedelta(days=1), **lena)
    Notice.objects.create(key="b", **(lena | {"recipient": people[How.ON_ITS_WAY]}))
    own = Enrollment.objects.filter(user__in=people.values())
    with CaptureQueriesContext(connection) as queries:
        found = nudging.preview(cast.mia, own, at)
    assert len(queries) <= 5
    assert {one.how: one.name for one in found} == {how: person.name for how, person in people.items()}
    late = next(one for one in found if one.how == How.LATER)
    assert (late.last_written_at, late.at) == (at - timedelta(days=1), at + timedelta(days=2))
    assert nudging.remind(cast.mia, own, at) == 4


def test_a_few_queries_for_any_number(cast: Cast, due: Enrollment) -> None:
    finish(due, LONG_AGO)
    at = paris("2026-11-02 10:00")
    publish(cast, Effect.REDO, at, redo_due_on=DUE)
    publish(cast, Effect.ANNOUNCE, at, key="m1-read-2")
    nudging.remind(cast.mia, Enrollment.objects.all(), at)

    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            found = reminding.pieces(at)
            for piece in found:
                piece.words()
        assert {"redo", "change", "asked", "reminder"} & {piece.kind for piece in found}
        return len(queries)

    one = count()
    for number in range(4):
        person = make_member(cast.lyon, f"Person{number} X")
        finish(enroll(person, cast.course, at=LONG_AGO), LONG_AGO + timedelta(days=number))
        enroll(make_member(cast.lyon, f"New{number} X"), cast.course, at=at, due_on=DUE)
    assert count() == one


def test_another_course_is_another_topic(cast: Cast, due: Enrollment) -> None:
    enroll(cast.ada, make_course("other"), at=LONG_AGO, due_on=DUE, started_at=LONG_AGO)
    assert len({piece.topic for piece in reminding.pieces(on(DUE), [cast.ada.pk])}) == 2
