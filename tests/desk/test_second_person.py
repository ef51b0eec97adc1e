"""What reaches many people is confirmed by somebody else than who asked."""

import re
from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from accounts import mailing
from accounts.models import User
from courses import publishing, second_person
from courses.models import Completion, Enrollment, Lesson, LessonRevision, PublishRequest
from desk import answers
from notices.models import Notice
from tests.at_once import at_once
from tests.conftest import with_role
from tests.desk.test_lessons import url
from tests.notices.writing import paris

pytestmark = pytest.mark.django_db
REDO, ANNOUNCE = LessonRevision.Effect.REDO, LessonRevision.Effect.ANNOUNCE


def completed_by(lesson, number):
    path = lesson.course.paths.get()
    people = [User(name=f"Person {n}", email=f"p{n}@example.com", password="!") for n in range(number)]
    enrolled = [Enrollment(user=person, course=lesson.course, path=path) for person in User.objects.bulk_create(people)]
    done = {"lesson": lesson, "revision": lesson.published_revision, "redo_level": 0, "how": "read"}
    Completion.objects.bulk_create(
        [Completion(enrollment=one, **done) for one in Enrollment.objects.bulk_create(enrolled)]
    )


@pytest.fixture
def lesson(cast):
    found = cast.course.lessons.get(key="m1-read-1")
    completed_by(found, second_person.ALONE + 1)
    return found


@pytest.fixture
def draft(lesson):
    return lesson.add_revision(title="New", body="A newer text of m1-read-1.", takeaway="K", note="Law changed")


@pytest.fixture
def asked(draft, cast):
    return second_person.ask(draft, REDO, by=cast.ed)


def page_of(asked):
    return reverse("admin:courses_publishrequest_change", args=[asked.pk])


def published(lesson):
    return Lesson.objects.get(pk=lesson.pk).published_revision


@pytest.mark.parametrize("effect", ["announce", "redo"])
def test_many_people_wait_for_a_second_person(cast, lesson, draft, as_, effect):
    form = {"revision": draft.pk, "effect": effect, "redo_due_on": "2099-05-01"}
    for _click in range(2):
        page = as_(cast.ed).post(url("publish", lesson), form, follow=True).content.decode()
    asked = PublishRequest.objects.get()
    assert (asked.effect, asked.people, asked.asked_by) == (effect, 51, cast.ed)
    assert str(asked.redo_due_on) == ("2099-05-01" if effect == "redo" else "None")
    assert published(lesson) != draft
    assert "somebody else confirms it" in page
    assert "Publish it for" not in page  # not by who asked
    as_(cast.hana).post(page_of(asked), {"answer": "confirmed"})
    draft.refresh_from_db()
    assert published(lesson) == draft
    assert (draft.effect, draft.published_by) == (effect, cast.ed)
    assert draft.redo_due_on == asked.redo_due_on
    asked.refresh_from_db()
    assert (asked.answer, asked.answered_by) == ("confirmed", cast.hana)


def test_fifty_people_or_a_silent_change_need_nobody(cast, lesson, draft, as_):
    assert not second_person.is_needed(lesson, LessonRevision.Effect.SILENT)
    assert second_person.is_needed(lesson, ANNOUNCE)
    User.objects.filter(email="p0@example.com").update(is_active=False)
    assert not second_person.is_needed(lesson, REDO)
    as_(cast.ed).post(url("publish", lesson), {"revision": draft.pk, "effect": "redo"})
    assert published(lesson) == draft
    assert not PublishRequest.objects.exists()


def test_hr_sees_the_task_the_difference_and_the_numbers(cast, asked, as_):
    hana = as_(cast.hana)
    assert "1 change of a lesson touches many people" in hana.get(reverse("admin:index")).content.decode()
    page = hana.get(page_of(asked)).content.decode()
    assert "<strong>51</strong> people completed this lesson" in page
    assert re.search(r"<ins>.*newer", page, re.DOTALL)
    assert "Law changed" in page
    assert "Publish it for 51 people" in page
    assert (
        asked.revision.title
        in hana.get(reverse("admin:courses_publishrequest_changelist"), {"state": "waiting"}).content.decode()
    )


def test_declining_takes_a_reason(cast, lesson, asked, as_):
    hana = as_(cast.hana)
    assert "Say why" in hana.post(page_of(asked), {"answer": "declined", "reason": " "}).content.decode()
    hana.post(page_of(asked), {"answer": "declined", "reason": "After the holidays"})
    asked.refresh_from_db()
    assert (asked.answer, asked.reason) == ("declined", "After the holidays")
    assert published(lesson).number == 1
    assert "After the holidays" in as_(cast.ed).get(url("change", lesson)).content.decode()
    late = hana.post(page_of(asked), {"answer": "confirmed"}).content.decode()
    assert "answered already" in late
    assert published(lesson).number == 1


@pytest.mark.parametrize(
    ("answer", "title"), [("confirmed", "“New” is published"), ("declined", "“New” is not published")]
)
def test_who_asked_hears_of_the_answer_once(cast, asked, as_, answer, title, time_machine):
    time_machine.move_to(paris("2026-12-08 10:00"))
    as_(cast.hana).post(page_of(asked), {"answer": answer, "reason": "After the holidays"})
    assert title in as_(cast.ed).get(reverse("admin:index")).content.decode()
    at = timezone.now()
    pieces = answers.pieces(at, [cast.ed.pk])
    assert mailing.write({cast.ed.pk: list(pieces)}, at) == 1
    letter = Notice.objects.get()
    assert (letter.recipient, letter.subject) == (cast.ed, title)
    assert ("After the holidays" in letter.body) is (answer == "declined")
    assert mailing.write({cast.ed.pk: list(answers.pieces(at, [cast.ed.pk]))}, at + timedelta(days=4)) == 0
    User.objects.get(pk=cast.ed.pk).groups.clear()
    assert list(answers.pieces(at, [cast.ed.pk])) == []  # no editor any more
    assert list(answers.pieces(at + timedelta(days=20), [cast.ed.pk])) == []


def test_what_one_took_back_is_no_answer(cast, asked, as_):
    as_(cast.ed).post(page_of(asked), {"answer": "withdrawn"})
    assert list(answers.pieces(timezone.now(), [cast.ed.pk])) == []


def test_who_asked_may_withdraw_and_nobody_else(cast, lesson, asked, as_):
    assert as_(cast.hana).post(page_of(asked), {"answer": "withdrawn"}).status_code == 403
    as_(cast.ed).post(page_of(asked), {"answer": "withdrawn"})
    asked.refresh_from_db()
    assert (asked.answer, asked.answered_by) == ("withdrawn", cast.ed)
    again = second_person.ask(asked.revision, ANNOUNCE, by=cast.ed)
    assert again != asked
    assert again.is_waiting


def test_never_the_same_person(cast, lesson, draft, as_, root):
    for person in (root, with_role(cast.ed, "HR")):
        asked = second_person.ask(draft, REDO, by=person)
        page = as_(person).post(page_of(asked), {"answer": "confirmed"}).content.decode()
        assert "You asked for this yourself" in page
        assert published(lesson).number == 1
        with pytest.raises(IntegrityError), transaction.atomic():
            PublishRequest.objects.filter(pk=asked.pk).update(
                answer="confirmed", answered_by=person, answered_at=asked.asked_at
            )
        second_person.withdraw(asked, person)


def edit(lesson, draft):
    lesson.add_revision(title="Newest", body="Newest text")


def publish_otherwise(lesson, draft):
    publishing.publish(draft, ANNOUNCE)


def take_away(lesson, draft):
    publishing.unpublish(lesson)


def retire(lesson, draft):
    publishing.retire(lesson)


@pytest.mark.parametrize("meanwhile", [edit, publish_otherwise, take_away, retire])
@pytest.mark.parametrize("answer", ["confirmed", "declined", "withdrawn"])
def test_what_happened_meanwhile_voids_it(cast, lesson, draft, asked, as_, meanwhile, answer):
    assert asked.is_waiting
    meanwhile(lesson, draft)
    before = published(lesson)
    asked = PublishRequest.objects.get(pk=asked.pk)
    assert not asked.is_waiting
    assert not PublishRequest.objects.waiting().exists()
    who = as_(cast.ed if answer == "withdrawn" else cast.hana)
    page = who.post(page_of(asked), {"answer": answer, "reason": "x"}).content.decode()
    assert "This request is void" in page
    assert published(lesson) == before
    assert PublishRequest.objects.get().answer == ""
    assert "No change of a lesson waits" in as_(cast.hana).get(reverse("admin:index")).content.decode()


def test_after_a_void_request_one_can_ask_again(cast, lesson, draft, asked):
    publishing.unpublish(lesson)
    again = second_person.ask(draft, REDO, by=cast.ed)
    assert again.pk != asked.pk
    assert again.is_waiting
    second_person.confirm(again, cast.hana)
    assert published(lesson) == draft


def test_queryset_and_property_agree(cast, lesson, draft, asked):
    other = cast.course.lessons.get(key="m1-read-2")
    answered = second_person.ask(other.add_revision(title="B", body="B"), ANNOUNCE, by=cast.ed)
    second_person.decline(answered, cast.hana, "No")
    second_person.ask(other.draft, ANNOUNCE, by=cast.ed)
    for change in (lambda: None, lambda: edit(other, None), lambda: take_away(lesson, draft)):
        change()
        waiting = set(PublishRequest.objects.waiting())
        assert waiting == {one for one in PublishRequest.objects.select_related("revision__lesson") if one.is_waiting}


def test_the_deed_is_in_the_audit_list_without_names(cast, lesson, asked, as_):
    as_(cast.hana).post(page_of(asked), {"answer": "confirmed"})
    found = LogEntry.objects.get(user=cast.hana, object_id=str(lesson.pk), content_type__model="lesson")
    assert "confirmed" in found.change_message
    assert cast.ed.name not in found.change_message


def test_forged_answers_are_form_errors(cast, lesson, asked, as_):
    for answer in ("", "yes", "x" * 5000):
        assert as_(cast.hana).post(page_of(asked), {"answer": answer, "reason": "y"}).status_code == 200
    assert PublishRequest.objects.get().answer == ""
    missing = reverse("admin:courses_publishrequest_change", args=[99999])
    assert as_(cast.hana).get(missing).status_code == 404
    assert as_(cast.ada).get(missing).status_code == 403


def test_the_list_and_the_tasks_do_not_grow(cast, lesson, as_, django_assert_max_num_queries):
    for number in range(8):
        second_person.ask(lesson.add_revision(title=f"T{number}", body="x"), ANNOUNCE, by=cast.ed)
    hana = as_(cast.hana)
    for page, most in {reverse("admin:courses_publishrequest_changelist"): 7, reverse("admin:index"): 7}.items():
        with django_assert_max_num_queries(most):
            assert hana.get(page).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_two_answers_at_the_same_instant_publish_once(cast, lesson, asked):
    outcomes = at_once(
        *[lambda: second_person.confirm(PublishRequest.objects.get(pk=asked.pk), cast.hana)] * 2,
        refused=ValidationError,
    )
    assert sorted(isinstance(outcome, ValidationError) for outcome in outcomes) == [False, True]
    assert published(lesson).redo_level == 1
