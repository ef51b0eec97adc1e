"""A marker in every stored text, and the headers and markup of every page."""

import re

import pytest
from django.db.models import CharField, TextField
from django.urls import reverse

from accounts.models import User
from courses import flagging, second_person
from courses.models import Assignment, CompanyFact, EnrollmentChange, Flag, Image, Lesson, LessonRevision
from notices.models import Heartbeat, Notice
from quizzes.models import Quiz
from tests.builders import make_image, make_live_session, make_question

pytestmark = pytest.mark.django_db

MARKER = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>"


@pytest.fixture
def marked(cast):
    """The cast with the marker in every free text one could have stored."""
    course, lesson = cast.course, cast.course.lessons.get(key="m1-read-1")
    lesson.add_revision(title=MARKER, body=MARKER, takeaway=MARKER, note=MARKER, by=cast.ed)
    question = make_question(course, "marked")
    body = {
        "stem": MARKER,
        "options": [{"key": k, "text": k + MARKER, "feedback": MARKER, "correct": k == "a"} for k in "ab"],
    }
    question.publish(question.add_revision(type="single", body=body))
    Quiz.objects.get(lesson__course=course).pool_items.create(question=question, position=50)
    assignment = Assignment.objects.create(team=cast.lyon, course=course, path=course.paths.get(), created_by=cast.hana)
    EnrollmentChange.objects.create(
        enrollment=cast.ada_enrolled, what="due", old=MARKER, new=MARKER, reason=MARKER, by=cast.hana
    )
    notice = Notice.objects.create(
        key="n", kind="plain", address="a@example.com", subject=MARKER, body=MARKER, error=MARKER
    )
    fact = CompanyFact.objects.create(
        course=course, key="f", title=MARKER[:100], default=MARKER, text=MARKER, group=MARKER[:100], hint=MARKER
    )
    flag = flagging.flag(cast.ada, lesson.published_revision, Flag.Kind.UNCLEAR, MARKER, may_ask=True)
    session = make_live_session(MARKER, text=MARKER, place=MARKER, teams=[cast.lyon])
    Heartbeat.objects.create(name=MARKER[:40])
    asked = second_person.ask(lesson.draft, LessonRevision.Effect.ANNOUNCE, by=cast.ed)
    image = make_image(course)
    Image.objects.filter(pk=image.pk).update(title=MARKER[:100], alt=MARKER)
    for row in (
        course,
        course.modules.get(),
        course.paths.get(),
        cast.lyon,
        cast.ada,
        cast.ed,
        cast.hana,
        course.modules.get().objectives.get(),
        course.skills.get(),
    ):
        for field in row._meta.fields:
            free = isinstance(field, (CharField, TextField)) and not field.choices and not field.unique
            if free and field.name in ("title", "summary", "purpose", "text", "name"):
                setattr(row, field.name, MARKER)
        row.save()
    return {
        **{"lesson": lesson, "question": question, "assignment": assignment, "notice": notice, "fact": fact},
        **{"flag": flag, "session": session, "image": image, "asked": asked},
    }


def pages(cast, marked):
    lesson = marked["lesson"]
    yield reverse("admin:index")
    yield reverse("admin:sender")
    objects = {
        "accounts_user": cast.ada,
        "accounts_team": cast.lyon,
        "courses_course": cast.course,
        "courses_module": lesson.module,
        "courses_lesson": lesson,
        "courses_path": cast.course.paths.get(),
        "courses_flag": marked["flag"],
        "courses_image": marked["image"],
        "courses_publishrequest": marked["asked"],
        "courses_enrollment": cast.ada_enrolled,
        "courses_assignment": marked["assignment"],
        "quizzes_quiz": Quiz.objects.get(lesson__course=cast.course),
        "quizzes_question": marked["question"],
        "notices_notice": marked["notice"],
        "events_livesession": marked["session"],
    }
    for name, obj in objects.items():
        yield reverse(f"admin:{name}_changelist")
        for page in ("change", "history", "delete"):
            yield reverse(f"admin:{name}_{page}", args=[obj.pk])
    yield reverse("admin:desk_facts", args=[cast.course.pk])
    for page in ("preview", "revisions", "publish", "compare", "parts", "move"):
        yield reverse(f"admin:courses_lesson_{page}", args=[lesson.pk])
    for verb in ("unpublish", "retire", "make-optional"):
        yield reverse("admin:courses_lesson_do", args=[lesson.pk, verb])
    yield reverse("admin:courses_module_status", args=[lesson.module_id])
    yield reverse("admin:courses_course_home", args=[lesson.course_id])
    for model in (
        "accounts_user",
        "accounts_team",
        "courses_module",
        "courses_lesson",
        "courses_assignment",
        "quizzes_question",
        "events_livesession",
    ):
        yield reverse(f"admin:{model}_add")
    yield reverse("admin:events_livesession_cancel", args=[marked["session"].pk])


def test_stored_text_is_text_and_nothing_is_inline(cast, root, marked, as_):
    client, seen = as_(root), 0
    for url in pages(cast, marked):
        answer = client.get(url)
        if answer.status_code == 403 and "/delete/" in url:
            continue
        page = answer.content.decode()
        assert answer.status_code == 200, url
        assert "<script>alert" not in page, url
        assert "<img src=x" not in page, url
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=\"|javascript:", page), url
        assert page.count("<h1") == 1, url
        assert not re.search("jquery|admin/js|admin/css", page), url
        assert "'unsafe" not in answer["Content-Security-Policy"]
        seen += "&lt;script&gt;" in page
    assert seen > 20  # the markers were there


def test_typed_text_comes_back_as_text(cast, marked, as_):
    lesson = marked["lesson"]
    page = as_(cast.ed).post(
        reverse("admin:courses_lesson_change", args=[lesson.pk]),
        {"title": MARKER, "body": MARKER, "number": "x" + MARKER},
    )
    assert page.status_code == 200
    assert "<script>alert" not in page.content.decode()


def test_a_get_changes_no_row(cast, root, marked, as_):
    def state():
        return (
            list(Lesson.objects.values_list("pk", "published_revision", "required", "retired_at")),
            list(User.objects.exclude(pk=root.pk).values_list("pk", "email", "is_active", "is_staff")),
            Assignment.objects.count(),
            EnrollmentChange.objects.count(),
        )

    before, client = state(), as_(root)
    for url in pages(cast, marked):
        client.get(url)
    assert state() == before


def test_what_is_secret_in_a_notice_does_not_show(cast, as_):
    notice = Notice.objects.create(
        key="s", kind="secret", address="a@example.com", subject="Link", body="https://x/secret-token"
    )
    page = as_(cast.olga).get(reverse("admin:notices_notice_change", args=[notice.pk])).content.decode()
    assert "secret-token" not in page
    assert "it has a secret link in it" in page


@pytest.mark.parametrize("token", [False, True])
def test_every_form_wants_its_token(cast, token):
    from django.test import Client

    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.ed)
    lesson = Lesson.objects.get(key="m1-read-1")
    data = {"csrfmiddlewaretoken": "forged"} if token else {}
    assert client.post(reverse("admin:courses_lesson_do", args=[lesson.pk, "retire"]), data).status_code == 403
    lesson.refresh_from_db()
    assert lesson.retired_at is None


def test_a_forged_count_of_rows_gets_no_thousands_of_them(cast, as_):
    module = cast.course.modules.get()
    url = reverse("admin:courses_module_change", args=[module.pk])
    page = as_(cast.ed).get(url)
    [inline] = page.context["inline_admin_formsets"]
    prefix = inline.formset.prefix
    forged = {f"{prefix}-TOTAL_FORMS": "9" * 40, f"{prefix}-INITIAL_FORMS": "0", "title": ""}
    [inline] = as_(cast.ed).post(url, forged).context["inline_admin_formsets"]
    assert 1 <= len(inline.formset.forms) <= 300
