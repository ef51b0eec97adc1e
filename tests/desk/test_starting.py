"""What a new course needs beside lessons, on the staff pages: more paths, more skills, and company facts."""

import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse

from courses.models import CompanyFact, Path
from tests.builders import make_course

pytestmark = pytest.mark.django_db


@pytest.fixture
def ed(cast, as_):
    return as_(cast.ed)


def text(response):
    return response.content.decode()


# --- Paths -----------------------------------------------------------------------------------------------------------


def add_path(ed, course, /, **typed):
    sent = {"course": course.pk, "title": "Night shift", "summary": "", "key": "", "certificate": "on", **typed}
    return ed.post(reverse("admin:courses_path_add"), sent)


def test_a_path_is_added_as_the_last_of_its_course(cast, ed):
    listed = text(ed.get(reverse("admin:courses_path_changelist"), {"course": cast.course.pk}))
    assert f"path/add/?course={cast.course.pk}" in listed
    made = add_path(ed, cast.course, is_sequential="on")
    path = cast.course.paths.get(key="night-shift")
    assert made["Location"] == reverse("admin:courses_path_change", args=[path.pk])
    assert (path.position, path.is_sequential, path.is_default, path.certificate) == (1, True, False, True)
    assert "It asks for nothing yet." in text(ed.get(made["Location"]))
    add_path(ed, cast.course, title="Day shift")
    assert cast.course.paths.get(key="day-shift").position == 2


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"title": ""}, "This field is required."),
        ({"key": "full"}, "The course has this key already."),
        ({"key": "Not A Key"}, "Enter a valid"),
        ({"title": "夜勤"}, "this title has no letters to make it from"),
        ({"course": "999999"}, "Select a valid choice"),
        ({"course": "x"}, "Select a valid choice"),
        ({"title": "x" * 201}, "at most 200 characters"),
    ],
)
def test_a_path_that_breaks_a_rule_is_refused(cast, ed, typed, said):
    assert said in text(add_path(ed, cast.course, **typed))
    assert Path.objects.count() == 1


def test_what_a_form_does_not_ask_cannot_be_forged(cast, ed):
    add_path(ed, cast.course, is_default="on", position="0", redo_at="2026-01-01")
    path = cast.course.paths.get(key="night-shift")
    assert (path.is_default, path.position, path.redo_at) == (False, 1, None)
    sent = {"title": "Late shift", "certificate": "on", "key": "other", "course": make_course("other").pk}
    ed.post(reverse("admin:courses_path_change", args=[path.pk]), sent)
    path.refresh_from_db()
    assert (path.title, path.key, path.course) == ("Late shift", "night-shift", cast.course)


# --- Skills ----------------------------------------------------------------------------------------------------------


def save_skills(ed, course, *titles, **more):
    rows = list(course.skills.order_by("position", "pk"))
    sent = {"title": course.title, "summary": "", "skills-TOTAL_FORMS": len(titles), "skills-INITIAL_FORMS": len(rows)}
    for number, title in enumerate(titles):
        sent[f"skills-{number}-title"] = title
        sent[f"skills-{number}-course"] = course.pk
        sent[f"skills-{number}-id"] = rows[number].pk if number < len(rows) else ""
    return ed.post(reverse("admin:courses_course_change", args=[course.pk]), {**sent, **more})


def skills(course):
    return list(course.skills.order_by("position", "pk").values_list("key", "title"))


def test_a_skill_is_added_and_renamed_and_keeps_its_key(cast, ed):
    assert save_skills(ed, cast.course, "Really listening", "Calm: on the phone").status_code == 302
    assert skills(cast.course) == [("listening", "Really listening"), ("calm-on-the-phone", "Calm: on the phone")]
    save_skills(ed, cast.course, "Really listening", "Calm: on the phone", "Listening")
    assert skills(cast.course)[2] == ("listening-2", "Listening")
    save_skills(ed, cast.course, "Really listening", "Calm: on the phone", "Listening", "夜")
    assert skills(cast.course)[3] == ("skill", "夜")


@pytest.mark.parametrize(
    ("titles", "more", "said"),
    [
        (("Listening", "listening"), {}, "a skill of this name already"),
        (("",), {}, "This field is required."),
        (("x" * 101,), {}, "at most 100 characters"),
        (("Listening",), {"skills-TOTAL_FORMS": "x"}, "ManagementForm"),
    ],
)
def test_a_skill_that_breaks_a_rule_is_refused(cast, ed, titles, more, said):
    assert said in text(save_skills(ed, cast.course, *titles, **more))
    assert skills(cast.course) == [("listening", "Listening")]


def test_no_skill_can_be_deleted_or_taken_from_another_course(cast, ed):
    other = make_course("other").skills.get()
    save_skills(ed, cast.course, "Listening", **{"skills-0-DELETE": "on"})
    save_skills(ed, cast.course, "Mine now", **{"skills-0-id": other.pk})
    other.refresh_from_db()
    assert other.title == "Listening"
    assert skills(cast.course) == [("listening", "Listening")]


# --- Company facts ---------------------------------------------------------------------------------------------------


def add_fact(ed, course, **typed):
    sent = {"title": "Returns: how long?", "default": "30 days.", "group": "Returns", "hint": "Days.", **typed}
    return ed.post(reverse("admin:desk_new_fact", args=[course.pk]), sent)


def test_a_company_fact_is_added_and_can_be_filled_in(cast, ed):
    empty = text(ed.get(reverse("admin:desk_facts", args=[cast.course.pk])))
    assert reverse("admin:desk_new_fact", args=[cast.course.pk]) in empty
    made = add_fact(ed, cast.course)
    assert made["Location"].endswith("#id_fact-returns-how-long")
    fact = cast.course.facts.get()
    assert (fact.key, fact.default, fact.text, fact.position) == ("returns-how-long", "30 days.", "", 1)
    assert LogEntry.objects.filter(object_id=fact.pk, change_message="Added", user=cast.ed).exists()
    page = text(ed.get(made["Location"]))
    assert "Still to be written" in page
    add_fact(ed, cast.course, title="Returns how long")
    assert list(cast.course.facts.values_list("key", "position")) == [
        ("returns-how-long", 1),
        ("returns-how-long-2", 2),
    ]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"title": ""}, "This field is required."),
        ({"default": "  "}, "so that no box in a lesson is empty"),
        ({"default": "::: note\nx\n:::"}, "begin a box"),
        ({"default": "[x](lesson:nowhere)"}, "leads nowhere"),
        ({"default": "x" * 5001}, "5,000 are the most"),
        ({"hint": "x" * 301}, "at most 300 characters"),
    ],
)
def test_a_company_fact_that_breaks_a_rule_is_refused(cast, ed, typed, said):
    assert said in text(add_fact(ed, cast.course, **typed))
    assert not CompanyFact.objects.exists()


def test_two_company_facts_of_one_name_are_refused(cast, ed):
    add_fact(ed, cast.course)
    refused = text(add_fact(ed, cast.course, title="returns: HOW long?"))
    assert "There is one of this name already." in refused
    assert "<title>Error: Add a company fact" in refused
    assert CompanyFact.objects.count() == 1


# --- Rules of the course that hold across its modules ----------------------------------------------------------------


def test_a_module_of_the_same_title_gets_a_key_of_its_own(cast, ed):
    for _again in range(2):
        ed.post(
            reverse("admin:courses_module_add"), {"course": cast.course.pk, "title": "Calm", "purpose": "", "key": ""}
        )
    assert list(cast.course.modules.values_list("key", flat=True)) == ["m1", "calm", "calm-2"]
    refused = text(
        ed.post(reverse("admin:courses_module_add"), {"course": cast.course.pk, "title": "Calm", "key": "m1"})
    )
    assert "The course has this key already." in refused
    nameless = text(ed.post(reverse("admin:courses_module_add"), {"course": cast.course.pk, "title": " ", "key": ""}))
    assert "no letters to make it from" not in nameless  # that there is no title is the one thing to say


def save_objective(ed, module, skill, **typed):
    row = {
        "id": "",
        "module": module.pk,
        "text": "Stay calm.",
        "skill": skill.pk,
        "key": "O2.1",
        "position": 1,
        **typed,
    }
    sent = {"title": module.title, "objectives-TOTAL_FORMS": 1, "objectives-INITIAL_FORMS": 0}
    address = reverse("admin:courses_module_change", args=[module.pk])
    return ed.post(address, sent | {f"objectives-0-{name}": value for name, value in row.items()})


def test_the_code_of_an_objective_is_one_of_a_kind_in_its_course(cast, ed):
    module, skill = cast.course.modules.create(key="m2", title="Two", position=2), cast.course.skills.get()
    refused = text(save_objective(ed, module, skill, key="O1.1"))
    assert "“Module 1” has an objective of this code already." in refused
    assert "999" in text(save_objective(ed, module, skill, position="99999999"))
    assert "Such as O9.1" in text(save_objective(ed, module, skill, key="calm"))
    assert not module.objectives.exists()
    assert save_objective(ed, module, skill).status_code == 302
    assert module.objectives.get().key == "O2.1"


def test_the_key_and_the_address_of_a_lesson_are_refused_where_they_are_typed(cast, ed):
    sent = {"title": "New", "module": cast.course.modules.get().pk, "kind": "reading", "body": "", "number": ""}
    place = reverse("admin:courses_lesson_add")
    assert "has this key. Choose another" in text(ed.post(place, {**sent, "key": "m1-quiz"}))
    assert "has this address. Choose another" in text(ed.post(place, {**sent, "slug": "m1-quiz"}))
    nameless = text(ed.post(place, {**sent, "title": " "}))
    assert "no letters to make it from" not in nameless


@pytest.mark.parametrize("draw", ["0", "-1", "101", "40000", "9" * 30, "3.5", ""])
def test_a_quiz_draws_as_many_as_course_files_can_say(cast, ed, draw):
    quiz = cast.course.lessons.get(key="m1-quiz").quiz
    page = ed.post(reverse("admin:quizzes_quiz_change", args=[quiz.pk]), {"draw": draw, "pass_mark": "2"})
    assert "Questions drawn:" in text(page)
    quiz.refresh_from_db()
    assert quiz.draw == 3
