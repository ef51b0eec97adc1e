"""Which questions an attempt asks, and how many of them must be right. Numbers are counts of graded questions."""

import math
import random
from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from fractions import Fraction

from django.db.models import Count

from courses.models import Enrollment
from quizzes import grading
from quizzes.models import Answer, QuestionRevision, Quiz

# The final: so many questions of each module of the path, more on a short path; five in six pass, rounded up.
OF_A_MODULE = 2
OF_A_MODULE_ON_A_SHORT_PATH = 3
SHORT_PATH = 8  # modules
FINAL_PASS = Fraction(5, 6)

# Seven in eight at the first attempt show that one knows a module already.
KNOWN = Fraction(7, 8)


def mark(quiz: Quiz, questions: int) -> int:
    """The right answers that pass, of so many questions: all of them where the pool is smaller than the mark."""
    return math.ceil(FINAL_PASS * questions) if quiz.is_final else min(quiz.pass_mark, questions)


def mark_to_skip(questions: int, mark: int) -> int:
    """The right answers that show, at the first attempt, that the readings of the module can be skipped; never below
    the mark that passes.
    """
    return max(math.ceil(KNOWN * questions), mark)


def count(quiz: Quiz, enrollment: Enrollment | None) -> int:
    """How many questions an attempt at this quiz has; without an enrollment, one at the whole course."""
    return count_of(quiz, pool_of(quiz), modules_of(quiz, enrollment))


def count_of(quiz: Quiz, pool: Iterable[QuestionRevision], modules: set[int]) -> int:
    """As `count`, of what could be drawn for a path of these modules."""
    pool = [revision for revision in pool if grading.is_graded(revision.type)]
    if not quiz.is_final:
        return min(quiz.draw, len(pool))
    wanted = _wanted(modules, pool)
    of_module: dict[Hashable, int] = defaultdict(int)
    for revision in pool:
        of_module[_module(revision)] += 1
    return sum(min(wanted.get(module, 0), size) for module, size in of_module.items())


def draw(quiz: Quiz, enrollment: Enrollment, chance: random.Random | None = None) -> list[QuestionRevision]:
    """Published questions in the order they are asked, those this person saw least often first to be drawn.

    A module's quiz spreads them over objectives, a final takes equally many of each module of the path. One question
    without points, if the pool has any, comes last and in addition.
    """
    modules, seen = modules_of(quiz, enrollment), _times_seen(quiz, enrollment)
    return draw_from(quiz, pool_of(quiz), modules, seen, chance or random.SystemRandom())


def draw_from(
    quiz: Quiz, pool: Sequence[QuestionRevision], modules: set[int], seen: Mapping[int, int], chance: random.Random
) -> list[QuestionRevision]:
    """As `draw`, of a pool for a path of these modules; `seen` says how often a question was drawn before."""
    pool = list(pool)
    chance.shuffle(pool)
    pool.sort(key=lambda revision: seen.get(revision.question_id, 0))
    graded = [revision for revision in pool if grading.is_graded(revision.type)]
    if quiz.is_final:
        wanted = _wanted(modules, graded)
        drawn = [
            revision
            for module, number in wanted.items()
            for revision in _spread([r for r in graded if _module(r) == module], number, seen, chance)
        ]
    else:
        drawn = _spread(graded, quiz.draw, seen, chance)
    chance.shuffle(drawn)
    return drawn + [revision for revision in pool if not grading.is_graded(revision.type)][:1]


def _spread(
    pool: Iterable[QuestionRevision], number: int, seen: Mapping[int, int], chance: random.Random
) -> list[QuestionRevision]:
    """So many of a pool in order of freshness, as evenly over its objectives as it allows."""
    by_objective: dict[int | None, list[QuestionRevision]] = defaultdict(list)
    for revision in pool:
        by_objective[revision.objective_id].append(revision)
    queues = list(by_objective.values())
    chance.shuffle(queues)
    queues.sort(key=lambda queue: sum(seen.get(revision.question_id, 0) for revision in queue))
    drawn: list[QuestionRevision] = []
    while queues and len(drawn) < number:
        queues.sort(key=lambda queue: seen.get(queue[0].question_id, 0))  # where not all fit, the freshest go first
        drawn += [queue.pop(0) for queue in queues[: number - len(drawn)]]
        queues = [queue for queue in queues if queue]
    return drawn


def modules_of(quiz: Quiz, enrollment: Enrollment | None) -> set[int]:
    """The modules that a path asks lessons of beside its final; nothing for the quiz of a module, which needs none."""
    if enrollment is None or not quiz.is_final:
        return set()
    return set(enrollment.required_steps().exclude(lesson=quiz.lesson_id).values_list("lesson__module", flat=True))


def _wanted(modules: set[int], pool: Iterable[QuestionRevision]) -> dict[Hashable, int]:
    """How many questions of each module a final asks: of those of the path, or of all where it has no other lesson."""
    known = {_module(revision) for revision in pool if not revision.objective or revision.objective.module.is_ready}
    asked: set[Hashable] = set(modules) or known
    return dict.fromkeys(sorted(asked, key=str), of_each(len(asked)))


def of_each(modules: int) -> int:
    """How many questions a final asks about each of so many modules."""
    return OF_A_MODULE_ON_A_SHORT_PATH if modules <= SHORT_PATH else OF_A_MODULE


def _module(revision: QuestionRevision) -> Hashable:
    """The module that a question is about; None if it names no objective."""
    return revision.objective.module_id if revision.objective else None


def pool_of(quiz: Quiz) -> list[QuestionRevision]:
    """What is drawn from: the published revisions of the pool; one query."""
    published = QuestionRevision.objects.filter(pk__in=quiz.pool().values("published_revision"))
    return list(published.select_related("objective__module").order_by("pk"))


def _times_seen(quiz: Quiz, enrollment: Enrollment) -> dict[int, int]:
    """How often each question was in an attempt of this enrollment, by the question's number."""
    return dict(
        Answer.objects.filter(attempt__enrollment=enrollment, attempt__quiz=quiz)
        .values_list("question_revision__question")
        .annotate(Count("pk"))
        .order_by()
    )
