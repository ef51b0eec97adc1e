"""What no form of the newer types sends: refused with a page that says so, a line in the log, and nothing changed."""

import logging
import re

import pytest

from quizzes.models import Answer, Question
from tests.conftest import sign_in
from tests.quizzes.taking_part import JSON, address, quiz_of, started

OPTIONS = [{"key": key, "text": f"Text {key}", "feedback": f"So {key}."} for key in "abc"]
CHOSEN = [{**OPTIONS[0], "correct": True}, *OPTIONS[1:]]
MATCHED = [{**option, "match": match} for option, match in zip(OPTIONS, ("x", "y", "x"), strict=True)]
BODIES = {
    "scenario": {"options": CHOSEN, "who": "Ines", "line": "Well?"},
    "ordering": {"options": OPTIONS},
    "matching": {"options": MATCHED, "extra": ["z"]},
    "short": {"options": CHOSEN, "otherwise": "No."},
    "rewrite": {"model": "I will.", "look_for": ["A name."]},
}
GOOD = {
    "scenario": {"option": "b"},
    "ordering": {"place-1": "2", "place-2": "", "place-3": "1"},
    "matching": {"match-1": "1", "match-2": "2", "match-3": ""},
    "short": {"text": "Text b"},
    "rewrite": {"text": "I'll do it.\r\nToday."},
}
BAD = [
    ("scenario", {"option": ["a", "b"]}),
    ("scenario", {"option": "z"}),
    ("ordering", {"place-1": "4"}),
    ("ordering", {"place-1": "0"}),
    ("ordering", {"place-4": "1"}),
    ("ordering", {"place-1": ["1", "2"]}),
    ("ordering", {"place-1": "²"}),
    ("ordering", {"place-": "1"}),
    ("ordering", {"place-1": "9" * 400}),
    ("matching", {"match-1": "4"}),
    ("matching", {"match-1": "x"}),
    ("matching", {"match-a": "1"}),
    ("matching", {"match-1": "\x00"}),
    ("short", {"text": ["a", "b"]}),
    ("short", {"text": "x" * 201}),
    ("short", {"text": "a\x00b"}),
    ("rewrite", {"text": "x" * 4001}),
    ("rewrite", {"text": "a\x00b"}),
]


@pytest.fixture
def asked(cast, client):
    """One question of a type, in an open attempt of Ada's: its address, and the row of its answer."""
    sign_in(client, cast.ada)
    quiz = quiz_of(cast.course)

    def ask(type_: str) -> tuple[str, Answer]:
        question = Question.objects.create(course=cast.course, key=f"new-{type_}")
        body = {"stem": "Which?", **BODIES[type_]}
        question.publish(question.add_revision(type=type_, body=body))
        attempt = started(client, quiz)
        answer = attempt.answers.get(position=1)
        answer.question_revision = question.published_revision
        answer.option_order = [["c", "a", "b"], ["c", "a", "b", "z", "y", "x"]][type_ == "matching"]
        answer.save()
        return address("question", quiz, attempt.number, 1), answer

    return ask


@pytest.mark.parametrize("type_", GOOD)
def test_what_the_form_sends_is_kept_and_shown_again(client, asked, type_):
    url, answer = asked(type_)
    assert client.post(url, {**GOOD[type_], "go": "next"}).status_code == 302
    answer.refresh_from_db()
    kept = {
        "scenario": ["b"],
        "ordering": {"a": None, "b": 1, "c": 2},
        "matching": {"a": "y", "b": None, "c": "z"},
        "short": "Text b",
        "rewrite": "I'll do it.\nToday.",
    }
    assert answer.response == kept[type_]
    html = client.get(url).text
    assert ("selected" in html) == (type_ in ("ordering", "matching"))
    assert ("checked" in html) == (type_ == "scenario")
    assert "So " not in html
    assert "I will." not in html


@pytest.mark.parametrize(("type_", "form"), BAD)
def test_what_no_form_sends_is_refused_and_changes_nothing(client, asked, caplog, type_, form):
    url, answer = asked(type_)
    client.post(url, {**GOOD[type_], "go": "next"})
    answer.refresh_from_db()
    before = answer.response, answer.saved_at
    with caplog.at_level(logging.WARNING, "workshop.quizzes"):
        for more in ({}, JSON):
            response = client.post(url, {**form, "go": "next"}, **more)
            assert response.status_code == 400
            assert "nothing was changed" in response.content.decode()
    assert len([record for record in caplog.records if record.name == "workshop.quizzes"]) == 2
    answer.refresh_from_db()
    assert (answer.response, answer.saved_at) == before


def test_the_keys_of_steps_and_pairs_are_in_no_byte(client, asked):
    """They stand in the right order in the body, so they would give it away."""
    for type_ in ("ordering", "matching"):
        url, answer = asked(type_)
        form = client.get(url).text.split('class="quiz-question"')[1].split("</fieldset>")[0]
        assert not re.findall(r'="([^"]*[-" ])?[abc]"', form)
        answer.attempt.delete()
