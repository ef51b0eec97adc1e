"""One click, ten clicks, two tabs: a lesson is completed once, and the course with it or not at all."""

from datetime import timedelta

import pytest
from django.utils import timezone

from courses import progress, publishing
from courses.models import Certificate, Completion, Enrollment, LessonRevision
from tests.at_once import at_once
from tests.builders import enroll, make_course, make_person

READ = Completion.How.READ
Effect = LessonRevision.Effect


@pytest.fixture
def course(db):
    return make_course(readings=2, quiz=False)


@pytest.fixture
def ada(course):
    return enroll(make_person("Ada Moreau"), course)


def complete(enrollment, lesson, revision=None, at=None):
    return progress.complete_lesson(enrollment, lesson, revision or lesson.published_revision, READ, at)


def republish(lesson, effect, **more):
    revision = lesson.add_revision(title="Newer", body="Newer text.")
    publishing.publish(revision, effect, **more)
    lesson.refresh_from_db()
    return revision


def test_a_completion_says_which_text_was_read_and_when(course, ada):
    lesson, at = course.lessons.first(), timezone.now()
    assert complete(ada, lesson, at=at) == progress.Outcome(new=True, course_completed=False)
    kept = Completion.objects.get()
    assert (kept.enrollment, kept.lesson, kept.revision) == (ada, lesson, lesson.published_revision)
    assert (kept.at, kept.how, kept.redo_level) == (at, READ, 0)
    ada.refresh_from_db()
    assert ada.started_at == at
    assert ada.completed_at is None


def test_the_second_time_changes_nothing(course, ada):
    lesson, at = course.lessons.first(), timezone.now()
    complete(ada, lesson, at=at)
    again = complete(ada, lesson, at=at + timedelta(days=1))
    assert again == progress.Outcome(new=False, course_completed=False)
    assert Completion.objects.get().at == at
    ada.refresh_from_db()
    assert ada.started_at == at


def test_the_last_lesson_completes_the_course_with_a_certificate(course, ada):
    one, two = course.lessons.in_order()
    complete(ada, one)
    at = timezone.now()
    assert complete(ada, two, at=at).course_completed
    ada.refresh_from_db()
    assert ada.completed_at == ada.current_at == at
    certificate = ada.certificate
    assert (certificate.name, certificate.course_title, certificate.issued_at) == ("Ada Moreau", course.title, at)
    assert len(certificate.code) == 16
    assert certificate.code.isalnum()
    assert not complete(ada, two).course_completed


def test_a_path_without_certificate_is_completed_without_one(course, ada):
    course.paths.update(certificate=False)
    first, last = course.lessons.all()
    complete(ada, first)
    assert complete(ada, last).course_completed
    assert complete(ada, last) == progress.Outcome(new=False, course_completed=False)
    ada.refresh_from_db()
    assert ada.is_complete
    assert not Certificate.objects.exists()
    course.paths.update(certificate=True)  # later: what was completed before stays as it was
    republish(last, Effect.REDO)
    assert not complete(ada, last).course_completed
    assert not Certificate.objects.exists()


def test_settling_counts_people_whose_path_gives_no_certificate(course, ada):
    course.paths.update(certificate=False)
    first, last = course.lessons.all()
    complete(ada, first)
    assert publishing.unpublish(last) == 1
    assert not Certificate.objects.exists()


def test_a_certificate_keeps_the_names_of_its_day(course, ada):
    for lesson in course.lessons.in_order():
        complete(ada, lesson)
    ada.user.name, course.title = "Ada Lovelace", "Another title"
    ada.user.save()
    course.save()
    kept = Certificate.objects.get()
    assert (kept.name, kept.course_title) == ("Ada Moreau", "Course service")


def test_past_the_cut_off_nothing_is_recorded(course, ada):
    now = timezone.now()
    ada.closes_on = timezone.localdate(now)
    ada.save()
    lesson = course.lessons.first()
    complete(ada, lesson, at=now)  # the day itself still counts
    other = course.lessons.last()
    with pytest.raises(progress.Closed):
        complete(ada, other, at=now + timedelta(days=1))
    assert not Completion.objects.filter(lesson=other).exists()


def test_what_was_read_before_a_redo_is_outdated(course, ada):
    lesson = course.lessons.first()
    seen = lesson.published_revision
    republish(lesson, Effect.REDO)
    with pytest.raises(progress.Outdated):
        complete(ada, lesson, seen)
    assert not Completion.objects.exists()


def test_an_old_copy_of_the_lesson_in_the_hands_of_the_caller_does_not_hide_a_redo(course, ada):
    lesson = course.lessons.select_related("published_revision").first()
    seen = lesson.published_revision
    republish(course.lessons.first(), Effect.REDO)
    with pytest.raises(progress.Outdated):
        complete(ada, lesson, seen)


@pytest.mark.parametrize("effect", [Effect.SILENT, Effect.ANNOUNCE])
def test_what_was_read_before_a_small_change_counts_and_is_recorded_as_it_was(course, ada, effect):
    lesson = course.lessons.first()
    seen = lesson.published_revision
    republish(lesson, effect)
    assert complete(ada, lesson, seen).new
    assert Completion.objects.get().revision == seen
    assert ada.progress() == (1, 2)
    row = course.lessons.with_state(ada).get(pk=lesson.pk)
    assert row.is_complete
    assert row.is_changed == (effect == Effect.ANNOUNCE), "a typo is nothing to tell"


def test_a_redo_is_done_once_more_and_both_facts_stay(course, ada):
    lesson = course.lessons.first()
    complete(ada, lesson)
    republish(lesson, Effect.REDO)
    row = course.lessons.with_state(ada).get(pk=lesson.pk)
    assert (row.is_complete, row.is_changed, ada.progress()) == (False, True, (0, 2))
    assert complete(ada, lesson).new
    assert sorted(Completion.objects.values_list("redo_level", flat=True)) == [0, 1]
    assert ada.progress() == (1, 2)


def test_a_draft_and_the_text_of_another_lesson_complete_nothing(course, ada):
    one, two = course.lessons.in_order()
    draft = one.add_revision(title="Draft", body="Not yet.")
    for revision in (draft, two.published_revision):
        with pytest.raises(progress.Outdated):
            complete(ada, one, revision)
    assert not Completion.objects.exists()


def test_a_lesson_that_was_withdrawn_or_is_of_another_course_completes_nothing(course, ada):
    lesson = course.lessons.first()
    seen = lesson.published_revision
    publishing.unpublish(lesson)
    foreign = make_course("other").lessons.first()
    with pytest.raises(progress.Outdated):
        complete(ada, lesson, seen)
    with pytest.raises(progress.Outdated):
        complete(ada, foreign)
    assert not Completion.objects.exists()


@pytest.mark.parametrize("step", ["mark_started", "_mark_complete", "Certificate.objects.bulk_create"])
def test_all_of_it_or_nothing(course, ada, monkeypatch, step):
    one, two = course.lessons.in_order()
    if step != "mark_started":
        complete(ada, one)
    before = Completion.objects.count()

    def fail(*args, **kwargs):
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(f"courses.progress.{step}", fail)
    with pytest.raises(RuntimeError):
        complete(ada, two)
    monkeypatch.undo()
    ada.refresh_from_db()
    assert Completion.objects.count() == before
    assert ada.completed_at is None
    assert ada.current_at is None
    assert not Certificate.objects.exists()
    assert complete(ada, two).new, "and the next try works"


def test_completing_costs_the_same_however_long_the_course_is(ada, course, django_assert_max_num_queries):
    long = make_course("long", modules=3, readings=6, quiz=False)
    enrolled = enroll(ada.user, long)
    lesson = long.lessons.select_related("published_revision").first()
    with django_assert_max_num_queries(9):  # two of them are the savepoint
        complete(enrolled, lesson)


@pytest.mark.django_db(transaction=True)
def test_ten_clicks_at_the_same_instant_leave_one_completion_and_one_certificate():
    course = make_course(readings=1, quiz=False)
    lesson = course.lessons.select_related("published_revision").get()
    enrollment = enroll(make_person("Ada Moreau"), course)
    outcomes = at_once(*[lambda: complete(Enrollment.objects.get(pk=enrollment.pk), lesson)] * 6)
    assert sorted(outcome.new for outcome in outcomes) == [False] * 5 + [True]
    assert sorted(outcome.course_completed for outcome in outcomes) == [False] * 5 + [True]
    assert Completion.objects.count() == Certificate.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_lesson_retired_while_people_complete_the_other_leaves_nobody_behind():
    """Each of the two changes makes the course complete only with the other: neither may miss it."""
    course = make_course(readings=2, quiz=False)
    one, two = course.lessons.select_related("published_revision").in_order()
    people = [enroll(make_person(f"P{number}"), course) for number in range(5)]
    at_once(*[lambda e=enrollment: complete(e, one) for enrollment in people], lambda: publishing.retire(two))
    assert Enrollment.objects.complete().count() == Certificate.objects.count() == 5


@pytest.mark.django_db(transaction=True)
def test_a_redo_published_while_people_complete_the_lesson_ends_in_one_order_or_the_other():
    course = make_course(readings=1, quiz=False)
    lesson = course.lessons.select_related("published_revision").get()
    seen = lesson.published_revision
    people = [enroll(make_person(f"P{number}"), course) for number in range(5)]
    draft = lesson.add_revision(title="Newer", body="Newer.")
    clicks = [lambda e=enrollment: complete(e, lesson, seen).new for enrollment in people]
    *recorded, _published = at_once(*clicks, lambda: publishing.publish(draft, Effect.REDO), refused=progress.Outdated)
    for enrollment, answer in zip(people, recorded, strict=True):
        was_recorded = answer is True
        enrollment = Enrollment.objects.get(pk=enrollment.pk)
        assert enrollment.progress() == (0, 1), "nobody has read the newer text"
        assert enrollment.is_complete == was_recorded
        assert enrollment.is_update_due == was_recorded
