"""Taking a quiz through its pages, as Ada."""

import json
import re
from datetime import date
from urllib.parse import urlencode

import pytest

from courses.models import Completion, Objective
from quizzes.models import Attempt, Question, Quiz
from tests.builders import make_lesson, make_quiz
from tests.conftest import sign_in
from tests.quizzes.taking_part import JSON, address, answer_all, quiz_of, secret_question, started


@pytest.fixture
def quiz(cast) -> Quiz:
    return quiz_of(cast.course)


@pytest.fixture
def ada(cast, client):
    return sign_in(client, cast.ada)


def test_from_start_to_a_passed_quiz(cast, ada, quiz):
    attempt = started(ada, quiz)
    first = ada.get(address("attempt", quiz, 1))
    assert first.url == address("question", quiz, 1, 1)
    answer_all(ada, quiz, attempt)
    confirm = ada.get(address("close", quiz, 1))
    assert "All 3 answered" in confirm.text
    response = ada.post(address("close", quiz, 1))
    assert response.url == address("attempt", quiz, 1)
    result = ada.get(response.url)
    assert "Passed: 3 of 3. You need 2." in result.text
    completion = Completion.objects.get(enrollment=cast.ada_enrolled, lesson=quiz.lesson)
    assert completion.how == Completion.How.QUIZ
    assert f'href="{cast.course.get_absolute_url()}"' in result.text
    assert "Go on in the course" in result.text


def test_not_passed_says_what_is_missing_and_offers_one_next_step(ada, quiz):
    attempt = started(ada, quiz)
    answer_all(ada, quiz, attempt, right=1)
    ada.post(address("close", quiz, 1))
    result = ada.get(address("attempt", quiz, 1))
    assert "Not yet: 1 of 3. You need 2." in result.text
    assert result.text.count("button-primary") == 1
    assert "Try again with new questions" in result.text
    assert not Completion.objects.exists()


def test_starting_again_is_the_same_attempt(ada, quiz):
    assert started(ada, quiz) == started(ada, quiz)
    assert Attempt.objects.count() == 1


def test_the_address_of_start_leads_to_the_introduction_after_signing_in(ada, quiz):
    response = ada.get(address("start", quiz))
    assert response.url == quiz.lesson.get_absolute_url()
    assert not Attempt.objects.exists()


def test_a_question_shows_what_was_saved(ada, quiz):
    attempt = started(ada, quiz)
    url = address("question", quiz, 1, 2)
    ada.post(url, {"option": "b", "marked": "on", "go": "next"})
    page = ada.get(url)
    assert "Question 2 of 3" in page.text
    assert re.search(r'value="b" checked', page.text)
    assert not re.search(r'value="a" checked', page.text)
    assert re.search(r'name="marked" checked', page.text)
    assert "answered, marked for review" in page.text
    assert "Choose one." in page.text
    positions = re.findall(r'name="option" value="(\w)"', page.text)
    assert positions == attempt.answers.get(position=2).option_order


@pytest.mark.parametrize(
    ("pressed", "to"), [("next", 3), ("back", 1), ("3", 3), ("1", 1), ("2", 2), ("", 3), ("close", "close")]
)
def test_the_pressed_button_says_where_one_goes(ada, quiz, pressed, to):
    started(ada, quiz)
    response = ada.post(address("question", quiz, 1, 2), {"option": "a", "go": pressed})
    assert response.status_code == 302
    assert response.url == (address("close", quiz, 1) if to == "close" else address("question", quiz, 1, to))


def test_after_the_last_question_comes_the_page_that_closes(ada, quiz):
    started(ada, quiz)
    response = ada.post(address("question", quiz, 1, 3), {"option": "a", "go": "next"})
    assert response.url == address("close", quiz, 1)
    page = ada.get(response.url)
    assert "2 unanswered" in page.text
    assert f'href="{address("question", quiz, 1, 1)}"' in page.text
    assert f'href="{address("question", quiz, 1, 3)}"' in page.text  # the way back
    assert page.text.count("button-primary") == 1


def test_one_comes_back_to_the_first_unanswered_or_else_the_last_saved(ada, quiz):
    started(ada, quiz)
    for position in (1, 3):
        ada.post(address("question", quiz, 1, position), {"option": "a"})
    assert ada.get(address("attempt", quiz, 1)).url == address("question", quiz, 1, 2)
    for position in (2, 1):
        ada.post(address("question", quiz, 1, position), {"option": "b"})
    assert ada.get(address("attempt", quiz, 1)).url == address("question", quiz, 1, 1)


def test_a_choice_can_be_changed_and_taken_back(ada, quiz):
    attempt = started(ada, quiz)
    url = address("question", quiz, 1, 1)
    for given, kept in (("a", ["a"]), ("b", ["b"])):
        ada.post(url, {"option": given})
        assert attempt.answers.get(position=1).response == kept
    ada.post(url, {})
    answer = attempt.answers.get(position=1)
    assert answer.response is None
    assert not answer.is_answered


def test_after_signing_in_again_one_is_at_the_same_question(cast, ada, quiz):
    started(ada, quiz)
    url = address("question", quiz, 1, 2)
    ada.logout()
    assert ada.get(url).url.startswith(f"/accounts/sign-in/?{urlencode({'next': url})}")
    response = ada.post(url, {"option": "a"}, HTTP_REFERER=f"http://testserver{url}")
    assert response.status_code == 302
    assert urlencode({"next": url}) in response.url
    sign_in(ada, cast.ada)
    assert "Question 2 of 3" in ada.get(url).text


def test_the_script_saves_in_json(ada, quiz):
    attempt = started(ada, quiz)
    response = ada.post(address("question", quiz, 1, 1), {"option": "c"}, **JSON)
    assert response.status_code == 200
    assert response.json()["saved"] is True
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d", response.json()["at"])
    assert attempt.answers.get(position=1).response == ["c"]


def test_closing_again_gives_the_same_result(ada, quiz):
    attempt = started(ada, quiz)
    answer_all(ada, quiz, attempt)
    for _again in range(3):
        assert ada.post(address("close", quiz, 1)).url == address("attempt", quiz, 1)
    assert ada.get(address("close", quiz, 1)).url == address("attempt", quiz, 1)
    assert ada.get(address("question", quiz, 1, 1)).url == address("attempt", quiz, 1)
    assert Completion.objects.filter(lesson=quiz.lesson).count() == 1


def test_a_retry_that_passes_completes_and_both_are_listed(ada, quiz):
    answer_all(ada, quiz, started(ada, quiz), right=0)
    ada.post(address("close", quiz, 1))
    answer_all(ada, quiz, started(ada, quiz))
    ada.post(address("close", quiz, 2))
    assert Completion.objects.filter(lesson=quiz.lesson).count() == 1
    result = ada.get(address("attempt", quiz, 2)).text
    assert f'href="{address("attempt", quiz, 1)}"' in result
    assert "0 of 3" in result
    first = ada.get(address("attempt", quiz, 1)).text
    assert "Not yet: 0 of 3. You need 2." in first
    assert "Go on in the course" in first


@pytest.fixture
def secret_quiz(cast) -> Quiz:
    """One question of each type, worth rereading an existing lesson, with marked secrets."""
    module = cast.course.modules.get()
    lesson = make_lesson(module, "reread-me", position=20)
    revision = lesson.published_revision
    revision.title = "SECRET lesson"
    revision.save()
    objective = Objective.objects.create(
        module=module, key="O9", text="SECRET objective", skill=cast.course.skills.get()
    )
    quiz = make_quiz(module, "secret-quiz", position=21, pool=0, draw=3, mark=2)
    for type_ in ("single", "multiple", "truefalse"):
        question = secret_question(cast.course, f"item-{type_}", type_, objective, lesson)
        quiz.pool_items.create(question=question)
    return quiz


def test_nothing_is_given_away_before_closing(ada, secret_quiz):
    quiz, responses = secret_quiz, []
    attempt = started(ada, quiz)
    for answer in attempt.answers.all():
        url = address("question", quiz, 1, answer.position)
        key = answer.option_order[0]
        responses += [
            ada.get(url),
            ada.post(url, {"option": key}, **JSON),
            ada.post(url, {"option": key}),
            ada.get(url),
        ]
        responses += [ada.post(url, {"option": "forged"}), ada.post(url, {"option": "forged"}, **JSON)]
    responses += [ada.get(address("close", quiz, 1)), ada.get(address("attempt", quiz, 1), follow=True)]
    for response in responses:
        for word in ("SECRET", "correct", "feedback", "points", "judge", "is-right", "reread"):
            assert word not in response.text, word
            assert word not in json.dumps(dict(response.headers))
    ada.post(address("close", quiz, 1))
    result = ada.get(address("attempt", quiz, 1)).text
    for part in ("SECRET feedback a of item-single", "SECRET objective", "SECRET lesson", "SECRET feedback f"):
        assert part in result


def test_options_with_and_without_the_right_one_look_alike(ada, secret_quiz):
    """No attribute may tell them apart: but for keys, texts and the tick, the markup of each option is the same."""
    attempt = started(ada, secret_quiz)
    for answer in attempt.answers.all():
        page = ada.get(address("question", secret_quiz, 1, answer.position)).text
        options = re.findall(r"<label class=\"quiz-option.*?</label>", page, flags=re.DOTALL)
        assert len(options) == len(answer.option_order)
        bare = {re.sub(r'value="\w"|Text \w of [\w-]+', "", option) for option in options}
        assert len(bare) == 1


def test_partly_right_prints_as_a_short_number(ada, secret_quiz):
    attempt = started(ada, secret_quiz)
    for answer in attempt.answers.select_related("question_revision"):
        keys = {"single": ["a"], "multiple": ["a"], "truefalse": ["t"]}[answer.question_revision.type]
        ada.post(address("question", secret_quiz, 1, answer.position), {"option": keys})
    ada.post(address("close", secret_quiz, 1))
    result = ada.get(address("attempt", secret_quiz, 1)).text
    assert "Passed: 2.5 of 3. You need 2." in result
    assert "Partly: 0.5 of 1" in result
    assert "2.50 of" not in result
    assert 'max="3"' in result


def test_the_result_marks_own_choice_and_right_one_by_word(ada, secret_quiz):
    attempt = started(ada, secret_quiz)
    answer = attempt.answers.get(question_revision__type="single")
    ada.post(address("question", secret_quiz, 1, answer.position), {"option": "b"})
    ada.post(address("close", secret_quiz, 1))
    result = ada.get(address("attempt", secret_quiz, 1)).text
    card = next(part for part in result.split("<section") if "item-single" in part)
    items = {key: item for item in card.split("<li ")[1:] for key in "abc" if f"Text {key} of" in item}
    assert "Your choice" in items["b"]
    assert "Not this one" in items["b"]
    assert "Right" in items["a"]
    assert "Your choice" not in items["a"]
    assert "Your choice" not in items["c"]
    assert "Right" not in items["c"]
    for key in "abc":
        assert f"SECRET feedback {key} of item-single" in items[key]
    assert "Read again: SECRET lesson" in card


def test_a_lesson_to_reread_that_was_taken_back_is_not_linked(ada, secret_quiz):
    started(ada, secret_quiz)
    ada.post(address("close", secret_quiz, 1))
    from courses import publishing
    from courses.models import Lesson

    assert "Read again" in ada.get(address("attempt", secret_quiz, 1)).text
    publishing.unpublish(Lesson.objects.get(key="reread-me"))
    result = ada.get(address("attempt", secret_quiz, 1))
    assert "Read again" not in result.text
    assert "reread-me" not in result.text


def test_after_the_cut_off_results_can_be_read_and_nothing_started(cast, ada, quiz):
    started(ada, quiz)
    ada.post(address("close", quiz, 1))
    cast.ada_enrolled.closes_on = date(2020, 1, 1)
    cast.ada_enrolled.save()
    result = ada.get(address("attempt", quiz, 1)).text
    assert "Not yet: 0 of 3" in result
    assert address("start", quiz) not in result


def test_a_question_without_points_comes_last_and_is_reached(cast, ada, quiz):
    rewrite = Question.objects.create(course=cast.course, key="say-it-better")
    body = {"stem": "Say it better.", "model": "I will call you by three.", "look_for": ["Has a time."]}
    rewrite.publish(rewrite.add_revision(type="rewrite", body=body))
    quiz.pool_items.create(question=rewrite)
    attempt = started(ada, quiz)
    assert attempt.max_score == 3
    response = ada.post(address("question", quiz, 1, 3), {"option": "a", "go": "next"})
    assert response.url == address("question", quiz, 1, 4)
    html = ada.get(response.url).text
    assert "Question 4 of 4" in html
    assert "by three" not in html
    assert ada.post(response.url, {"text": "Mine\r\nis short.", "go": "next"}).url == address("close", quiz, 1)
    ada.post(address("close", quiz, 1))
    result = ada.get(address("attempt", quiz, 1)).text
    assert "1 of 3" in result
    assert "I will call you by three." in result
    assert "Mine<br>is short." in result
    assert "Without points" in result
