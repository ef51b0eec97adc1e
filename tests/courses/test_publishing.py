"""What a publication, and each change of what is required, does to people."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts.models import User
from courses import progress, publishing
from courses.models import Certificate, Completion, Enrollment, LessonRevision, Module
from tests.builders import enroll, make_course, make_lesson, make_person

pytestmark = pytest.mark.django_db

READ = Completion.How.READ
Effect = LessonRevision.Effect
AT = datetime(2026, 5, 4, 10, tzinfo=ZoneInfo("Europe/Paris"))


@pytest.fixture
def course():
    return make_course(readings=3, quiz=False)


def person(name: str, **fields) -> User:
    return User.objects.create(name=name, email=f"{name.lower()}@example.com", **fields)


def people(course, number: int, **fields) -> list[Enrollment]:
    users = User.objects.bulk_create(User(name=f"P{n}", email=f"p{n}@example.com") for n in range(number))
    path = course.paths.get()
    return Enrollment.objects.bulk_create(Enrollment(user=u, course=course, path=path, **fields) for u in users)


def complete(enrollment, *lessons, at=None):
    for lesson in lessons:
        lesson.refresh_from_db()
        progress.complete_lesson(enrollment, lesson, lesson.published_revision, READ, at)


def draft(lesson, **content):
    return lesson.add_revision(**{"title": "Newer", "body": "Newer text.", **content})


# --- Publish ---------------------------------------------------------------------------------------------------------


def test_publish_shows_the_text_and_says_who_when_and_how(course):
    lesson, ed = course.lessons.first(), make_person("Ed")
    revision = draft(lesson)
    publishing.publish(revision, Effect.ANNOUNCE, by=ed, at=AT)
    lesson.refresh_from_db()
    revision.refresh_from_db()
    assert lesson.published_revision == revision
    assert (revision.published_at, revision.published_by, revision.effect) == (AT, ed, Effect.ANNOUNCE)
    assert (revision.redo_level, revision.redo_due_on) == (0, None)


def test_an_edit_is_not_seen_before_it_is_published(course):
    lesson = course.lessons.first()
    shown = lesson.published_revision
    draft(lesson)
    lesson.refresh_from_db()
    assert lesson.published_revision == shown
    assert lesson.title == shown.title
    assert lesson.draft.title == "Newer"


def test_redo_is_due_in_thirty_days_unless_a_day_is_given(course):
    one, two, _three = course.lessons.in_order()
    first, second = draft(one), draft(two)
    publishing.publish(first, Effect.REDO, at=AT)
    publishing.publish(second, Effect.REDO, at=AT, redo_due_on=date(2026, 5, 9))
    assert first.redo_due_on == date(2026, 6, 3)
    assert second.redo_due_on == date(2026, 5, 9)
    assert first.redo_level == second.redo_level == 1
    assert course.paths.get().redo_at == AT


def test_levels_only_rise(course):
    lesson = course.lessons.first()
    old = draft(lesson)
    publishing.publish(draft(lesson), Effect.REDO, at=AT)
    with pytest.raises(ValidationError, match="newer one"):
        publishing.publish(old, Effect.SILENT)
    silent = draft(lesson)
    publishing.publish(silent, Effect.SILENT)
    publishing.unpublish(lesson)
    again = draft(lesson)
    publishing.publish(again, Effect.REDO)
    assert (silent.redo_level, again.redo_level) == (1, 2), "also after it was unpublished"


def test_a_first_publication_cannot_be_a_redo(course):
    lesson = make_lesson(course.modules.get(), "new", publish=False)
    revision = lesson.draft
    publishing.publish(revision, Effect.REDO, at=AT)
    assert (revision.redo_level, revision.redo_due_on) == (0, None)
    assert course.paths.get().redo_at is None


@pytest.mark.parametrize("content", [{"title": "  "}, {"body": ""}, {"body": " \n\t "}])
def test_an_empty_text_is_refused(course, content):
    lesson = course.lessons.first()
    shown = lesson.published_revision
    with pytest.raises(ValidationError, match="is empty"):
        publishing.publish(draft(lesson, **content), Effect.SILENT)
    lesson.refresh_from_db()
    assert lesson.published_revision == shown


def test_a_quiz_needs_no_text(course):
    lesson = make_lesson(course.modules.get(), "quiz", kind="quiz", publish=False)
    publishing.publish(draft(lesson, body=""), Effect.SILENT)
    lesson.refresh_from_db()
    assert lesson.is_published


def test_publishing_twice_is_refused_also_with_an_old_copy_in_hand(course):
    lesson = course.lessons.first()
    revision = draft(lesson)
    copy = LessonRevision.objects.get(pk=revision.pk)
    publishing.publish(revision, Effect.REDO, at=AT)
    for again in (revision, copy):
        with pytest.raises(ValidationError, match="published before"):
            publishing.publish(again, Effect.REDO)
    revision.refresh_from_db()
    assert (revision.redo_level, revision.published_at) == (1, AT)


def test_a_lesson_of_a_module_in_preparation_is_asked_of_all_once_that_is_ready(course):
    enrollment = enroll(make_person("Ada"), course)
    module = Module.objects.create(course=course, key="m2", title="Two", position=2)
    lesson = make_lesson(module, "later", publish=False)
    step = course.paths.get().steps.create(lesson=lesson, position=9)
    publishing.publish(lesson.draft, Effect.SILENT)
    step.refresh_from_db()
    assert step.since is None
    assert enrollment.progress() == (0, 3)
    publishing.set_status(module, Module.Status.READY)
    assert enrollment.progress() == (0, 4)


def test_head_counts_are_those_of_a_walk_over_the_people(course):
    lesson, other, _third = course.lessons.in_order()
    enrolled = people(course, 7)
    short = course.paths.create(key="short", title="Short")
    short.steps.create(lesson=other, position=1)
    complete(enrolled[0], lesson)
    complete(enrolled[1], lesson, other)
    complete(enrolled[2], other)
    enroll(person("Elsewhere"), course, path="short", started_at=AT)
    enroll(person("Gone", is_active=False), course, started_at=AT)
    enroll(enrolled[3].user, course, cycle=2, started_at=AT)  # the current one; the first was never started
    publishing.publish(draft(lesson), Effect.REDO)
    complete(enrolled[1], lesson)  # twice by now

    completed = under_way = not_started = 0
    for row in Enrollment.objects.current().filter(user__is_active=True):
        if row.path.steps.filter(lesson=lesson).exists():
            done = row.completions.filter(lesson=lesson).exists()
            completed += done
            under_way += row.started_at is not None and not done
            not_started += row.started_at is None
    counted = publishing.head_counts(lesson)
    assert (counted.completed, counted.under_way, counted.not_started) == (completed, under_way, not_started)
    assert (completed, under_way, not_started) == (2, 2, 3)


# --- Changes of what is required -------------------------------------------------------------------------------------


def no_longer_required(lesson, at=None):
    return publishing.set_required(lesson, False, at)


CHANGES = [publishing.unpublish, publishing.retire, no_longer_required]


@pytest.mark.parametrize("change", CHANGES)
def test_a_lesson_less_completes_exactly_those_who_did_the_rest(course, change):
    one, two, three = course.lessons.in_order()
    all_but, some, none, everything = people(course, 4)
    complete(all_but, one, two)
    complete(some, one)
    complete(everything, one, two, three, at=AT)
    assert progress.would_complete(course, three) == 1
    at = timezone.now()
    assert change(three, at=at) == 1
    assert change(three, at=at + timedelta(days=1)) == 0, "and not twice"
    rows = {e.pk: e for e in Enrollment.objects.all()}
    assert rows[all_but.pk].completed_at == at
    assert rows[everything.pk].completed_at == AT, "the day they completed it is a fact"
    assert rows[some.pk].completed_at is None
    assert rows[none.pk].completed_at is None
    assert set(Certificate.objects.values_list("enrollment", flat=True)) == {all_but.pk, everything.pk}


@pytest.mark.parametrize("change", CHANGES)
def test_with_a_module_in_preparation_nobody_is_completed_until_it_is_ready(course, change):
    one, two, three = course.lessons.in_order()
    module = Module.objects.create(course=course, key="m2", title="Two", position=2)
    (enrollment,) = people(course, 1)
    complete(enrollment, one, two)
    assert progress.would_complete(course, three) == 0
    assert change(three) == 0
    complete(enrollment, one)
    enrollment.refresh_from_db()
    assert enrollment.completed_at is None
    assert not Certificate.objects.exists()
    assert publishing.set_status(module, Module.Status.READY) == 1


def test_opening_a_module_completes_as_many_as_was_said(course):
    """People who did all while it was open, and went on after it was taken back; its lessons count once it is open."""
    one, two, three = course.lessons.in_order()
    module = course.modules.get()
    done, missing = people(course, 2)
    complete(done, one, two)
    complete(missing, one)
    publishing.set_status(module, Module.Status.IN_PREPARATION)
    publishing.retire(three)
    assert progress.would_complete_if_open(module) == 1
    other = Module.objects.create(course=course, key="m2", title="Two", position=2)
    assert progress.would_complete_if_open(module) == 0
    publishing.set_status(other, Module.Status.READY)
    assert publishing.set_status(module, Module.Status.READY) == 1
    assert progress.would_complete_if_open(module) == 0


def test_back_into_preparation_takes_no_completion_back(course):
    (enrollment,) = people(course, 1)
    complete(enrollment, *course.lessons.in_order())
    publishing.set_status(course.modules.get(), Module.Status.IN_PREPARATION)
    enrollment.refresh_from_db()
    assert enrollment.is_complete
    assert enrollment.progress() == (0, 0)
    assert Certificate.objects.filter(enrollment=enrollment).exists()


def test_a_required_set_that_became_empty_completes_nobody(course):
    (enrollment,) = people(course, 1)
    for lesson in course.lessons.all():
        publishing.retire(lesson)
    enrollment.refresh_from_db()
    assert enrollment.completed_at is None


def test_past_the_cut_off_and_in_an_earlier_cycle_nothing_is_completed(course):
    one, two, three = course.lessons.in_order()
    closed, earlier = people(course, 2)
    for enrollment in (closed, earlier):
        complete(enrollment, one, two)
    Enrollment.objects.filter(pk=closed.pk).update(closes_on=timezone.localdate() - timedelta(days=1))
    enroll(earlier.user, course, cycle=2)
    assert progress.would_complete(course, three) == 0
    assert publishing.retire(three) == 0


def test_would_complete_looks_at_what_counts_and_what_is_asked(course):
    one, two, three = course.lessons.in_order()
    outdated, not_asked, two_missing = people(course, 3)
    complete(outdated, one, three)
    publishing.publish(draft(three), Effect.REDO)  # what they did no longer counts
    complete(outdated, two)
    short = course.paths.create(key="short", title="Short")
    for place, lesson in enumerate((one, two)):
        short.steps.create(lesson=lesson, position=place)
    Enrollment.objects.filter(pk=not_asked.pk).update(path=short)
    complete(not_asked, one)  # misses one, but not this one
    complete(two_missing, one)
    assert progress.would_complete(course, three) == 1
    assert publishing.retire(three) == 1
    assert not Enrollment.objects.complete().exclude(pk=outdated.pk).exists()


def test_settle_costs_the_same_for_many_people(course, django_assert_max_num_queries):
    one, two, three = course.lessons.in_order()
    enrolled = people(course, 60)
    for lesson in (one, two):
        Completion.objects.bulk_create(
            Completion(enrollment=e, lesson=lesson, revision=lesson.published_revision, redo_level=0, how=READ)
            for e in enrolled
        )
    with django_assert_max_num_queries(16):  # of them six for savepoints
        assert publishing.retire(three) == 60
    assert Certificate.objects.count() == Enrollment.objects.complete().count() == 60
    assert len(set(Certificate.objects.values_list("code", flat=True))) == 60


def test_more_certificates_than_are_made_at_a_time(course, monkeypatch):
    monkeypatch.setattr(progress, "BATCH", 4)
    enrolled = people(course, 9)
    for lesson in list(course.lessons.in_order())[:2]:
        for enrollment in enrolled:
            complete(enrollment, lesson)
    assert publishing.retire(course.lessons.in_order().last()) == 9
    assert Certificate.objects.count() == 9
