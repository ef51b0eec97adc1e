"""What the checks find in a whole course: texts, by the rules of lesson_checks.py, quizzes, and objectives."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.db.models import Count, Exists, F, Max, OuterRef, QuerySet, Subquery, Sum
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from accounts.statements import Prepared
from courses.models import CompanyFact, Course, Diagram, Image, LessonRevision, Objective, PathStep
from desk.lesson_checks import Known, Problem, mistakes
from quizzes import grading
from quizzes.models import LessonCheck, PoolItem, Question, QuestionRevision, Quiz

Found = defaultdict[int, list[Problem]]
Problems = dict[int, tuple[Problem, ...]]


@dataclass(frozen=True)
class Checked:
    """Problems by the number of the lesson, and of the module."""

    lessons: Problems
    modules: Problems
    broken: int  # problems that learners would meet
    thoughts: int  # all others


def check(course: int, outline: tuple[Any, ...], state: tuple[Any, ...]) -> Checked:
    """Check a course of which this much is known, with the row of `state_of`; no query if this process did before."""
    return _checked(course, outline, state, get_language() or "")


@Prepared
def state_of(course: int) -> QuerySet[Any, Any]:
    """What changes whenever something changes that the checks look at, and that no outline shows."""
    of_module, of_quiz = "module__course", "quiz__lesson__course"
    states = [
        _state(LessonRevision, "lesson__course", Max("pk")),
        _state(PathStep, "path__course", Sum("pk")),
        _state(Objective, of_module, Sum("pk")),
        _state(Diagram, "course", Sum("pk")),
        _state(CompanyFact, "course", Sum("pk")),
        _state(Image, "course", Sum("pk")),
        _state(Image, "course", Count("retired_at")),
        _state(Question, "course", Sum(F("pk") * F("published_revision"))),
        _state(Question.objects.exclude(retired_at=None), "course", Sum("pk")),
        _state(QuestionRevision, "question__course", Max("pk")),
        _state(PoolItem, of_quiz, Sum("pk")),
        _state(LessonCheck, "lesson__course", Sum(F("lesson") * F("question"))),
    ]
    return Course.objects.filter(pk=course).values_list(*states)


def _state(rows: Any, to_course: str, figure: Any) -> Subquery:
    found = rows if isinstance(rows, QuerySet) else rows.objects.all()
    of_course = found.filter(**{to_course: OuterRef("pk")}).order_by().values(to_course)
    return Subquery(of_course.annotate(figure=figure).values("figure"))


@lru_cache(maxsize=16)
def _checked(pk: int, outline: tuple[Any, ...], state: tuple[Any, ...], language: str) -> Checked:
    """Remembered by all that it depends on; a dozen queries."""
    course = Course.objects.get(pk=pk)
    lessons: Found = defaultdict(list)
    modules: Found = defaultdict(list)
    known = Known.of(course)
    for revision in newest_texts(course):
        lessons[revision.lesson_id] += mistakes(revision, known)
    _paths(course, lessons)
    _quizzes(course, lessons, modules)
    _questions(course, lessons)
    found = [problem for problems in [*lessons.values(), *modules.values()] for problem in problems]
    broken = sum(problem.is_broken for problem in found)
    return Checked(_sorted(lessons), _sorted(modules), broken, len(found) - broken)


def _sorted(found: Found) -> Problems:
    return {pk: tuple(sorted(problems, key=lambda one: not one.is_broken)) for pk, problems in found.items()}


def newest_texts(course: Course) -> QuerySet[LessonRevision]:
    """The draft of each lesson; not of those retired, nor of those that have a title and nothing else yet."""
    texts = LessonRevision.objects.newest().filter(lesson__course=course, lesson__retired_at=None)
    return texts.exclude(body="", published_at=None, lesson__published_revision=None).select_related("lesson")


def _paths(course: Course, found: Found) -> None:
    asked = PathStep.objects.filter(lesson=OuterRef("pk"))
    alone = course.lessons.filter(~Exists(asked), required=True, retired_at=None)
    for pk in alone.values_list("pk", flat=True):
        found[pk].append(Problem(_("No path has it, so nobody is asked to take it.")))


def _quizzes(course: Course, lessons: Found, modules: Found) -> None:
    """Whether each quiz has enough to draw from; and by what they ask, each objective."""
    pool = PoolItem.objects.filter(quiz__lesson__course=course, question__retired_at=None).order_by()
    items = pool.exclude(question__published_revision=None).values_list(
        "quiz", "quiz__is_final", "question__published_revision__type", "question__published_revision__objective"
    )
    sizes: defaultdict[int, int] = defaultdict(int)
    asked: set[int | None] = set()
    for quiz, is_final, type_, objective in items:
        if grading.is_graded(type_):
            sizes[quiz] += 1
            asked |= set() if is_final else {objective}
    for one in Quiz.objects.filter(lesson__course=course, lesson__retired_at=None, is_final=False):
        if sizes[one.pk] < one.draw:
            lessons[one.lesson_id].append(_too_few(one, sizes[one.pk]))
    _objectives(course, asked, modules)


def _objectives(course: Course, asked: set[int | None], found: Found) -> None:
    """What an open module promises and no quiz of a module asks about."""
    objectives = Objective.objects.filter(module__in=course.modules.ready()).order_by("module", "position")
    for objective in objectives:
        if objective.pk not in asked:
            text = _("No quiz of a module asks about the objective %(key)s.")
            found[objective.module_id].append(Problem(text % {"key": objective.key}))


def _too_few(quiz: Quiz, size: int) -> Problem:
    if not size:
        return Problem(_("It has no question that counts, so nobody can take it."), True)
    text = ngettext(
        "It draws %(draw)d questions and has %(n)d that counts.", "It draws %(draw)d questions and has %(n)d.", size
    )
    return Problem(text % {"draw": quiz.draw, "n": size})


def _questions(course: Course, found: Found) -> None:
    """Whether the newest text of each question can be asked: a key, options, feedback on each."""
    places = _places(course)
    newest = QuestionRevision.objects.newest().filter(question__course=course, question__retired_at=None)
    for pk, key, type_, body in newest.order_by("pk").values_list("question", "question__key", "type", "body"):
        for problem in grading.problems(type_, body):
            words = _("Question “%(key)s”: %(problem)s") % {"key": key, "problem": problem.text}
            for lesson in places.get(pk, ()):
                found[lesson].append(Problem(words, True))


def _places(course: Course) -> dict[int, set[int]]:
    """The lessons in which each question is met."""
    places: defaultdict[int, set[int]] = defaultdict(set)
    pool = PoolItem.objects.filter(quiz__lesson__course=course).order_by().values_list("question", "quiz__lesson")
    checks = LessonCheck.objects.filter(lesson__course=course).values_list("question", "lesson")
    for question, lesson in [*pool, *checks]:
        places[question].add(lesson)
    return places
