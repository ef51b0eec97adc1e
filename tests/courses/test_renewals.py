"""Asked again after a time: when a completion expires, what opens before that, and that all faces of it agree."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from courses import progress, publishing, renewals
from courses.counting import progress_of
from courses.models import Certificate, Completion, Enrollment, ExtraStep, Lesson, LessonRevision, Path, Renewal
from courses.models.enrollment import site_day
from learn.course_map import BESIDE_THE_PATH, course_map
from learn.lesson_page import place_of
from tests.at_once import at_once
from tests.builders import enroll, make_course, make_lesson, make_person
from tests.learn.certified import finish
from tests.second_run import examples

pytestmark = pytest.mark.django_db

READ = Completion.How.READ
START = datetime(2026, 3, 2, 9, tzinfo=ZoneInfo("Europe/Paris"))
DAYS = st.dates(date(2020, 1, 1), date(2040, 12, 31))


@pytest.fixture
def course(db):
    """Three readings on `full`; the refresher is the third alone."""
    course = make_course(readings=3, quiz=False)
    refresher = Path.objects.create(course=course, key="refresher", title="Refresher", position=1)
    refresher.steps.create(lesson=course.lessons.get(key="m1-read-3"), position=1)
    return course


def renew(course, at=START, **fields):
    renewal = Renewal(path=course.paths.get(key="full"), **{"months": 12, **fields})
    renewals.turn_on(renewal, at)
    return renewal


def completed(course, name="Ada", at=START):
    return finish(enroll(make_person(name), course, at=at))


def redo(lesson, at):
    lesson.refresh_from_db()
    revision = lesson.add_revision(title="New", body="New", minutes=3)
    publishing.publish(revision, LessonRevision.Effect.REDO, at=at)


def complete(enrollment, key, at):
    lesson = enrollment.course.lessons.select_related("published_revision").get(key=key)
    return progress.complete_lesson(enrollment, lesson, lesson.published_revision, READ, at)


def next_cycle(enrollment):
    return Enrollment.objects.get(user=enrollment.user_id, course=enrollment.course_id, cycle=enrollment.cycle + 1)


# --- The day


@pytest.mark.parametrize(
    ("fields", "done", "ends"),
    [
        ({"months": 12}, date(2026, 3, 2), date(2027, 3, 2)),
        ({"months": 12}, date(2028, 2, 29), date(2029, 2, 28)),
        ({"months": 3}, date(2026, 11, 30), date(2027, 2, 28)),
        ({"months": 12, "anchor": "month", "month": 6}, date(2026, 3, 2), date(2027, 6, 30)),
        ({"months": 12, "anchor": "month", "month": 9}, date(2026, 3, 2), date(2026, 9, 30)),
        ({"months": 12, "anchor": "month", "month": 2}, date(2027, 8, 29), date(2028, 2, 29)),
        ({"months": 24, "anchor": "month", "month": 6}, date(2026, 7, 1), date(2028, 6, 30)),
    ],
)
def test_the_last_day(fields, done, ends):
    assert Renewal(**fields).expiry(done) == ends


@given(
    months=st.integers(3, 120),
    month=st.none() | st.integers(1, 12),
    day=DAYS,
)
def test_the_two_faces_of_the_rule_agree(months, month, day):
    renewal = Renewal(months=months, anchor="month" if month else "person", month=month)
    last = renewal.last_to_expire(day)
    assert renewal.expiry(last) <= day < renewal.expiry(last + timedelta(days=1))
    ends = renewal.expiry(day)
    assert renewal.last_to_expire(ends) >= day
    if month:
        assert (ends.month, (ends + timedelta(days=1)).day) == (month, 1)


def test_without_a_renewal_nothing_ever_expires(course):
    enrollment = completed(course)
    assert enrollment.certificate.expires_on is None
    assert renewals.open_cycles(START + timedelta(days=9999)) == 0


def test_a_certificate_gets_its_day_when_it_is_issued_and_keeps_it(course):
    renewal = renew(course)
    certificate = completed(course).certificate
    assert certificate.expires_on == date(2027, 3, 2)
    renewal.months = 24
    renewal.save()
    certificate.refresh_from_db()
    assert certificate.expires_on == date(2027, 3, 2)
    assert not certificate.is_expired(START.replace(year=2027, hour=23))
    assert certificate.is_expired(START.replace(year=2027, day=3))
    for at in (START, START.replace(year=2027), START.replace(year=2028)):
        assert Certificate.objects.expired(at).exists() == certificate.is_expired(at)


def test_turning_it_on_surprises_nobody(course):
    early, late = completed(course, "Early", START - timedelta(days=900)), completed(course, "Late")
    renewal = Renewal(path=early.path, months=12)
    touched = renewals.touched_by(renewal, START)
    assert (touched.people, touched.certificates) == (2, 2)
    assert renewals.turn_on(renewal, START) == 2
    early.certificate.refresh_from_db()
    late.certificate.refresh_from_db()
    assert early.certificate.expires_on == site_day(START) + timedelta(days=60)
    assert late.certificate.expires_on == date(2027, 3, 2)
    assert touched.first_opens == site_day(START) + timedelta(days=30)
    assert renewals.open_cycles(START + timedelta(days=29)) == 0
    assert renewals.open_cycles(START + timedelta(days=30)) == 1


def test_turning_it_off_leaves_what_expired_and_frees_the_rest(course):
    early, late = completed(course, "Early", START - timedelta(days=900)), completed(course, "Late")
    renewal = renew(course)
    at = START + timedelta(days=70)
    assert renewals.losing_their_day(renewal.path, at).count() == renewals.turn_off(renewal, at) == 1
    assert Certificate.objects.get(enrollment=early).is_expired(at)
    assert Certificate.objects.get(enrollment=late).expires_on is None
    assert renewals.open_cycles(at + timedelta(days=999)) == 0
    renew(course, at)
    assert renewals.open_cycles(at) == 1, "who had expired is asked; the other certificate holds for a year"
    assert next_cycle(early).due_on == site_day(at) + timedelta(days=30)


# --- The cycle


def test_a_cycle_opens_thirty_days_before_and_is_due_on_the_day(course):
    renew(course)
    first = completed(course)
    opens = START.replace(year=2027, month=1, day=31)
    assert renewals.open_cycles(opens - timedelta(days=1)) == 0
    assert renewals.open_cycles(opens) == 1
    assert renewals.open_cycles(opens) == renewals.open_cycles(opens + timedelta(days=1)) == 0
    new = next_cycle(first)
    assert (new.path.key, new.due_on, new.assignment, new.completed_at) == ("refresher", date(2027, 3, 2), None, None)
    assert new.progress() == (0, 1), "what was done in an earlier cycle does not count"
    assert Enrollment.objects.current().get(user=first.user) == new
    before = (first.completed_at, first.certificate.code)
    first = Enrollment.objects.get(pk=first.pk)
    assert (first.completed_at, first.certificate.code) == before


def test_the_full_path_is_asked_if_hr_says_so(course):
    renew(course, what="full")
    first = completed(course)
    renewals.open_cycles(START + timedelta(days=340))
    assert next_cycle(first).path == first.path
    assert not ExtraStep.objects.exists()
    assert next_cycle(first).progress() == (0, 3)


def test_the_cycle_after_a_refresher_goes_by_the_renewal_of_the_path_before(course):
    renew(course)
    first = completed(course)
    renewals.open_cycles(START + timedelta(days=340))
    second = finish(next_cycle(first))
    assert second.certificate.expires_on == renewals.Renewal.objects.get().expiry(site_day(second.completed_at))
    assert renewals.open_cycles(second.completed_at + timedelta(days=340)) == 1
    assert next_cycle(second).path.key == "refresher"
    assert Certificate.objects.count() == 2, "the earlier one stays"


@pytest.mark.parametrize("why", ["left", "withdrawn_at", "excused_at", "paused_at", "later", "incomplete"])
def test_who_is_not_asked(course, why):
    renew(course)
    first = completed(course)
    if why == "left":
        first.user.leave()
    elif why == "later":
        enroll(first.user, course, cycle=2)
    elif why == "incomplete":
        Enrollment.objects.update(completed_at=None)
    else:
        Enrollment.objects.update(**{why: START})
    assert renewals.open_cycles(START + timedelta(days=340)) == 0


def test_a_course_that_lost_its_refresher_asks_nobody(course):
    renew(course)
    completed(course)
    course.paths.filter(key="refresher").update(key="old-refresher")
    assert renewals.open_cycles(START + timedelta(days=340)) == 0


def test_completed_without_a_certificate_is_asked_by_the_same_rule(course):
    Path.objects.update(certificate=False)
    renew(course)
    first = completed(course)
    assert renewals.open_cycles(START.replace(year=2027, month=1, day=30)) == 0
    assert renewals.open_cycles(START.replace(year=2027, month=1, day=31)) == 1
    assert next_cycle(first).due_on == date(2027, 3, 2)


def test_the_nightly_command_opens_cycles(course, capsys):
    renew(course)
    first = completed(course)
    Certificate.objects.update(expires_on=site_day() + timedelta(days=30))
    call_command("enroll_due")
    assert "Asked 1 people again." in capsys.readouterr().out
    assert next_cycle(first).due_on == site_day() + timedelta(days=30)


@pytest.mark.django_db(transaction=True)
def test_two_at_once_open_each_cycle_once(course):
    renew(course)
    lesson = course.lessons.get(key="m1-read-1")
    for n in range(8):
        completed(course, f"P{n}")
    redo(lesson, START + timedelta(days=9))
    at = START + timedelta(days=340)
    opened = at_once(lambda: renewals.open_cycles(at), lambda: renewals.open_cycles(at + timedelta(microseconds=1)))
    assert sum(opened) == Enrollment.objects.filter(cycle=2).count() == ExtraStep.objects.count() == 8


def test_queries_do_not_grow_with_people(course):
    renew(course)
    redo_at = START + timedelta(days=9)
    completed(course, "P0")
    redo(course.lessons.get(key="m1-read-1"), redo_at)
    with CaptureQueriesContext(connection) as one:
        assert renewals.open_cycles(START + timedelta(days=340)) == 1
    for n in range(1, 12):
        enrollment = completed(course, f"P{n}")
        Completion.objects.filter(enrollment=enrollment).update(redo_level=0)
    with CaptureQueriesContext(connection) as many:
        assert renewals.open_cycles(START + timedelta(days=340)) == 11
    assert len(many) == len(one)
    assert ExtraStep.objects.count() == 12


# --- What was published to be done again since


@pytest.fixture
def second(course):
    """Ada's refresher, with one lesson beside it: read again since she completed it. Another she did again in time."""
    renew(course)
    first = completed(course)
    for key in ("m1-read-1", "m1-read-2", "m1-read-3"):
        redo(course.lessons.get(key=key), START + timedelta(days=10))
    complete(first, "m1-read-2", START + timedelta(days=11))
    renewals.open_cycles(START + timedelta(days=340))
    return next_cycle(first)


def faces(enrollment):
    """Lessons done and in all, as every face of the rule says them."""
    enrollment = Enrollment.objects.select_related("course", "path", "user").get(pk=enrollment.pk)
    counted = progress_of([(enrollment.pk, enrollment.path_id, enrollment.enrolled_at)])[enrollment.pk]
    required = enrollment.required_lessons()
    with_state = [row for row in Lesson.objects.with_state(enrollment) if row.is_required]
    done = Completion.objects.filter(enrollment=enrollment).counting().values("lesson")
    map_ = course_map(enrollment.user, enrollment.course, enrollment)
    modules = {row.module_id: row for row in Lesson.objects.published().select_related("course")}
    page = [row for one in modules.values() for row in place_of(one, enrollment).lessons if row.is_required]
    return {
        enrollment.progress(),
        (counted.done, counted.total),
        (required.filter(pk__in=done).count(), required.count()),
        (sum(row.is_complete for row in with_state), len(with_state)),
        (map_.done, map_.total),
        (sum(row.is_complete for row in page), len(page)),
    }


def test_a_lesson_to_be_done_again_is_asked_beside_the_refresher(second):
    assert [step.lesson.key for step in second.extra_steps.select_related("lesson")] == ["m1-read-1"]
    assert faces(second) == {(0, 2)}
    outcome = complete(second, "m1-read-3", second.enrolled_at)
    assert not outcome.course_completed
    assert faces(second) == {(1, 2)}
    assert complete(second, "m1-read-1", second.enrolled_at).course_completed
    assert faces(second) == {(2, 2)}
    assert Certificate.objects.filter(enrollment=second).exists()


def test_a_redo_published_while_cycles_open_is_asked_beside_the_refresher(course, monkeypatch):
    """The publisher holds the enrollments; by the time the job has them, the redo is there."""
    renew(course)
    first = completed(course)
    hold_for = progress.hold_for

    def published_meanwhile(people):
        redo(course.lessons.get(key="m1-read-1"), START + timedelta(days=339))
        hold_for(people)

    monkeypatch.setattr(progress, "hold_for", published_meanwhile)
    assert renewals.open_cycles(START + timedelta(days=340)) == 1
    assert [step.lesson.key for step in next_cycle(first).extra_steps.all()] == ["m1-read-1"]


@settings(max_examples=examples(15), suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    moves=st.lists(
        st.tuples(st.sampled_from(["redo", "optional", "required", "retire", "read", "into"]), st.integers(0, 2)),
        max_size=6,
    )
)
def test_the_faces_agree_whatever_happens(db, moves):
    course = make_course(f"c{Lesson.objects.count()}-{Enrollment.objects.count()}", readings=3, quiz=False)
    refresher = Path.objects.create(course=course, key="refresher", title="Refresher", position=1)
    refresher.steps.create(lesson=course.lessons.get(key="m1-read-3"), position=1)
    person = make_person("Ada", email=f"{course.key}@example.com")
    enrollment = enroll(person, course, "refresher", START, cycle=2)
    ExtraStep.objects.create(enrollment=enrollment, lesson=course.lessons.get(key="m1-read-1"))
    at = START
    for what, number in moves:
        at += timedelta(hours=1)
        lesson = course.lessons.select_related("published_revision", "course").get(key=f"m1-read-{number + 1}")
        if what == "redo" and lesson.retired_at is None:
            redo(lesson, at)
        elif what in ("optional", "required"):
            publishing.set_required(lesson, what == "required", at)
        elif what == "retire":
            publishing.retire(lesson, at)
        elif what == "read" and lesson.retired_at is None:
            complete(enrollment, lesson.key, at)
        elif what == "into":
            refresher.steps.get_or_create(lesson=lesson, defaults={"position": 9, "since": at if number else None})
        assert len(faces(enrollment)) == 1
        enrollment.refresh_from_db()
        done, total = enrollment.progress()
        if enrollment.completed_at is None and what != "into":
            assert done < total or not total
        ended = Enrollment.objects.with_progress().filter(lessons_done=done, lessons_total=total)
        assert enrollment in ended


def test_what_stands_beside_a_path_in_order_is_open_and_locks_nothing(second):
    Path.objects.update(is_sequential=True)
    course, path = second.course, second.path
    late = make_lesson(course.modules.get(), "m1-read-4", position=4)
    path.steps.create(lesson=late, position=2)
    second = Enrollment.objects.select_related("course", "path", "user").get(pk=second.pk)
    lessons = {lesson.key: lesson for lesson in course.lessons.select_related("course")}
    assert second.waits_for(lessons["m1-read-1"]) is None
    assert second.waits_for(lessons["m1-read-4"]) == lessons["m1-read-3"]
    rows = {row.slug: row for row in course_map(second.user, course, second).in_path}
    assert list(rows) == ["m1-read-1", "m1-read-3", "m1-read-4"], "first what changed, then the refresher"
    assert rows["m1-read-1"].step == BESIDE_THE_PATH
    assert {key: row.blocked_by for key, row in rows.items()} == {
        "m1-read-1": None,
        "m1-read-3": None,
        "m1-read-4": rows["m1-read-3"],
    }
    place = place_of(lessons["m1-read-4"], second)
    assert [(row.slug, bool(row.blocked_by)) for row in place.lessons if row.step is not None] == [
        ("m1-read-1", False),
        ("m1-read-3", False),
        ("m1-read-4", True),
    ]


def test_publishing_counts_and_completes_people_asked_beside_their_path(second):
    lesson = second.course.lessons.get(key="m1-read-1")
    assert publishing.head_counts(lesson).not_started == 1
    complete(second, "m1-read-3", second.enrolled_at)
    assert progress.would_complete(second.course, lesson, second.enrolled_at) == 1
    assert publishing.retire(lesson, second.enrolled_at) == 1
    second.refresh_from_db()
    assert second.completed_at == second.enrolled_at


def test_a_redo_of_a_lesson_beside_the_path_makes_an_update_due_for_who_has_it(second):
    other = enroll(make_person("Ben"), second.course, "refresher", second.enrolled_at, cycle=2)
    for key in ("m1-read-1", "m1-read-3"):
        complete(second, key, second.enrolled_at)
    complete(other, "m1-read-3", second.enrolled_at)
    redo(second.course.lessons.get(key="m1-read-1"), second.enrolled_at + timedelta(days=1))
    stale = Enrollment.objects.update_due()
    assert stale.filter(pk=second.pk).exists()
    assert not stale.filter(pk=other.pk).exists(), "it was not asked of them"


def test_no_cycle_comes_before_the_first(cast):
    """`current()` looks for a later cycle among those above one."""
    with pytest.raises(IntegrityError), transaction.atomic():
        Enrollment.objects.filter(pk=cast.ada_enrolled.pk).update(cycle=0)
