"""The form of a question of each type: what it shows, what it saves, where it says what is wrong, and trying it."""

from html.parser import HTMLParser
from itertools import cycle

import pytest
from django.urls import reverse

from quizzes import grading
from quizzes.models import Answer, Attempt, CheckAnswer, Question, QuestionRevision, Quiz

pytestmark = pytest.mark.django_db

ABC = [{"key": key, "text": f"Text {key}", "feedback": f"Feedback {key}\nin two lines"} for key in "abc"]
RIGHT_A = [{**ABC[0], "correct": True}, {**ABC[1], "correct": False}, ABC[2]]
BODIES = {
    "single": {"options": RIGHT_A},
    "multiple": {"options": [{**ABC[0], "correct": True}, {**ABC[1], "correct": True}, ABC[2]]},
    "truefalse": {
        "options": [{**ABC[0], "key": "t", "text": "True", "correct": True}, {**ABC[1], "key": "f", "text": "False"}]
    },
    "scenario": {"who": "A customer", "line": "*Where* is\n\nmy parcel?", "options": RIGHT_A},
    "ordering": {"options": ABC},
    "matching": {"options": [{**o, "match": f"Partner {n}"} for n, o in enumerate(ABC)], "extra": ["Nobody", "Else"]},
    "short": {
        "options": [{**ABC[0], "text": "24", "also": ["24.0", "24 h"], "correct": True}, {**ABC[1], "text": "12"}],
        "tolerance": 0.5,
        "otherwise": "Think of a day.",
    },
    "rewrite": {"model": "We will.\n\nSoon.", "look_for": ["A date", "A name"]},
}
BODIES["short"]["options"][0]["also"] = ["24.0", "24,00"]


class Sent(HTMLParser):
    """What a browser sends when the editor's form is left as it is."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.data: dict[str, str] = {}
        self.inside = self.area = self.select = ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        name = found.get("name", "")
        if tag == "form":
            self.inside = "edit" if "edit" in (found.get("class") or "").split() else ""
        elif not self.inside:
            return
        elif tag == "input" and name and (found.get("type") != "checkbox" or "checked" in found):
            self.data[name] = found.get("value") or ("on" if found.get("type") == "checkbox" else "")
        elif tag == "textarea":
            self.area, self.data[name] = name, ""
        elif tag == "select":
            self.select, self.data[name] = name, ""
        elif tag == "option" and "selected" in found:
            self.data[self.select] = found["value"]

    def handle_data(self, data):
        if self.area:
            self.data[self.area] += data

    def handle_endtag(self, tag):
        if tag == "form":
            self.inside = ""
        elif self.area and tag == "textarea":
            text = self.data[self.area].removeprefix("\n")  # as HTML has it
            self.data[self.area], self.area = text.replace("\n", "\r\n"), ""


def make(cast, type_) -> Question:
    question = Question.objects.create(course=cast.course, key=f"of-{type_}")
    body = {"stem": "What\n\nnow?", **BODIES[type_]}
    question.publish(question.add_revision(type=type_, level="apply", body=body))
    return question


def url(question) -> str:
    return reverse("admin:quizzes_question_change", args=[question.pk])


@pytest.fixture
def opened(cast, as_):
    """A question of a type, the editor's browser, and what its form sends."""

    def open_(type_):
        question, ed = make(cast, type_), as_(cast.ed)
        return question, ed, Sent(ed.get(url(question)).text).data

    return open_


@pytest.mark.parametrize("type_", BODIES)
def test_opened_and_saved_unchanged_it_makes_no_revision(opened, type_):
    question, ed, data = opened(type_)
    assert ed.post(url(question), {**data, "publish": "1"}).status_code == 302
    assert question.revisions.count() == 1


@pytest.mark.parametrize("type_", BODIES)
def test_a_change_keeps_all_the_rest(opened, type_):
    question, ed, data = opened(type_)
    assert ed.post(url(question), {**data, "stem": "Changed?"}).status_code == 302
    assert question.revisions.count() == 2
    want = {**BODIES[type_], "stem": "Changed?"}
    got = question.draft.body
    for body in (want, got):
        body["options"] = [{k: v for k, v in o.items() if v is not False} for o in body.get("options", [])]
    assert got == want
    assert question.draft.type == type_


@pytest.mark.parametrize("type_", BODIES)
def test_a_new_question_of_each_type(cast, as_, type_):
    quiz = Quiz.objects.get(lesson__course=cast.course)
    ed, add = as_(cast.ed), reverse("admin:quizzes_question_add") + f"?quiz={quiz.pk}"
    assert f"?type={type_}&amp;quiz={quiz.pk}" in ed.get(add).text
    data = Sent(ed.get(f"{add}&type={type_}").text).data | {"key": "brand-new", "stem": "New?", "level": "recall"}
    body = BODIES[type_]
    for place, option in enumerate(body.get("options", [])):
        lines = {**option, "also": "\n".join(option.get("also", [])), "key": data[f"options-{place}-key"]}
        data |= {f"options-{place}-{part}": value for part, value in lines.items() if value is not False}
    for part, value in body.items():
        if part != "options":
            data[part] = "\r\n".join(value) if isinstance(value, list) else value
    response = ed.post(f"{add}&type={type_}", {**data, "publish": "1"})
    assert response.status_code == 302, response.context["form"].errors
    made = Question.objects.get(key="brand-new")
    assert made.published_revision.type == type_
    assert set(made.published_revision.body) == {"stem", *body}


def test_steps_are_moved_by_their_numbers(opened):
    question, ed, data = opened("ordering")
    assert [data[f"options-{n}-place"] for n in range(3)] == ["1", "2", "3"]
    ed.post(url(question), data | {"options-0-place": "9", "options-3-text": "Last", "options-3-feedback": "F"})
    assert [(o["key"], o["text"]) for o in question.draft.body["options"]][:2] == [("b", "Text b"), ("c", "Text c")]
    assert [o["key"] for o in question.draft.body["options"]] == ["b", "c", "a", "d"]


@pytest.mark.once
@pytest.mark.parametrize(
    ("type_", "change", "field", "said"),
    [
        ("scenario", {"who": ""}, "id_who", "does not say who speaks"),
        ("scenario", {"line": " "}, "id_line", "no line of the customer"),
        ("matching", {"options-1-match": ""}, "id_options-1-match", "has no partner"),
        ("matching", {"extra": "Partner 0"}, "id_extra", "is there twice"),
        ("short", {"tolerance": "some"}, "id_tolerance", "must be a number of 0 or more"),
        ("short", {"tolerance": "-1"}, "id_tolerance", "must be a number of 0 or more"),
        ("short", {"otherwise": ""}, "id_otherwise", "wrote anything else"),
        ("short", {"options-0-text": "many"}, "id_options-0-text", "must be a number"),
        ("rewrite", {"model": ""}, "id_model", "no model answer"),
        ("rewrite", {"look_for": "\r\n "}, "id_look_for", "a line each"),
        ("ordering", {"options-2-text": ""}, "id_options-2-text", "has no text"),
        ("ordering", {"options-1-place": "x"}, "id_options-1-place", "whole number"),
        ("ordering", {"options-2-text": "", "options-2-feedback": ""}, "error-summary", "at least three steps"),
    ],
)
def test_problems_stand_at_their_field(opened, type_, change, field, said):
    question, ed, data = opened(type_)
    page = ed.post(url(question), {**data, "stem": "Kept?", **change}).text
    assert said in page
    assert "Kept?" in page
    assert f'href="#{field}"' in page or field == "error-summary"
    assert page.count("Error:") == 1
    assert question.revisions.count() == 1


# --- Buttons of the options ------------------------------------------------------------------------------------------


def pressed(ed, question, data, button):
    """The page after a button beside an option, and what its form sends then."""
    page = ed.post(url(question), {**data, "option": button}).text
    return page, Sent(page).data


def test_options_are_moved_added_and_removed_and_nothing_typed_is_lost(opened):
    question, ed, data = opened("single")
    data |= {"stem": "Half-typed", "options-1-text": "Rewritten", "options-0-feedback": "", "level": "judge"}
    page, sent = pressed(ed, question, data, "down 0")
    assert "Error:" not in page
    assert [sent[f"options-{n}-key"] for n in range(3)] == ["b", "a", "c"]
    assert (sent["options-0-text"], sent["options-1-correct"], sent["options-1-feedback"]) == ("Rewritten", "on", "")
    assert "options-0-correct" not in sent
    assert (sent["stem"], sent["level"], sent["number"]) == ("Half-typed", "judge", "1")
    page, sent = pressed(ed, question, sent, "add")
    assert sent["options-TOTAL_FORMS"] == "5"
    sent |= {"options-4-text": "Fifth", "options-4-feedback": "Why"}
    page, sent = pressed(ed, question, sent, "remove 2")
    assert question.revisions.count() == 1
    assert ed.post(url(question), {**sent, "options-1-feedback": "Back"}).status_code == 302
    got = [(option["key"], option["text"]) for option in question.draft.body["options"]]
    assert got == [("b", "Rewritten"), ("a", "Text a"), ("d", "Fifth")]


def test_moving_a_step_changes_the_numbers(opened):
    question, ed, data = opened("ordering")
    page, sent = pressed(ed, question, data | {"options-2-place": "1", "options-0-place": "3"}, "up 2")
    got = [(sent[f"options-{n}-key"], sent[f"options-{n}-place"]) for n in range(3)]
    assert got == [("c", "1"), ("a", "2"), ("b", "3")]
    assert page.count("autofocus") == 1
    ed.post(url(question), sent)
    assert [o["key"] for o in question.draft.body["options"]] == ["c", "a", "b"]


@pytest.mark.once
@pytest.mark.parametrize("type_", BODIES)
def test_any_button_leaves_a_page_and_no_row(opened, type_):
    question, ed, data = opened(type_)
    for button in ("up 0", "down 99", "remove 99", "add", "up x", "add\0", "\u0661", "remove 2"):
        assert ed.post(url(question), {**data, "option": button}).status_code in (200, 302), button
        forged = {**data, "option": button, "options-TOTAL_FORMS": "7" * 9}
        assert ed.post(url(question), forged).status_code in (200, 302), button
    assert question.revisions.count() == 1


def test_twelve_options_are_the_most(opened):
    question, ed, data = opened("single")
    for _ in range(9):
        page, data = pressed(ed, question, data, "add")
    assert data["options-TOTAL_FORMS"] == "12"
    assert 'value="add"' not in page


def test_enter_in_a_field_moves_no_option(opened):
    """A browser presses the first button of the form: it saves."""
    question, ed, _data = opened("single")
    form = ed.get(url(question)).text.split('class="edit"')[1]
    assert "name=" not in form.split("<button", 1)[1].split(">", 1)[0]


@pytest.mark.once
@pytest.mark.parametrize(
    ("type_", "change", "field", "said"),
    [
        ("single", {"options-1-text": "text A"}, "id_options-1-text", "Change one of them, or take it out"),
        ("single", {"options-1-correct": "on"}, "options", "Mark the best one, and no other"),
        ("matching", {"options-1-match": "Partner 0", "options-2-match": "Partner 0"}, "options", "different partners"),
        ("single", {"options-1-feedback": ""}, "id_options-1-feedback", "Say what happens next, and why"),
        ("single", {"stem": " "}, "id_stem", "Write what you ask"),
    ],
)
def test_errors_name_the_field_and_the_mend(opened, type_, change, field, said):
    question, ed, data = opened(type_)
    page = ed.post(url(question), {**data, "publish": "1", "options-0-feedback": "Kept feedback", **change}).text
    summary = page.split('id="error-summary"')[1].split("</ul>")[0]
    assert f'href="#{field}"' in summary
    assert said in summary
    assert f'id="{field}"' in page
    assert "Kept feedback" in page
    assert question.revisions.count() == 1


def test_a_type_can_become_one_with_the_same_parts_only(opened):
    question, ed, data = opened("single")
    assert '<option value="multiple">' in ed.get(url(question)).text
    ed.post(url(question), {**data, "type": "multiple"})
    assert question.draft.type == "multiple"
    page = ed.post(url(question), {**data, "type": "ordering", "stem": "X"}).text
    assert "not one of the available choices" in page
    assert question.draft.type == "multiple"
    assert (
        "<select" not in ed.get(url(make_other(question, "rewrite"))).text.split("id_objective")[0].split("id_type")[0]
    )


def make_other(question, type_) -> Question:
    other = Question.objects.create(course=question.course, key=f"other-{type_}")
    other.add_revision(type=type_, body={"stem": "What?", **BODIES[type_]})
    return other


@pytest.mark.once
@pytest.mark.parametrize("type_", BODIES)
def test_trying_what_was_typed_saves_nothing(opened, type_):
    question, ed, data = opened(type_)
    page = ed.post(url(question), {**data, "stem": "Only typed?", "try": "1"}).text
    assert "It is not saved yet" in page
    assert page.count("Only typed?") == 2
    assert question.revisions.count() == 1


@pytest.mark.once
@pytest.mark.parametrize(
    ("type_", "given", "said"),
    [
        ("single", {"option": "a"}, "Worth 1 of 1"),
        ("single", {"option": "c"}, "Worth 0 of 1"),
        ("multiple", {"option": ["a"]}, "Worth 0.5 of 1"),
        ("truefalse", {"option": "t"}, "Worth 1 of 1"),
        ("scenario", {"option": "a"}, "Worth 1 of 1"),
        ("ordering", {"place-1": "1"}, "Worth"),
        ("matching", {"match-1": "1"}, "Worth"),
        ("short", {"text": "24.3"}, "Worth 1 of 1"),
        ("rewrite", {"text": "Mine"}, "Mine"),
    ],
)
def test_trying_the_draft_explains_and_records_nothing(opened, type_, given, said):
    question, ed, _data = opened(type_)
    page = ed.get(url(question), given).text
    assert said in page
    assert "What it says afterwards" not in page
    assert not any(model.objects.exists() for model in (Attempt, Answer, CheckAnswer))
    assert QuestionRevision.objects.filter(question=question).count() == 1


@pytest.mark.once
@pytest.mark.parametrize("type_", BODIES)
def test_an_answer_that_does_not_fit_tries_nothing(opened, type_):
    question, ed, _data = opened(type_)
    for given in ({"option": "zz"}, {"text": "x" * 9000}, {"place-9": "1"}, {"match-1": "9" * 40}):
        assert "What it says afterwards" in ed.get(url(question), given).text


@pytest.mark.once
@pytest.mark.parametrize("type_", ["scenario", "ordering", "matching", "short", "rewrite"])
def test_forged_parts_are_form_errors(opened, type_):
    question, ed, data = opened(type_)
    bad = cycle(["9" * 40, "x\0", "-1"])
    for name in data:
        assert ed.post(url(question), {**data, name: next(bad)}).status_code < 500, name


def test_every_type_is_here():
    assert set(BODIES) == set(grading.TYPES)
    assert not [type_ for type_, body in BODIES.items() if grading.problems(type_, {"stem": "What?", **body})]


def test_a_colleagues_version_is_shown_with_its_parts(opened):
    question, ed, data = opened("rewrite")
    ed.post(url(question), {**data, "model": "Theirs"})
    page = ed.post(url(question), {**data, "model": "Mine"}).text
    assert "Our version: Theirs" in page
    assert "Mine" in page
    assert question.draft.body["model"] == "Theirs"
