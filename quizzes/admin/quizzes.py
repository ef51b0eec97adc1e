"""The quizzes of lessons: how many questions each draws, and those it draws from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.contrib import admin
from django.db.models import Count, OuterRef, Subquery
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from courses.admin.content import CourseFilter
from courses.models.lesson import newest_title
from notices.admin import StaffAdmin, Trail
from notices.rows import fill
from quizzes.admin.filling import FillPages
from quizzes.admin.ordering import PoolPages
from quizzes.models import PoolItem, Quiz

if TYPE_CHECKING:
    QuizModelForm = forms.ModelForm[Quiz]
else:
    QuizModelForm = forms.ModelForm


MOST = 100  # questions of one attempt, as in course files


class QuizForm(QuizModelForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in set(self.fields) & {"draw", "pass_mark"}:
            self.fields[name] = forms.IntegerField(label=self.fields[name].label, min_value=1, max_value=MOST)


class OfLessonCourse(CourseFilter):
    column = "lesson__course"


@admin.register(Quiz)
class QuizAdmin(PoolPages, FillPages, StaffAdmin):
    form = QuizForm
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
        pool = PoolItem.objects.filter(quiz=OuterRef("pk"), question__retired_at=None).order_by().values("quiz")
        quizzes = super().get_queryset(request).select_related("lesson__course", "lesson__module")
        return quizzes.annotate(
            draft_title=newest_title("lesson"), pool_size=Subquery(pool.annotate(n=Count("pk")).values("n"))
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

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        """The questions lie below the form."""
        questions, listed = self.listed(request, context["original"])
        response = super().render_change_form(request, {**context, **listed}, *args, **kwargs)
        fill(cast(TemplateResponse, response), "questions", questions.html)
        return response
