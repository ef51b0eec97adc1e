"""The pages of a lesson for editors: write, look, publish, take away. Rules are in courses/publishing.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.db.models import F, OuterRef, Q, Subquery
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template.loader import render_to_string
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.sessions import signed_in
from courses import markdown, order
from courses.admin.content import CourseFilter, editing_state, numbers_in, say_completed, with_editing_state
from courses.models import Lesson, LessonRevision, Module, PublishRequest
from desk import lesson_checks
from desk.differences import differences
from desk.flags import BESIDE, open_at
from desk.lesson_acts import ALL_ACTS, acts
from desk.lesson_forms import CAN_BE_REQUIRED, CompareForm, LessonForm, unix_lines
from desk.moving import MovePages
from desk.parts import parts_of
from desk.preview import pages
from desk.publishing import PublishPages, copy_of
from learn import lesson_text
from notices.admin import ColumnFilter, Trail, state_chip
from quizzes import checks, drawing
from quizzes.models import LessonCheck, Quiz


class KindFilter(ColumnFilter):
    title = gettext_lazy("kind")
    parameter_name = column = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(value, str(label)) for value, label in Lesson.Kind.choices]


class LessonStateFilter(admin.SimpleListFilter):
    """By the words of `editing_state`."""

    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("published", _("Published")),
            ("changed", _("Draft changes")),
            ("new", _("Not published")),
            ("hidden", _("Hidden")),
            ("retired", _("Retired")),
        ]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        kept, unseen = queryset.filter(retired_at=None), Q(published_revision=None)
        chosen = {
            "published": kept.filter(~unseen, newest=F("published_number")),
            "changed": kept.filter(~unseen, newest__gt=F("published_number")),
            "new": kept.filter(unseen, was_published=None),
            "hidden": kept.filter(unseen, was_published__isnull=False),
            "retired": queryset.exclude(retired_at=None),
        }
        return chosen.get(self.value() or "", queryset)


@admin.register(Lesson)
class LessonAdmin(MovePages, PublishPages):
    form = LessonForm
    list_display = ("name", "module", "kind", "is_asked", "last_saved", "state")
    list_filter = (CourseFilter, KindFilter, LessonStateFilter)
    search_fields = ("key", "slug", "revisions__title")
    search_help_text = gettext_lazy("Title or key")
    ordering = ("course__title", "module__position", "position", "pk")
    sortable_by = ()
    list_intro = gettext_lazy("In the order of the course. To change that order, go to the home of the course.")
    change_form_template = "admin/courses/lesson/change_form.html"
    add_title = gettext_lazy("Add a lesson")
    save_label = gettext_lazy("Save the draft")

    def get_queryset(self, request: HttpRequest) -> Any:
        drafts = LessonRevision.objects.filter(lesson=OuterRef("pk")).order_by("-number")
        lessons = with_editing_state(super().get_queryset(request)).select_related("course")
        return lessons.annotate(
            draft_title=Subquery(drafts.values("title")[:1]), saved_at=Subquery(drafts.values("created_at")[:1])
        )

    def get_fieldsets(self, request: HttpRequest, obj: Lesson | None = None) -> Any:
        text = ["title", "body", "takeaway", "objectives", "note", "number"]
        if obj is None:
            text = ["title", "module", "kind", "body", "takeaway", "number"]
        elif self.has_change_permission(request, obj):
            form = LessonForm(instance=obj)
            text = [name for name in text if name in form.fields]
        else:
            text = []
        place = ["module", "key", "kind", "slug", "always_read", "is_sample"]
        if obj is None:
            place = ["key", "slug", "always_read", "is_sample"]
            return [(None, {"fields": text}), (_("Address and more"), {"fields": place, "classes": ("collapse",)})]
        if obj.kind != Lesson.Kind.READING:
            place.remove("always_read")  # it says of a reading that no quiz stands for it
        if obj.kind == Lesson.Kind.QUIZ and not obj.is_sample:
            place.remove("is_sample")  # it takes somebody to take a quiz
        return [(None, {"fields": text}), (_("Place and address"), {"fields": place})]

    def get_readonly_fields(self, request: HttpRequest, obj: Lesson | None = None) -> tuple[str, ...]:
        """Another place is on a page of its own, which says what learners notice; an address they know stays."""
        if obj is None:
            return ()
        return ("module", "key", "kind", "slug") if obj.has_been_published else ("module", "key", "kind")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # a lesson is retired; what people did in it stays

    def heading(self, obj: Any) -> str:
        return str(obj.draft.title if obj.draft else obj.key)

    def trail(self, request: HttpRequest, obj: Lesson | None = None) -> Trail:
        if obj is None:
            return self.trail_of_new(request)
        course = (str(obj.course), reverse("admin:courses_course_home", args=[obj.course_id]))
        return [course, (str(obj.module), reverse("admin:courses_module_change", args=[obj.module_id]))]

    def trail_of_new(self, request: HttpRequest) -> Trail:
        """By the module that the address names, which is where one comes from."""
        found = Module.objects.filter(pk__in=numbers_in([request.GET.get("module", "")])).select_related("course")
        if module := found.first():
            above = (str(module.course), reverse("admin:courses_course_home", args=[module.course_id]))
            return [above, (str(module), reverse("admin:courses_module_change", args=[module.pk]))]
        return super().trail(request)

    @admin.display(description=gettext_lazy("title"))
    def name(self, lesson: Any) -> str:
        return str(lesson.draft_title or lesson.key)

    @admin.display(description=gettext_lazy("counts"))
    def is_asked(self, lesson: Lesson) -> str:
        return _("Required") if lesson.required else _("Optional")

    @admin.display(description=gettext_lazy("last saved"))
    def last_saved(self, lesson: Any) -> Any:
        return timezone.localdate(lesson.saved_at) if lesson.saved_at else None

    @admin.display(description=gettext_lazy("state"))
    def state(self, lesson: Lesson) -> str:
        return state_chip(*editing_state(lesson))

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        lesson = kwargs.get("obj") or context.get("original")
        if lesson:
            state, label = editing_state(with_editing_state(Lesson.objects.filter(pk=lesson.pk)).get())
            context.update(lesson=lesson, state=state, label=label, can_be_required=lesson.kind in CAN_BE_REQUIRED)
            context["quiz"] = Quiz.objects.filter(lesson=lesson).first()
            context["question"] = LessonCheck.objects.filter(lesson=lesson, question__retired_at=None).first()
            context["may_ask"] = lesson.kind == Lesson.Kind.READING and not lesson.retired_at
            self.add_writing(context, lesson)
        return super().render_change_form(request, context, *args, **kwargs)

    def add_writing(self, context: Any, lesson: Lesson) -> None:
        """What the page needs for writing: what was saved meanwhile, and what stands beside the text."""
        form = context["adminform"].form
        context["wide"] = True
        if form.theirs:
            context["theirs"] = form.theirs
            mine = revision_of(lesson, form.cleaned_data)
            context["rows"] = differences(form.theirs, mine)
        if form.draft:
            context["pane"] = render_to_string("desk/pane.html", pane_of(form.draft))
        context["request_waiting"] = PublishRequest.objects.waiting().filter(revision__lesson=lesson).first()
        declined = PublishRequest.objects.filter(revision=form.draft, answer=PublishRequest.Answer.DECLINED)
        context["request_declined"] = declined.first() if form.draft else None
        context["flags"] = open_at(lesson)[:BESIDE]
        context["longest"] = markdown.MAX_LENGTH

    def save_model(self, request: HttpRequest, obj: Lesson, form: LessonForm, change: bool) -> None:
        """Save the place of the lesson; a text that changed becomes a new revision."""
        if change:
            super().save_model(request, obj, form, change)
        else:
            order.append(obj)
        if not change and obj.kind == Lesson.Kind.QUIZ:
            Quiz.objects.create(lesson=obj)
        if form.content_changed():
            content = form.content()
            minutes = markdown.minutes_to_read(content["body"], items_of(obj))
            note = form.cleaned_data.get("note", "")
            obj.add_revision(by=signed_in(request), minutes=minutes, note=note, **content)

    # --- Pages of our own --------------------------------------------------------------------------------------------

    def get_urls(self) -> list[Any]:
        views: dict[str, Callable[..., HttpResponse]] = {
            "preview": self.preview,
            "pane": self.pane,
            "parts": self.parts,
            "compare": self.compare,
            "revisions": self.revisions,
            "publish": self.publish,
            "move": self.move,
            "do": self.act,
        }
        places = {"do": "<int:pk>/do/<slug:verb>/"}
        wrap = self.admin_site.admin_view
        own = [
            path(places.get(name, f"<int:pk>/{name}/"), wrap(view), name=f"courses_lesson_{name}")
            for name, view in views.items()
        ]
        one = "<int:pk>/revisions/<int:number>/"
        own.append(path(one, wrap(self.revision), name="courses_lesson_revision"))
        own.append(path(f"{one}restore/", wrap(self.restore), name="courses_lesson_restore"))
        return [*own, *super().get_urls()]

    def preview(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The draft as a learner would see it, or what was typed and not saved yet; nothing is recorded."""
        lesson = self.get_to_change(request, pk)
        revision = typed(request, lesson) if request.method == "POST" else lesson.draft
        return pages.show_text(request, lesson, revision)

    def pane(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What is typed, as a learner would read it, with its figures: for the script that shows it beside the text."""
        lesson = self.get_to_change(request, pk)
        if request.method != "POST":
            raise Http404
        html = render_to_string("desk/pane.html", pane_of(typed(request, lesson)))
        return JsonResponse({"html": html})

    def parts(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What can be put into this lesson, each with the words that do it: to copy, or for the script to pick from."""
        lesson = self.get_to_change(request, pk)
        groups = parts_of(lesson.course)
        return self.page(request, "desk/parts.html", _("What you can put in"), lesson, lesson=lesson, groups=groups)

    def compare(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Two revisions side by side."""
        lesson = self.get_to_change(request, pk)
        form = CompareForm(lesson, request.GET or None)
        found = list(lesson.revisions.filter(number__in=form.chosen).select_related("created_by").order_by("number"))
        before, after = (found[0], found[-1]) if found else (None, None)
        context = {"lesson": lesson, "form": form, "before": before, "after": after}
        context["rows"] = differences(before, after) if before and after else []
        return self.page(request, "desk/compare.html", _("Two texts side by side"), lesson, **context)

    def revision(self, request: HttpRequest, pk: int, number: int) -> HttpResponse:
        """An earlier text, as it was."""
        lesson = self.get_to_change(request, pk)
        revision = lesson.revisions.filter(number=number).first()
        if revision is None:
            raise Http404
        return pages.show_text(request, lesson, revision)

    def restore(self, request: HttpRequest, pk: int, number: int) -> HttpResponse:
        """Make an earlier text the draft again; learners see it when it is published."""
        lesson = self.get_to_change(request, pk)
        revision = lesson.revisions.filter(number=number).first()
        if revision is None:
            raise Http404
        if request.method != "POST":  # after signing in again
            return HttpResponseRedirect(self.url("revisions", lesson.pk))
        if revision != lesson.draft:
            copy_of(revision, signed_in(request), note=_("Brought back from revision %(n)d") % {"n": number})
            self.log_change(request, lesson, f"Brought back revision {number}")
        text = _("Revision %(n)d is the draft again. Publish it when you are ready.")
        messages.success(request, text % {"n": number})
        return HttpResponseRedirect(self.url("change", lesson.pk))

    def revisions(self, request: HttpRequest, pk: int) -> HttpResponse:
        lesson = self.get_to_change(request, pk)
        revisions = lesson.revisions.select_related("created_by", "published_by").defer("body").order_by("-number")
        return self.page(request, "desk/revisions.html", _("History"), lesson, lesson=lesson, revisions=revisions)

    def act(self, request: HttpRequest, pk: int, verb: str) -> HttpResponse:
        """Hide, retire, bring back, make optional or required: a page with the numbers, then the deed."""
        lesson = self.get_to_change(request, pk)
        act = acts(lesson).get(verb)
        if act is None:
            if verb not in ALL_ACTS:
                raise Http404
            messages.info(request, _("Nothing to do: it is so already."))
            return HttpResponseRedirect(self.url("change", lesson.pk))
        if request.method == "POST":
            completed = act.do(lesson)
            self.log_change(request, lesson, act.log)
            messages.success(request, _("Done."))
            say_completed(request, completed)
            return HttpResponseRedirect(self.url("change", lesson.pk))
        back = self.url("change", lesson.pk)
        return self.page(
            request, "desk/confirm.html", act.title, lesson, sentences=act.sentences, button=act.button, back=back
        )


def items_of(lesson: Lesson) -> int:
    """How many questions a reader of this lesson answers, for its minutes."""
    if lesson.kind == Lesson.Kind.QUIZ:
        quiz = Quiz.objects.filter(lesson=lesson).first()
        return drawing.count(quiz, None) if quiz else 0
    return 1 if checks.question_of(lesson) else 0


def typed(request: HttpRequest, lesson: Lesson) -> LessonRevision:
    """What stands in the form, as a revision that is not saved."""
    return revision_of(lesson, {name: request.POST.get(name, "") for name in ("title", "body", "takeaway")})


def revision_of(lesson: Lesson, content: dict[str, Any]) -> LessonRevision:
    """A text that is not saved; no longer than one that could be."""
    body = unix_lines(content.get("body", ""))[: markdown.MAX_LENGTH]
    minutes = markdown.minutes_to_read(body, items_of(lesson))
    title, takeaway = content.get("title", "")[:200], content.get("takeaway", "")[:400]
    return LessonRevision(lesson=lesson, title=title, body=body, takeaway=takeaway, minutes=minutes)


def pane_of(revision: LessonRevision) -> dict[str, Any]:
    """A text as learners read it, by the very function that makes their page, with its figures and problems."""
    return {
        "revision": revision,
        "body": lesson_text.html_of(revision.lesson.course, revision.body),
        "figures": lesson_checks.figures(revision),
        "problems": lesson_checks.problems(revision),
    }
