"""The quizzes of lessons: how many questions each draws, and those it draws from."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from django.contrib import admin
from django.db.models import Count, Exists, F, OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.statements import Prepared
from courses.admin.content import CourseFilter
from courses.models import LessonRevision
from notices.admin import StaffAdmin, Trail
from notices.rows import Rows
from quizzes import grading
from quizzes.admin.questions import question_state
from quizzes.models import PoolItem, QuestionRevision, Quiz

WORDS = 24  # of a question, in a list


class OfLessonCourse(CourseFilter):
    to_course = "lesson__course"


@admin.register(Quiz)
class QuizAdmin(StaffAdmin):
    list_display = ("name", "module", "drawn", "needed", "in_pool")
    list_filter = (OfLessonCourse,)
    search_fields = ("lesson__key", "lesson__revisions__title")
    search_help_text = gettext_lazy("Title or key")
    ordering = ("lesson__course__title", "lesson__module__position", "lesson__position", "pk")
    sortable_by = ()
    fields = ("draw", "pass_mark")
    change_form_template = "admin/quizzes/quiz/change_form.html"
    save_label = gettext_lazy("Save both numbers")

    def get_queryset(self, request: HttpRequest) -> Any:
        newest = LessonRevision.objects.filter(lesson=OuterRef("lesson")).order_by("-number").values("title")
        pool = PoolItem.objects.filter(quiz=OuterRef("pk"), question__retired_at=None).order_by().values("quiz")
        quizzes = super().get_queryset(request).select_related("lesson__course", "lesson__module")
        return quizzes.annotate(
            draft_title=Subquery(newest[:1]), pool_size=Subquery(pool.annotate(n=Count("pk")).values("n"))
        )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # made with its lesson

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Quiz | None = None) -> Any:
        return self.fields if obj and obj.is_final else ()  # they follow from each person's path

    @admin.display(description=gettext_lazy("questions drawn"))
    def drawn(self, quiz: Quiz) -> str:
        return _("by path") if quiz.is_final else str(quiz.draw)

    @admin.display(description=gettext_lazy("right answers needed"))
    def needed(self, quiz: Quiz) -> str:
        return _("by path") if quiz.is_final else str(quiz.pass_mark)

    @admin.display(description=gettext_lazy("to draw from"))
    def in_pool(self, quiz: Any) -> int:
        return quiz.pool_size or 0

    @admin.display(description=gettext_lazy("quiz"))
    def name(self, quiz: Any) -> str:
        return str(quiz.draft_title or quiz.lesson.key)

    @admin.display(description=gettext_lazy("module"))
    def module(self, quiz: Quiz) -> str:
        return quiz.lesson.module.title

    def heading(self, obj: Any) -> str:
        return self.name(obj)

    def trail(self, request: HttpRequest, obj: Quiz | None = None) -> Trail:
        if obj is None:
            return []
        course, lesson = obj.lesson.course, obj.lesson
        return [
            (course.title, reverse("admin:courses_course_home", args=[course.pk])),
            (lesson.module.title, reverse("admin:courses_module_change", args=[lesson.module_id])),
        ]

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        quiz = self.get_object(request, object_id)
        rows = rows_of(quiz) if quiz else []
        return super().change_view(request, object_id, form_url, {"rows": rows, "pool": len(rows)})


class Listed(NamedTuple):
    """The columns of `pool_of`, and what the list shows of them; the names are those that `question_state` asks for."""

    pk: int
    key: str
    retired_at: datetime | None
    published_revision_id: int | None
    newest: int
    type: str
    level: str
    objective: str | None
    stem: str

    @property
    def text(self) -> str:
        return str(Truncator(self.stem or self.key).words(WORDS))

    @property
    def type_label(self) -> str:
        return str(dict(grading.type_choices()).get(self.type, self.type))

    @property
    def level_label(self) -> str:
        return str(dict(QuestionRevision.Level.choices).get(self.level, ""))

    @property
    def standing(self) -> tuple[str, str]:
        return question_state(self)


@Prepared
def pool_of(quiz: int) -> QuerySet[Any, Any]:
    """The questions of a pool in its order, each in its newest text."""
    newer = QuestionRevision.objects.filter(question=OuterRef("question"), number__gt=OuterRef("number"))
    newest = QuestionRevision.objects.filter(~Exists(newer), question__pool_items__quiz=quiz)
    columns = ("key", "retired_at", "published_revision_id")
    question = {f"of_{name}": F(f"question__{name}") for name in columns}
    return (
        newest.annotate(**question, stem_text=F("body__stem"))
        .order_by("question__pool_items__position", "question")
        .values_list("question_id", *question, "pk", "type", "level", "objective__key", "stem_text")
    )


def rows_of(quiz: Quiz) -> list[SafeString]:
    """The questions of a quiz as rows of a table; one query, however many."""
    draw = Rows("admin/quizzes/quiz/row.html", base=reverse("admin:quizzes_question_changelist"))
    return [draw(Listed(*row)) for row in pool_of(quiz=quiz.pk)]
