"""Trying a question out: its form as learners get it and what it says afterwards. Nothing is recorded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.functional import Promise

from quizzes import grading
from quizzes.models.attempt import plain


@dataclass(frozen=True)
class Trial:
    """A body that can be asked, and the form that was sent to try it, if one was."""

    type: str
    body: grading.Body
    sent: grading.Form = field(default_factory=dict)

    @property
    def stem(self) -> str:
        return str(self.body["stem"])

    @property
    def hint(self) -> Promise:
        return grading.TYPES[self.type].hint

    @property
    def form_fragment(self) -> str:
        return f"quizzes/types/{self.type}.html"

    @property
    def fragment(self) -> str:
        return f"quizzes/results/{self.type}.html"

    @property
    def order(self) -> list[str]:
        return grading.steady_order(self.type, self.body)

    @property
    def response(self) -> grading.Response:
        """What the form said; None for nothing, and for what does not fit the question."""
        try:
            return grading.clean(self.type, self.body, grading.read(self.type, self.sent), self.order)
        except grading.BadResponse:
            return None

    @property
    def asked(self) -> Mapping[str, Any]:
        return grading.shown(self.type, self.body, self.order, self.response)

    @property
    def explained(self) -> Mapping[str, Any]:
        return grading.explained(self.type, self.body, self.response, self.order)

    @property
    def score(self) -> str:
        """Points of 1; empty for a question that carries none."""
        if not grading.is_graded(self.type):
            return ""
        return plain(grading.points(self.type, self.body, self.response))
