"""The seam: a type of question is an entry in TYPES and two fragments, and nothing else asks for it."""

import ast
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from django.template.loader import get_template

from quizzes.grading import TYPES
from quizzes.models import Question, QuestionRevision

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("type_", TYPES)
def test_each_type_has_its_form_and_its_explanation(type_):
    assert get_template(f"quizzes/types/{type_}.html")
    assert get_template(f"quizzes/results/{type_}.html")


def test_the_model_offers_the_types_of_the_table():
    offered = [value for value, label in QuestionRevision._meta.get_field("type").choices]
    assert offered == list(TYPES)


def test_no_other_code_asks_which_type_a_question_has():
    for file in (ROOT / "quizzes").rglob("*.py"):
        if "grading" in file.parts or "migrations" in file.parts:
            continue
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Compare):
                names = {c.value for c in ast.walk(node) if isinstance(c, ast.Constant)}
                assert not names & set(TYPES), f"{file} compares with a type at line {node.lineno}"


def test_a_body_with_problems_is_refused_on_save(cast):
    question = Question.objects.create(course=cast.course, key="broken")
    with pytest.raises(ValidationError, match="at least two options"):
        question.add_revision(type="single", body={"stem": "Which?", "options": []})
    with pytest.raises(ValidationError, match="no question type"):
        question.add_revision(type="nonsense", body={"stem": "Which?"})
    with pytest.raises(ValidationError, match="no stem"):
        question.add_revision(type="single", body="DROP TABLE")
    assert not question.revisions.exists()
