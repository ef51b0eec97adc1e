"""A question for its editors, with what its answers say beside it."""

from __future__ import annotations

from typing import Any

from django.contrib import admin

from quizzes.admin.questions import QuestionPages
from quizzes.models import Question
from reports import questions


@admin.register(Question)
class QuestionAdmin(QuestionPages):
    def beside(self, question: Question) -> dict[str, Any]:
        """How people answered it, as on the page of the analysis."""
        item = questions.item_of(question)
        return {"item": item, "answer_parts": item.parts, "worries": item.worries} if item else {}
