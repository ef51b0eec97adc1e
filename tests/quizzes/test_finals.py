"""The final: drawn by the path, never locked, explained once passed; and quizzes that show what one knows already."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from courses.models import Completion, Enrollment, Lesson, Objective
from quizzes import drawing, results, retakes, taking
from quizzes.models import Attempt, Quiz, RetakeChange
from tests.builders import enroll, make_course, make_person, make_question, make_quiz
from tests.conftest import sign_in
from tests.quizzes.taking_part import address, quiz_of

DAY = timedelta(hours=24)


def make_final(course, per_module: int = 4) -> Quiz:
    """A final in the last module, with so many questions of each module, which say to read its first lesson again."""
    last = course.modules.order_by("-position").first()
    final = make_quiz(last, "final", position=99, pool=0)
    final.is_final = True
    final.save()
    for objective in Objective.objects.filter(module__course=course):
        reread = objective.module.lessons.filter(kind="reading").in_order().first()
        for number in range(per_module):
            question = make_question(course, f"fin-{objective.module.key}-{number}", objective, reread=reread)
            final.pool_items.create(question=question)
    for path in course.paths.all():
        path.steps.create(lesson=final.lesson, position=999)
    return final


@pytest.fixture
def course(db):
    return make_course(modules=3, readings=2)


@pytest.fixture
def final(course):
    return make_final(course)


@pytest.fixture
def ada(course):
    return enroll(make_person("Ada"), course)


def take(enrollment: Enrollment, quiz: Quiz, right: int, at=None) -> Attempt:
    """Close an attempt with so many right answers, from its first question on."""
    attempt = taking.start(enrollment, quiz, at)
    for answer in attempt.answers.all():
        taking.save_answer(attempt, answer.position, ["a" if answer.position <= right else "c"], False, at)
    return taking.close(attempt, at)


def fail(enrollment: Enrollment, final: Quiz, times: int, since=None) -> Attempt:
    start = since or timezone.now() - times * 2 * DAY
    for number in range(times):
        attempt = take(enrollment, final, 0, start + number * 2 * DAY)
    return attempt


def modules_of(attempt: Attempt) -> dict[str, int]:
    found: dict[str, int] = {}
    for answer in attempt.answers.select_related("question_revision__objective__module"):
        key = answer.question_revision.objective.module.key
        found[key] = found.get(key, 0) + 1
    return found


def test_on_a_short_path_it_asks_three_of_each_module(final, ada):
    attempt = taking.start(ada, final)
    assert modules_of(attempt) == {"m1": 3, "m2": 3, "m3": 3}
    assert attempt.max_score == drawing.count(final, ada) == 9
    assert drawing.mark(final, 9) == 8  # five in six of nine is seven and a half


def test_on_a_long_path_it_asks_two_of_each_module(db):
    course = make_course(modules=12, readings=1, quiz=False)
    final = make_final(course)
    attempt = taking.start(enroll(make_person("Ada"), course), final)
    assert set(modules_of(attempt).values()) == {2}
    assert attempt.max_score == 24
    assert drawing.mark(final, 24) == 20


def test_it_asks_about_the_modules_of_the_path_and_no_others(course, final):
    short = course.paths.create(key="short", title="Short")
    for position, lesson in enumerate(Lesson.objects.filter(module__key__in=["m1", "m3"], kind="reading"), 1):
        short.steps.create(lesson=lesson, position=position)
    attempt = taking.start(enroll(make_person("Otto"), course, "short"), final)
    assert modules_of(attempt) == {"m1": 3, "m3": 3}


def test_a_path_with_nothing_but_the_final_asks_about_everything(course, final):
    refresher = course.paths.create(key="refresher", title="Refresher")
    refresher.steps.create(lesson=final.lesson, position=1)
    attempt = taking.start(enroll(make_person("Otto"), course, "refresher"), final)
    assert modules_of(attempt) == {"m1": 3, "m2": 3, "m3": 3}


def test_a_day_lies_between_two_attempts(final, ada):
    now = timezone.now()
    take(ada, final, 0, now)
    with pytest.raises(retakes.TooSoon) as told:
        taking.start(ada, final, now + DAY - timedelta(seconds=1))
    assert told.value.opens_at == now + DAY
    assert taking.start(ada, final, now + DAY).number == 2
    assert taking.start(ada, final, now).number == 2  # the open one can be gone on with at any time


def test_the_quiz_of_a_module_waits_for_nothing(course, ada):
    quiz = quiz_of(course)
    take(ada, quiz, 0)
    assert taking.start(ada, quiz).number == 2


def test_hr_shortens_the_wait_by_a_fact_and_never_makes_it_longer(final, ada):
    now = timezone.now()
    take(ada, final, 0, now)
    hana = make_person("Hana")
    later = {"enrollment": ada, "quiz": final, "by": hana, "reason": "Was ill", "at": now + timedelta(hours=1)}
    RetakeChange.objects.create(may_start_at=now + 3 * DAY, **later)
    assert retakes.of(ada, final, now).opens_at == now + DAY
    RetakeChange.objects.create(may_start_at=now + timedelta(hours=2), **later)
    assert taking.start(ada, final, now + timedelta(hours=2)).number == 2


def test_a_shortened_wait_holds_for_one_attempt(final, ada):
    now = timezone.now()
    take(ada, final, 0, now)
    RetakeChange.objects.create(
        enrollment=ada, quiz=final, by=make_person("Hana"), reason="Ill", at=now, may_start_at=now
    )
    take(ada, final, 0, now + timedelta(hours=1))
    assert retakes.of(ada, final, now + timedelta(hours=2)).opens_at == now + timedelta(hours=1) + DAY


def test_a_limit_is_a_fact_and_can_be_lifted(final, ada):
    fail(ada, final, 2)
    hana = make_person("Hana")
    RetakeChange.objects.create(enrollment=ada, quiz=final, by=hana, reason="Agreed", limit=2)
    with pytest.raises(retakes.NoneLeft):
        taking.start(ada, final)
    RetakeChange.objects.create(enrollment=ada, quiz=final, by=hana, reason="Once more", limit=0)
    assert taking.start(ada, final).number == 3


def test_without_a_limit_it_never_locks(final, ada):
    fail(ada, final, 9)
    assert taking.start(ada, final).number == 10


def test_it_is_explained_question_by_question_only_after_passing(client, final, ada):
    failed = fail(ada, final, 1)
    html = sign_in(client, ada.user).get(failed.get_absolute_url()).text
    assert "Not yet: 0 of 9. You need 8." in html
    assert "Do it." in html  # the objective
    assert "Read again" not in html
    assert "Lesson m1-read-1" in html
    assert "Stem of fin" not in html
    assert "Feedback" not in html
    assert "you can try again" not in html  # the day is over
    passed = take(ada, final, 9)
    assert "Stem of fin" in client.get(passed.get_absolute_url()).text
    assert "Stem of fin" in client.get(failed.get_absolute_url()).text


def test_the_wait_is_said_on_the_result_and_on_the_page_of_the_final(client, final, ada):
    failed = take(ada, final, 0)
    sign_in(client, ada.user)
    assert "you can try again" in client.get(failed.get_absolute_url()).text
    assert "you can try again" in client.get(final.lesson.get_absolute_url()).text
    refused = client.post(address("start", final))
    assert refused.status_code == 409
    assert "24 hours" in refused.text
    assert Attempt.objects.count() == 1
    with time_machine.travel(timezone.now() + DAY + timedelta(minutes=1)):
        client.force_login(ada.user)
        assert client.post(address("start", final)).status_code == 302


def test_the_page_of_the_final_says_its_rules_in_counts(client, final, ada):
    html = sign_in(client, ada.user).get(final.lesson.get_absolute_url()).text
    assert "9 questions. You need 8." in html
    assert "24 hours later" in html
    assert "Once you have passed" in html
    assert "Know this already" not in html


def test_after_the_second_failure_the_two_weakest_lessons_are_named(client, final, ada):
    first = fail(ada, final, 1, timezone.now() - 9 * DAY)
    assert results.of(first, ada.user).weakest == []
    second = take(ada, final, 3, timezone.now() - 2 * DAY)
    told = results.of(second, ada.user)
    assert len(told.weakest) == 2
    assert told.weakest == told.rereads[:2]
    html = sign_in(client, ada.user).get(second.get_absolute_url()).text
    assert "they would gain you most" in html


def test_after_the_third_failure_others_read_could_use_help(final, ada):
    def named() -> bool:
        return Enrollment.objects.filter(retakes.could_use_help_q()).filter(pk=ada.pk).exists()

    fail(ada, final, 2, timezone.now() - 20 * DAY)
    assert not named()
    fail(ada, final, 1, timezone.now() - 9 * DAY)
    assert named()
    take(ada, final, 9)
    assert not named()


def test_failing_the_quiz_of_a_module_often_is_nobody_elses_business(course, ada):
    for _again in range(4):
        take(ada, quiz_of(course), 0)
    assert not Enrollment.objects.filter(retakes.could_use_help_q()).exists()


# --- Show what you know -----------------------------------------------------------------------------------------------


@pytest.fixture
def eight(course):
    return make_quiz(course.modules.get(key="m1"), "eight", Objective.objects.get(key="O1.1"), pool=9, draw=8, mark=6)


def credited(enrollment: Enrollment) -> set[str]:
    facts = enrollment.completions.filter(how=Completion.How.BY_QUIZ)
    return set(facts.values_list("lesson__key", flat=True))


@pytest.mark.parametrize(("right", "lessons"), [(8, 2), (7, 2), (6, 0)])
def test_seven_of_eight_at_first_credit_the_readings_of_the_module(eight, ada, right, lessons):
    assert take(ada, eight, right).passed
    assert credited(ada) == ({"m1-read-1", "m1-read-2"} if lessons else set())
    assert ada.progress()[0] == lessons


def test_a_second_attempt_credits_nothing(eight, ada):
    take(ada, eight, 0)
    take(ada, eight, 8)
    assert credited(ada) == set()


def test_what_is_always_read_is_still_to_be_read(eight, ada):
    Lesson.objects.filter(key="m1-read-2").update(always_read=True)
    take(ada, eight, 8)
    assert credited(ada) == {"m1-read-1"}


def test_what_was_read_before_stays_read(eight, ada):
    lesson = Lesson.objects.get(key="m1-read-1")
    Completion.objects.create(
        enrollment=ada, lesson=lesson, revision=lesson.published_revision, redo_level=0, how=Completion.How.READ
    )
    take(ada, eight, 8)
    assert credited(ada) == {"m1-read-2"}
    assert ada.completions.filter(lesson=lesson).count() == 1


def test_a_final_credits_no_readings(final, ada):
    assert take(ada, final, 9).passed
    assert credited(ada) == set()


def test_the_page_of_a_quiz_offers_it_until_the_first_attempt(client, eight, ada):
    sign_in(client, ada.user)
    assert "7 of 8 right in your first attempt" in client.get(eight.lesson.get_absolute_url()).text
    result = client.get(take(ada, eight, 8).get_absolute_url()).text
    assert "its readings count as done, by quiz" in result
    assert "right in your first attempt" not in client.get(eight.lesson.get_absolute_url()).text


def test_credit_at_the_last_lesson_completes_the_course(db):
    course = make_course(modules=1, readings=2)
    ada = enroll(make_person("Ada"), course)
    take(ada, quiz_of(course), 3)
    ada.refresh_from_db()
    assert ada.is_complete
    assert ada.certificate


def test_what_was_credited_says_by_quiz_where_it_is_shown(client, eight, ada):
    take(ada, eight, 8)
    sign_in(client, ada.user)
    assert client.get("/courses/service/").text.count("Complete, by quiz") == 2
    assert "Completed by quiz" in client.get("/courses/service/m1-read-1/").text


def test_a_final_asks_about_no_module_that_joined_the_path_later(course, final, ada):
    """What is optional for somebody under way is not asked of them."""
    later = timezone.now() + timedelta(days=1)
    course.paths.get().steps.filter(lesson__module__key="m3").update(since=later)
    assert modules_of(taking.start(ada, final)) == {"m1": 3, "m2": 3}


def test_a_final_tried_beside_the_path_is_ones_own_business(course, final):
    other = course.paths.create(key="other", title="Other")
    other.steps.create(lesson=Lesson.objects.get(key="m1-read-1"), position=1)
    otto = enroll(make_person("Otto"), course, "other")
    fail(otto, final, 3)
    assert not Enrollment.objects.filter(retakes.could_use_help_q()).exists()
