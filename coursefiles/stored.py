"""What the database says about a course, as units: fetched whole, in a fixed number of queries."""

from collections.abc import Collection
from functools import cached_property
from typing import Any

from django.db.models import F, OuterRef, Subquery

from coursefiles.units import Unit, certificate, final
from courses.models import (
    CompanyFact,
    Course,
    Diagram,
    Image,
    Lesson,
    LessonRevision,
    Module,
    Objective,
    Path,
    PathStep,
    Skill,
)
from courses.models.enrollment import site_day
from quizzes.models import LessonCheck, PoolItem, Question, QuestionRevision, Quiz


class Stored:
    """A course as it stands. `only` (keys from the files) leaves out what was made on the site or left the files."""

    def __init__(self, course: Course) -> None:
        self.course = course
        self.skills: dict[str, Skill] = {skill.key: skill for skill in course.skills.all()}
        facts = course.facts.order_by("position", "pk")
        self.facts: dict[str, CompanyFact] = {fact.key: fact for fact in facts}
        self.modules: dict[str, Module] = {
            module.key: module for module in course.modules.select_related("illustration").order_by("position", "pk")
        }
        objectives = Objective.objects.filter(module__course=course).select_related("module", "skill")
        self.objectives: dict[str, Objective] = {
            objective.key: objective for objective in objectives.order_by("module__position", "position", "pk")
        }
        self.diagrams: dict[str, Diagram] = {diagram.key: diagram for diagram in course.diagrams.all()}
        self._read_images(course)
        self._read_lessons(course)
        self._read_questions(course)
        self._read_paths(course)

    def _read_images(self, course: Course) -> None:
        """What lessons show by each key: the picture in use, or else the last that was."""
        self.images: dict[str, Image] = {}
        self.image_bases: dict[str, str] = {}
        for image in course.images.order_by(F("retired_at").asc(nulls_last=True), "pk"):
            self.images[image.key] = image
            self.image_bases[image.key] = image.source_hash or self.image_bases.get(image.key, "")

    def _read_lessons(self, course: Course) -> None:
        lessons = course.lessons.select_related("module", "course", "published_revision").in_order()
        self.lessons: dict[str, Lesson] = {lesson.key: lesson for lesson in lessons}
        earlier = LessonRevision.objects.filter(lesson=OuterRef("lesson")).order_by("-number")
        loaded = earlier.exclude(source_hash="")
        revisions: Any = LessonRevision.objects.newest().filter(lesson__course=course)
        self.drafts: dict[str, LessonRevision] = {}
        self.lesson_bases: dict[str, str] = {}
        for revision in revisions.select_related("lesson").annotate(base=Subquery(loaded.values("source_hash")[:1])):
            self.drafts[revision.lesson.key] = revision
            self.lesson_bases[revision.lesson.key] = revision.base or ""

    def _read_questions(self, course: Course) -> None:
        questions = course.questions.select_related("published_revision")
        self.questions: dict[str, Question] = {question.key: question for question in questions}
        earlier = QuestionRevision.objects.filter(question=OuterRef("question")).order_by("-number")
        loaded = earlier.exclude(source_hash="")
        revisions: Any = QuestionRevision.objects.newest().filter(question__course=course)
        self.question_drafts: dict[str, QuestionRevision] = {}
        self.question_bases: dict[str, str] = {}
        related = revisions.select_related("question", "objective", "reread")
        for revision in related.annotate(base=Subquery(loaded.values("source_hash")[:1])):
            self.question_drafts[revision.question.key] = revision
            self.question_bases[revision.question.key] = revision.base or ""
        quizzes = Quiz.objects.filter(lesson__course=course).select_related("lesson")
        self.quizzes: dict[str, Quiz] = {quiz.lesson.key: quiz for quiz in quizzes}
        checks = LessonCheck.objects.filter(lesson__course=course).select_related("lesson", "question")
        self.checks: dict[str, LessonCheck] = {check.lesson.key: check for check in checks}
        self.pools: dict[str, list[PoolItem]] = {}
        pool = PoolItem.objects.filter(quiz__lesson__course=course).select_related("quiz__lesson", "question")
        for item in pool.order_by("quiz", "position", "pk"):
            self.pools.setdefault(item.quiz.lesson.key, []).append(item)

    @cached_property
    def homes(self) -> dict[str, str]:
        """The lesson whose file has a question, by its key: the reading it checks, or the first quiz that asks it."""
        written = [key for key, lesson in self.lessons.items() if not lesson.retired_at and not self.is_planned(lesson)]
        found = {self.checks[key].question.key: key for key in written if key in self.checks}
        for key in sorted(written, key=lambda each: each in self.quizzes and self.quizzes[each].is_final):
            for item in self.pools.get(key, []):
                found.setdefault(item.question.key, key)
        return found

    def _read_paths(self, course: Course) -> None:
        self.paths: dict[str, Path] = {path.key: path for path in course.paths.order_by("position", "pk")}
        self.steps: dict[str, list[PathStep]] = {key: [] for key in self.paths}
        steps = PathStep.objects.filter(path__course=course).select_related("path", "lesson")
        for step in steps.order_by("path", "position", "pk"):
            self.steps[step.path.key].append(step)

    def lessons_of(self, module: str, only: Collection[str] | None = None) -> list[Lesson]:
        """The lessons of a module in order, without those retired."""
        return [
            lesson
            for key, lesson in self.lessons.items()
            if lesson.module.key == module and lesson.retired_at is None and (only is None or key in only)
        ]

    def is_planned(self, lesson: Lesson) -> bool:
        """Whether it has a title and nothing else yet."""
        draft = self.drafts.get(lesson.key)
        nothing = draft is None or (not draft.body.strip() and draft.published_at is None)
        return nothing and lesson.published_revision_id is None and not self.pools.get(lesson.key)

    def title(self, lesson: Lesson) -> str:
        return self.drafts[lesson.key].title if lesson.key in self.drafts else lesson.key

    # --- Units -------------------------------------------------------------------------------------------------------

    def course_unit(self, only: Collection[str] | None = None, dated: Collection[str] | None = None) -> Unit:
        """`dated` are the lessons whose steps may tell their date: None for all, since the site sets dates too."""
        paths = [
            {
                **{"key": path.key, "title": path.title, "summary": path.summary, "sequential": path.is_sequential},
                **{"default": path.is_default, "lessons": self.step_keys(path.key, only)},
                **certificate(path.certificate),
                "since": {
                    step.lesson.key: site_day(step.since).isoformat()
                    for step in self.steps[path.key]
                    if step.since and (dated is None or step.lesson.key in dated)
                },
            }
            for path in self.paths.values()
            if only is None or path.key in only
        ]
        course = self.course
        facts = [
            {
                **{"key": fact.key, "title": fact.title, "text": fact.default},
                **{name: said for name in ("group", "hint") if (said := getattr(fact, name))},
            }
            for fact in self.facts.values()
            if only is None or fact.key in only
        ]
        return {
            **{"key": course.key, "title": course.title, "summary": course.summary, "paths": paths},
            "modules": [key for key in self.modules if only is None or key in only],
            "skills": [
                {"key": skill.key, "title": skill.title}
                for skill in self.skills.values()
                if only is None or skill.key in only
            ],
            **({"facts": facts} if facts else {}),  # a course loaded by an earlier release keeps its hash
        }

    def step_keys(self, path: str, only: Collection[str] | None = None) -> list[str]:
        steps = [step.lesson for step in self.steps[path] if step.lesson.retired_at is None]
        return [lesson.key for lesson in steps if only is None or lesson.key in only]

    def module_unit(self, key: str, only: Collection[str] | None = None) -> Unit:
        module = self.modules[key]
        lessons = self.lessons_of(key, only)
        return {
            **{"key": key, "title": module.title, "purpose": module.purpose, "status": module.status},
            "illustration": module.illustration.key if module.illustration else "",
            "objectives": [
                {"key": objective.key, "text": objective.text, "skill": objective.skill.key}
                for objective in self.objectives.values()
                if objective.module_id == module.pk and (only is None or objective.key in only)
            ],
            "lessons": [lesson.key for lesson in lessons if not self.is_planned(lesson)],
            "planned": [
                {"key": lesson.key, "title": self.title(lesson), "kind": lesson.kind}
                for lesson in lessons
                if self.is_planned(lesson)
            ],
        }

    def lesson_unit(self, key: str, only: Collection[str] | None = None) -> Unit:
        lesson, draft, quiz = self.lessons[key], self.drafts.get(key), self.quizzes.get(key)
        check = self.checks.get(key)
        return {
            **{"kind": lesson.kind, "slug": lesson.slug, "required": lesson.required, "sample": lesson.is_sample},
            **{"always_read": lesson.always_read, "redo": self.redo(key)},
            **(_text_of(draft) if draft else {**NO_TEXT, "title": key}),
            **({} if lesson.kind == Lesson.Kind.READING else {"takeaway": ""}),  # no other kind shows one
            "check": check.question.key if check and _counts(check.question, only) else "",
            "draw": quiz.draw if quiz and not quiz.is_final else 0,
            "pass": quiz.pass_mark if quiz and not quiz.is_final else 0,
            "items": [item.question.key for item in self.pools.get(key, []) if _counts(item.question, only)],
            **final(bool(quiz and quiz.is_final)),
        }

    def redo(self, key: str) -> int:
        published, draft = self.lessons[key].published_revision, self.drafts.get(key)
        return max(published.redo_level if published else 0, draft.redo_level if draft else 0)

    def image_units(self, key: str) -> list[Unit]:
        """Two ways to say the same: by the picture as it is kept, and by the file it was written anew from."""
        image = self.images[key]
        words = {"title": image.title, "alt": image.alt, "credit": image.credit}
        return [{**words, "file": each} for each in (image.content_hash, image.loaded_from) if each]

    def loaded_text(self, key: str) -> Unit:
        """What the revision says that was last loaded from a file; nothing if none was."""
        loaded = self.lessons[key].revisions.exclude(source_hash="").order_by("-number").first()
        return _text_of(loaded) if loaded else {}

    def loaded_question(self, key: str) -> Unit | None:
        revisions = self.questions[key].revisions.exclude(source_hash="").select_related("objective", "reread")
        loaded = revisions.order_by("-number").first()
        return _question_of(loaded) if loaded else None

    def question_unit(self, key: str) -> Unit:
        return _question_of(self.question_drafts[key])


NO_TEXT: Unit = {"body": "", "takeaway": "", "objectives": [], "covers": [], "refs": []}


def _text_of(revision: LessonRevision) -> Unit:
    sources = revision.sources
    return {
        **{"title": revision.title, "body": revision.body, "takeaway": revision.takeaway},
        **{"objectives": revision.objectives, "covers": sources.get("covers", []), "refs": sources.get("refs", [])},
    }


def _question_of(revision: QuestionRevision) -> Unit:
    return {
        **{"type": revision.type, "level": revision.level, "body": revision.body},
        "objective": revision.objective.key if revision.objective else "",
        "reread": revision.reread.key if revision.reread else "",
    }


def _counts(question: Question, only: Collection[str] | None) -> bool:
    return question.retired_at is None and (only is None or question.key in only)
