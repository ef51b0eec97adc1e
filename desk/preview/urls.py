"""Where the pages of the preview stand, below the staff pages: as those of learners, under the same names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.urls import URLPattern, path

from desk.preview import pages

COURSE = "preview/<slug:course>/"
LESSON = f"{COURSE}<slug:lesson>/"
QUIZ = f"{LESSON}quiz/"

View = Callable[..., Any]
Routes = dict[str, tuple[str, View]]

LEARN: Routes = {
    "outline": (COURSE, pages.outline),
    "module": (f"{COURSE}module/<slug:module>/", pages.module),
    "lesson": (LESSON, pages.lesson),
    "complete": (f"{LESSON}complete/", pages.complete),
    "check": (f"{LESSON}check/", pages.check),
}
QUIZZES: Routes = {
    "start": (QUIZ, pages.start),
    "attempt": (f"{QUIZ}<int:number>/", pages.attempt),
    "close": (f"{QUIZ}<int:number>/close/", pages.close),
    "question": (f"{QUIZ}<int:number>/<int:position>/", pages.question),
}


def staff_urls(wrap: View) -> list[URLPattern]:
    """For the staff pages: `desk_preview_course` is the outline, the others are named as for learners."""
    return [
        path(route, wrap(view), name=f"desk_preview_{'course' if name == 'outline' else name}")
        for name, (route, view) in {**LEARN, **QUIZZES}.items()
    ]
