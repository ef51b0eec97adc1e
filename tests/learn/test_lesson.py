"""The lesson page: what it shows, what it never shows too early, and what Continue records."""

from urllib.parse import urlencode

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from courses import progress, publishing
from courses.models import Completion, Diagram, Lesson, LessonRevision
from learn import lesson_page
from learn.course_map import lesson_rows
from quizzes import taking
from quizzes.models import Attempt, CheckAnswer, Question
from tests.builders import enroll, make_course, make_lesson
from tests.conftest import sign_in

READ = "/courses/service/m1-read-1/"
SECOND = "/courses/service/m1-read-2/"
QUIZ = "/courses/service/m1-quiz/"


def lesson(key="m1-read-1"):
    return Lesson.objects.select_related("published_revision", "course").get(key=key)


def answer(client, url=READ, option="a"):
    return client.post(f"{url}check/", {"option": option})


def press_continue(client, url=READ, **data):
    data.setdefault("revision", Lesson.objects.get(slug=url.split("/")[3]).published_revision_id)
    return client.post(f"{url}complete/", data)


def page(client, url=READ):
    response = client.get(url)
    assert response.status_code == 200, url
    return response.content.decode()


def test_a_reading_shows_where_one_is_and_what_it_says(client, cast):
    html = page(sign_in(client, cast.ada))
    assert "Course service" in html
    assert "1 of 3 in this module" in html
    assert "3 minutes" in html
    assert "Text of m1-read-1." in html
    assert "Remember it." in html
    assert "Stem of check-m1-read-1?" in html
    assert "Continue: Lesson m1-read-2" in html
    assert 'href="/courses/service/m1-quiz/"' in html


def test_no_feedback_and_no_key_in_any_byte_before_answering(client, cast):
    raw = sign_in(client, cast.ada).get(READ)
    everything = raw.content + str(raw.headers).encode()
    for word in (b"Feedback", b"correct", b"is-right", b"Your choice"):
        assert word not in everything


def test_after_answering_each_option_is_explained_and_the_own_answer_marked(client, cast):
    sign_in(client, cast.ada)
    assert answer(client, option="b").headers["Location"] == f"{READ}#check"
    html = page(client)
    for key in "abc":
        assert f"Feedback {key} of check-m1-read-1" in html
    assert html.count("Your choice") == 1
    assert "Not quite" in html
    assert 'name="option"' not in html


def test_only_the_first_answer_counts(client, cast):
    sign_in(client, cast.ada)
    answer(client, option="b")
    answer(client, option="a")
    assert CheckAnswer.objects.get().response == ["b"]


def test_an_answer_belongs_to_the_question_that_was_on_the_page(client, cast):
    sign_in(client, cast.ada)
    question = Question.objects.select_related("published_revision").get(key="check-m1-read-1")
    shown, body = question.published_revision, question.published_revision.body
    assert f'name="question" value="{shown.pk}"' in page(client)
    turned = {**body, "stem": "Another one?", "options": [{**body["options"][0], "key": "z"}, *body["options"][1:]]}
    draft = {"type": "single", "objective": shown.objective, "level": "apply"}
    question.publish(question.add_revision(body=turned, **draft))
    later = question.add_revision(body={**turned, "stem": "A draft?"}, **draft)
    other = Question.objects.get(key="check-m1-read-2").published_revision
    for forged in (later.pk, other.pk, "x", 9**40):  # what was never shown: the published one counts
        refused = client.post(f"{READ}check/", {"option": "a", "question": forged})
        assert b"That does not fit this question" in refused.content
        assert b"Another one?" in refused.content
    in_vain = client.post(f"{READ}check/", {"question": shown.pk})
    assert b"Stem of check-m1-read-1?" in in_vain.content
    client.post(f"{READ}check/", {"option": "a", "question": shown.pk})
    assert CheckAnswer.objects.get().question_revision == shown
    assert "Stem of check-m1-read-1?" in page(client)


def test_no_answer_is_an_error_with_a_summary_and_a_title(client, cast):
    response = sign_in(client, cast.ada).post(f"{READ}check/", {})
    html = response.content.decode()
    assert "<title>Error:" in html
    assert "Give your answer first." in html
    assert 'id="error-summary"' in html
    assert "Feedback" not in html
    assert not CheckAnswer.objects.exists()


@pytest.mark.parametrize("option", ["z", "a\x00", "9" * 40, ""])
def test_a_forged_answer_is_refused_and_tells_nothing(client, cast, option):
    response = sign_in(client, cast.ada).post(f"{READ}check/", {"option": option})
    assert response.status_code == 200
    assert b"Feedback" not in response.content
    assert not CheckAnswer.objects.exists()


def test_continue_completes_once_however_often_it_is_pressed(client, cast):
    sign_in(client, cast.ada)
    answer(client)
    places = [press_continue(client).headers["Location"] for again in range(3)]
    assert places == [SECOND] * 3
    assert Completion.objects.filter(enrollment=cast.ada_enrolled).count() == 1
    assert "Completed" in page(client)


def test_continue_asks_for_the_check_first_and_loses_nothing(client, cast):
    sign_in(client, cast.ada)
    response = press_continue(client)
    assert response.headers["Location"] == f"{READ}#check"
    assert "answer the check question" in page(client)
    assert not Completion.objects.exists()


def test_a_reading_without_a_check_needs_continue_alone(client, cast):
    make_lesson(cast.course.modules.get(), "plain", position=7)
    enroll_path(cast.course, "plain")
    sign_in(client, cast.ada)
    press_continue(client, "/courses/service/plain/")
    assert Completion.objects.get().lesson.key == "plain"


def enroll_path(course, key):
    course.paths.get().steps.create(lesson=course.lessons.get(key=key), position=90)


def test_after_the_last_required_lesson_comes_the_warm_moment(client, cast):
    Lesson.objects.filter(key="m1-quiz").update(required=False)
    sign_in(client, cast.ada)
    answer(client)
    assert press_continue(client).headers["Location"] == SECOND
    answer(client, SECOND)
    response = press_continue(client, SECOND)
    assert response.headers["Location"] == "/courses/service/module/m1/"
    html = page(client, "/courses/service/module/m1/")
    assert "You did all of it, Ada" in html
    assert "Do it." in html
    assert "Lesson m1-read-1" in html  # the module stays open, below
    assert press_continue(client, SECOND).headers["Location"] == QUIZ


@pytest.mark.parametrize("revision", ["", "x", "9" * 40, "-1", "1\x00", "987654"])
def test_a_forged_revision_records_nothing_and_says_so(client, cast, revision):
    sign_in(client, cast.ada)
    answer(client)
    response = press_continue(client, revision=revision)
    assert response.headers["Location"] == READ
    assert "changed while it was open" in page(client)
    assert not Completion.objects.exists()


def test_a_missing_revision_and_one_of_another_lesson_record_nothing(client, cast):
    sign_in(client, cast.ada)
    answer(client)
    other = lesson("m1-read-2").published_revision_id
    assert press_continue(client, revision=other).headers["Location"] == READ
    assert client.post(f"{READ}complete/").headers["Location"] == READ
    assert not Completion.objects.exists()


def test_a_redo_in_between_is_said_and_recorded_against_the_new_text_only(client, cast):
    sign_in(client, cast.ada)
    answer(client)
    old = lesson().published_revision_id
    publishing.publish(lesson().add_revision(title="Newer", body="New.", note="The law"), LessonRevision.Effect.REDO)
    press_continue(client, revision=old)
    assert "changed while it was open" in page(client)
    assert not Completion.objects.exists()
    press_continue(client)
    assert Completion.objects.get().revision == lesson().published_revision


def test_a_completed_lesson_says_what_happened_since(client, cast):
    sign_in(client, cast.ada)
    answer(client)
    press_continue(client)
    assert "has changed" not in page(client)
    publishing.publish(
        lesson().add_revision(title="Newer", body="New.", note="Two words"), LessonRevision.Effect.ANNOUNCE
    )
    assert "has changed since you completed it" in page(client)
    assert "Two words" in page(client)
    publishing.publish(lesson().add_revision(title="Newest", body="Newest."), LessonRevision.Effect.REDO)
    assert "please do it again by" in page(client)


def test_a_closed_course_can_be_read_and_records_nothing(client, cast):
    cast.ada_enrolled.closes_on = "2020-01-31"
    cast.ada_enrolled.save()
    sign_in(client, cast.ada)
    assert "nothing more is recorded" in page(client)
    assert b"Feedback a of" in answer(client).content
    press_continue(client)
    assert not CheckAnswer.objects.exists()
    assert not Completion.objects.exists()


def test_a_path_in_order_locks_what_comes_later(client, cast):
    cast.course.paths.update(is_sequential=True)
    sign_in(client, cast.ada)
    html = page(client, SECOND)
    assert "Lesson m1-read-1” comes first" in html
    assert "Text of m1-read-2" not in html
    answer(client, SECOND)
    press_continue(client, SECOND)
    assert not CheckAnswer.objects.exists()
    assert not Completion.objects.exists()
    answer(client)
    press_continue(client)
    assert "Text of m1-read-2" in page(client, SECOND)


def test_the_quiz_intro_says_the_rules_in_counts_and_the_earlier_attempts(client, cast):
    sign_in(client, cast.ada)
    html = page(client, QUIZ)
    assert "3 questions. You need 2." in html
    assert "Start the module quiz" in html
    attempt = taking.start(cast.ada_enrolled, lesson("m1-quiz").quiz)
    taking.save_answer(attempt, 1, ["a"], False)
    assert "Go on with question 2" in page(client, QUIZ)
    taking.close(attempt)
    html = page(client, QUIZ)
    assert "1 of 3; 2 needed" in html
    assert "Not yet" in html
    assert "Take the quiz again" in html


def test_nobody_else_sees_my_attempts(client, cast):
    taking.close(taking.start(cast.otto_enrolled, lesson("m1-quiz").quiz))
    assert Attempt.objects.count() == 1
    assert "Your attempts" not in page(sign_in(client, cast.ada), QUIZ)


def test_a_story_has_no_continue_to_record(client, cast):
    make_lesson(cast.course.modules.get(), "tale", position=8, kind="story")
    enroll_path(cast.course, "tale")
    sign_in(client, cast.ada)
    assert "/complete/" not in page(client, "/courses/service/tale/")
    assert client.post("/courses/service/tale/complete/", {"revision": 1}).status_code == 404


@pytest.mark.parametrize("who", ["stranger", "mia", "hana", "olga"])
def test_a_lesson_of_a_course_one_is_not_on_is_like_none(client, cast, who):
    sign_in(client, getattr(cast, who))
    for url in (READ, QUIZ, "/courses/service/none/", "/courses/none/m1-read-1/"):
        assert client.get(url).status_code == 404
    assert press_continue(client).status_code == 404
    assert answer(client).status_code == 404


def test_strangers_are_sent_to_sign_in_whether_the_lesson_exists_or_not(client, cast):
    for url in (READ, "/courses/service/none/"):
        assert client.get(url).headers["Location"] == f"/accounts/sign-in/?{urlencode({'next': url})}"
    assert client.post(f"{READ}complete/").status_code == 302
    for url in (READ, "/courses/service/none/"):
        sent = client.post(f"{url}check/", {"option": "a"}, headers={"referer": f"http://testserver{url}"})
        assert sent.headers["Location"] == f"/accounts/sign-in/?{urlencode({'next': url, 'why': 'unsaved'})}"


@pytest.mark.parametrize("is_sample", [False, True])
def test_an_answer_after_the_session_ended_leads_to_sign_in_and_back(client, cast, is_sample):
    """Also in the lesson that is open to everybody, where the answer would be explained, and forgotten."""
    Lesson.objects.filter(key="m1-read-1").update(is_sample=is_sample)
    sign_in(client, cast.ada)
    page(client)
    Session.objects.all().delete()
    sent = client.post(f"{READ}check/", {"option": "a"}, headers={"referer": f"http://testserver{READ}"})
    assert "was not saved" in page(client, sent.headers["Location"])
    assert sent.headers["Location"].startswith(f"/accounts/sign-in/?{urlencode({'next': READ})}")
    assert not CheckAnswer.objects.exists()


def test_editors_read_without_being_recorded(client, cast):
    sign_in(client, cast.ed)
    assert "reading as an editor" in page(client)
    assert b"Feedback a of" in answer(client).content
    assert press_continue(client).status_code == 404
    assert not CheckAnswer.objects.exists()


def test_an_unpublished_lesson_is_gone_and_its_title_nowhere(client, cast):
    publishing.unpublish(lesson("m1-read-2"))
    sign_in(client, cast.ada)
    assert client.get(SECOND).status_code == 404
    for url in ("/", "/courses/service/", READ):
        assert "m1-read-2" not in page(client, url)


def test_the_key_leads_to_the_address(client, cast):
    Lesson.objects.filter(key="m1-read-1").update(slug="new-address")
    response = sign_in(client, cast.ada).get(READ)
    assert response.headers["Location"] == "/courses/service/new-address/"


def test_after_signing_in_again_the_posted_addresses_lead_to_the_lesson(client, cast):
    sign_in(client, cast.ada)
    assert client.get(f"{READ}complete/").headers["Location"] == READ
    assert client.get(f"{READ}check/").headers["Location"] == READ
    assert client.get(f"{READ}complete/?revision={'9' * 40}").status_code == 302


def test_the_sample_works_to_the_end_and_stores_nothing(client, cast):
    Lesson.objects.filter(key="m1-read-1").update(is_sample=True)
    before = counts()
    assert "Feedback" not in page(client)
    html = answer(client, option="b").content.decode()
    assert "Feedback c of check-m1-read-1" in html
    assert "Nothing you did here was stored" in html
    assert counts() == before
    assert "Feedback" not in page(client)


def test_the_sample_stores_nothing_of_people_who_are_not_on_the_course(client, cast):
    Lesson.objects.filter(key="m1-read-1").update(is_sample=True)
    sign_in(client, cast.stranger)
    before = counts()
    assert b"Feedback a of" in answer(client).content
    assert counts() == before
    assert "/courses/service/#" not in page(client)


def counts():
    return Session.objects.count(), CheckAnswer.objects.count(), Completion.objects.count(), Attempt.objects.count()


def test_a_reading_costs_seven_queries_however_many_people_and_courses(cast, django_assert_max_num_queries):
    one = lesson()
    Diagram.objects.create(course=one.course, key="curve", title="Curve", alt="It falls.", svg=SVG)
    publishing.publish(one.add_revision(title="T", body="::: diagram curve\n:::\n"), LessonRevision.Effect.SILENT)
    for number in range(3):
        enroll(cast.ada, make_course(key=f"more-{number}"))
    client = sign_in(Client(), cast.ada)
    with django_assert_max_num_queries(7):
        assert "diagram-curve-title" in page(client)
    answer(client)
    with django_assert_max_num_queries(7):
        page(client)


SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><title>Curve</title><desc>It falls.</desc>'
    '<path class="d-line" d="M0 0h9"/></svg>'
)


@pytest.mark.parametrize("effect", ["announce", "redo", "silent"])
def test_the_lean_rows_of_the_page_agree_with_the_rule(cast, effect):
    first, second = lesson(), lesson("m1-read-2")
    make_lesson(cast.course.modules.get(), "extra", position=9)
    for done in (first, second):
        progress.complete_lesson(cast.ada_enrolled, done, done.published_revision, Completion.How.READ)
    publishing.publish(first.add_revision(title="T", body="B"), LessonRevision.Effect(effect))
    cast.course.paths.get().steps.filter(lesson=second).update(since=timezone.now())
    again = lesson()
    if effect == "redo":
        progress.complete_lesson(cast.ada_enrolled, again, again.published_revision, Completion.How.READ)
    lean = {row.pk: row for row in lesson_page.module_rows(again, cast.ada_enrolled)}
    rule = {row.pk: row for row in lesson_rows(cast.ada, cast.course, cast.ada_enrolled)}
    assert len(lean) == len(rule) == 4
    for pk, row in rule.items():
        for name in ("slug", "shown_title", "step", "is_required", "is_complete", "completed_number", "done_at", "url"):
            assert getattr(lean[pk], name) == getattr(row, name), name
        one = Lesson.objects.get(pk=pk)
        assert lesson_page.is_changed(one, lean[pk]) == (row.is_changed and row.is_complete)
