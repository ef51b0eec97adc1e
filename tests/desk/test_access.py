"""Who may do what on the staff pages: every registered model × role × action, asked of the registry and over HTTP."""

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.test import RequestFactory
from django.urls import NoReverseMatch, reverse

from accounts.models import StagedFile
from courses import flagging, second_person
from courses.models import Assignment, Bundle, Credit, Enrollment, Flag, LessonRevision, Renewal
from notices.models import Heartbeat, Notice
from quizzes.models import RetakeChange
from tests.builders import make_image, make_live_session

LOOKED = {"parts": [], "warnings": []}

pytestmark = pytest.mark.django_db

V, A, C, D = "view", "add", "change", "delete"
TABLE = {  # label: {role: actions}; the superuser has a column of their own, everybody else has nothing
    "accounts.user": {"hana": {V, A, C}, "root": {V, A, C}},
    "accounts.stagedfile": {"hana": {V, A, C}, "root": {V, A, C}},
    "accounts.team": {"hana": {V, A, C, D}, "root": {V, A, C, D}},
    "courses.assignment": {"hana": {V, A}, "root": {V, A}},
    "courses.enrollment": {"hana": {V, C}, "root": {V, C}},
    "courses.credit": {"hana": {V, A}, "root": {V, A}},
    "courses.renewal": {"hana": {V, A, C, D}, "root": {V, A, C, D}},
    "courses.bundle": {"ed": {V, A, C}, "root": {V, A, C}},
    "courses.course": {"ed": {V, C}, "root": {V, C, D}},
    "courses.module": {"ed": {V, A, C}, "root": {V, A, C, D}},
    "courses.lesson": {"ed": {V, A, C}, "root": {V, A, C}},
    "courses.path": {"ed": {V, A, C}, "root": {V, A, C}},
    "courses.flag": {"ed": {V, C}, "root": {V, C}},
    "courses.image": {"ed": {V, A, C}, "root": {V, A, C}},
    "courses.publishrequest": {"ed": {V}, "hana": {V, C}, "root": {V, C}},
    "quizzes.quiz": {"ed": {V, C}, "root": {V, C}},
    "quizzes.question": {"ed": {V, A, C}, "root": {V, A, C}},
    "quizzes.retakechange": {"hana": {V, A}, "root": {V, A}},
    "events.livesession": {"hana": {V, A, C}, "root": {V, A, C}},
    "notices.notice": {"hana": {V}, "olga": {V}, "root": {V}},
    "notices.heartbeat": {"olga": {V}, "root": {V}},
    "admin.logentry": {"hana": {V}, "root": {V}},
}
OWN_PAGES = ("preview", "revisions", "compare", "parts", "publish")
ROLES = ("ed", "hana", "olga", "ada", "mia", "root")


@pytest.fixture
def people(cast, root):
    return {"root": root, **{name: getattr(cast, name) for name in ROLES if name != "root"}}


@pytest.fixture
def objects(cast):
    course, lesson = cast.course, cast.course.lessons.get(key="m1-read-1")
    return {
        "accounts.user": cast.ada,
        "accounts.team": cast.lyon,
        "courses.assignment": Assignment.objects.create(
            team=cast.lyon, course=course, path=course.paths.get(), created_by=cast.hana
        ),
        "courses.enrollment": Enrollment.objects.get(user=cast.ada),
        "accounts.stagedfile": StagedFile.objects.create(kind="people", name="people.csv", by=cast.hana),
        "courses.credit": Credit.objects.create(enrollment=cast.ada_enrolled, done_on="2025-04-03", source="Old"),
        "courses.renewal": Renewal.objects.create(path=course.paths.get(), months=12),
        "courses.bundle": Bundle.objects.create(
            name="c.zip", key="c", title="C", data=b"", contents=LOOKED, by=cast.ed
        ),
        "courses.course": course,
        "courses.module": course.modules.get(),
        "courses.lesson": lesson,
        "courses.path": course.paths.get(),
        "courses.flag": flagging.flag(cast.ada, lesson.published_revision, Flag.Kind.UNCLEAR),
        "courses.image": make_image(course),
        "courses.publishrequest": second_person.ask(
            lesson.add_revision(title="T", body="B"), LessonRevision.Effect.REDO, by=cast.mia
        ),
        "quizzes.quiz": course.lessons.get(kind="quiz").quiz,
        "quizzes.question": course.questions.first(),
        "quizzes.retakechange": RetakeChange.objects.create(
            enrollment=cast.ada_enrolled, quiz=course.lessons.get(kind="quiz").quiz, limit=3, reason="x", by=cast.hana
        ),
        "events.livesession": make_live_session(),
        "notices.notice": Notice.objects.create(key="n", kind="plain", address="a@example.com", subject="News"),
        "notices.heartbeat": Heartbeat.objects.create(name="sender"),
        "admin.logentry": LogEntry.objects.create(user=cast.hana, object_id="1", action_flag=2, object_repr="Ada"),
    }


def test_the_table_is_complete():
    assert {model._meta.label_lower for model in admin.site._registry} == set(TABLE)


def test_the_registry_agrees_with_the_table(people, objects):
    for model, model_admin in admin.site._registry.items():
        label = model._meta.label_lower
        for name, person in people.items():
            request = RequestFactory().get("/")
            request.user = type(person).objects.get(pk=person.pk)
            allowed = {
                V if model_admin.has_view_permission(request, objects[label]) else "",
                A if model_admin.has_add_permission(request) else "",
                C if model_admin.has_change_permission(request, objects[label]) else "",
                D if model_admin.has_delete_permission(request, objects[label]) else "",
            } - {""}
            assert allowed == TABLE[label].get(name, set()), (label, name)


@pytest.mark.once
def test_over_http_the_same(people, objects, as_):
    for label, row in TABLE.items():
        prefix = "admin:" + label.replace(".", "_")
        pk = objects[label].pk
        for name, person in people.items():
            client, may = as_(person), row.get(name, set())
            pages = {
                f"{prefix}_changelist": (reverse(f"{prefix}_changelist"), bool(may)),
                f"{prefix}_change": (reverse(f"{prefix}_change", args=[pk]), bool(may)),
                f"{prefix}_history": (reverse(f"{prefix}_history", args=[pk]), bool(may)),
                f"{prefix}_add": (reverse(f"{prefix}_add"), A in may),
                f"{prefix}_delete": (reverse(f"{prefix}_delete", args=[pk]), D in may),
            }
            for page, (url, expected) in pages.items():
                assert client.get(url).status_code == (200 if expected else 403), (page, name)
            if C not in may:
                assert client.post(pages[f"{prefix}_change"][0], {"title": "x"}).status_code == 403
            if A not in may:
                assert client.post(pages[f"{prefix}_add"][0], {"title": "x"}).status_code == 403
            if D not in may:
                assert client.post(pages[f"{prefix}_delete"][0], {"post": "yes"}).status_code == 403


def test_pages_of_our_own_need_the_right(people, objects, as_):
    lesson, module = objects["courses.lesson"], objects["courses.module"]
    urls = [reverse(f"admin:courses_lesson_{page}", args=[lesson.pk]) for page in OWN_PAGES]
    urls += [
        reverse(f"admin:courses_image_{page}", args=[objects["courses.image"].pk]) for page in ("replace", "retire")
    ]
    urls += [reverse("admin:courses_lesson_do", args=[lesson.pk, "retire"])]
    urls += [reverse("admin:courses_lesson_revision", args=[lesson.pk, 1])]
    urls += [reverse("admin:courses_module_status", args=[module.pk])]
    for name in ROLES:
        for url in urls:
            expected = 200 if name in ("ed", "root") else 403
            assert as_(people[name]).get(url).status_code == expected, (name, url)
            if expected == 403:
                assert as_(people[name]).post(url).status_code == 403
    sender = reverse("admin:sender")
    assert [as_(people[name]).get(sender).status_code for name in ("ed", "hana", "olga", "root")] == [
        403,
        403,
        200,
        200,
    ]
    lesson.refresh_from_db()
    assert lesson.retired_at is None


def test_a_missing_object_is_a_404_to_those_who_may_and_a_403_to_others(people, as_):
    for page in ("change", "history"):
        url = reverse(f"admin:accounts_user_{page}", args=[987654])
        assert as_(people["hana"]).get(url).status_code == 404
        assert as_(people["ed"]).get(url).status_code == 403
    for path in ("courses/lesson/987654/publish/", f"courses/lesson/{'9' * 40}/publish/"):
        assert as_(people["ed"]).get(f"/admin/{path}").status_code == 404
    assert as_(people["ed"]).get("/admin/courses/lesson/%00/change/").status_code == 400


def test_what_stock_admin_has_and_we_do_not(people, as_):
    for name in ("autocomplete", "jsi18n", "view_on_site", "password_change", "logout"):
        with pytest.raises(NoReverseMatch):
            reverse(f"admin:{name}")
    for path in (
        "autocomplete/?app_label=accounts&model_name=membership&field_name=user",
        "r/1/1/",
        "password_change/",
    ):
        assert as_(people["ed"]).get(f"/admin/{path}").status_code == 404
    assert "auth.group" not in {model._meta.label_lower for model in admin.site._registry}
    assert all(
        not model_admin.list_editable and not model_admin.raw_id_fields and not model_admin.autocomplete_fields
        for model_admin in admin.site._registry.values()
    )


def test_no_field_of_a_person_can_be_asked_by_filter_or_to_field(people, as_):
    hana = as_(people["hana"])
    for query in (
        "password__startswith=argon",
        "is_superuser=1",
        "groups__name=HR",
        "_to_field=password",
        "nonsense=1",
    ):
        assert hana.get(f"/admin/accounts/user/?{query}").status_code == 400
    assert (
        as_(people["ed"]).get("/admin/courses/lesson/?revisions__created_by__password__startswith=a").status_code == 400
    )


def test_no_password_on_any_page_of_a_person(people, as_):
    ada = people["ada"]
    for name in ("hana", "root"):
        page = as_(people[name]).get(reverse("admin:accounts_user_change", args=[ada.pk])).content.decode()
        assert ada.password not in page
        assert "argon2" not in page
        assert 'type="password"' not in page


def test_editors_see_no_learner_anywhere(people, objects, as_):
    ed = as_(people["ed"])
    for label, row in TABLE.items():
        if "ed" in row:
            prefix = "admin:" + label.replace(".", "_")
            for url in (reverse(f"{prefix}_changelist"), reverse(f"{prefix}_change", args=[objects[label].pk])):
                assert "Ada Moreau" not in ed.get(url).content.decode()


def test_one_door(client, cast, as_):
    sign_in = reverse("accounts:sign_in")
    assert client.get("/admin/").status_code == 302
    assert (
        client.get("/admin/login/?next=/admin/courses/lesson/").url == f"{sign_in}?next=%2Fadmin%2Fcourses%2Flesson%2F"
    )
    for bad in ("https://evil.example/", "//evil.example", "javascript:alert(1)", "/\\evil.example"):
        assert client.get("/admin/login/", {"next": bad}).url == f"{sign_in}?next=%2Fadmin%2F"
    assert client.post("/admin/login/", {"username": "ed@example.com", "password": "x"}).url.startswith(sign_in)
    assert as_(cast.ed).get("/admin/login/?next=/admin/courses/lesson/").url == "/admin/courses/lesson/"
    assert as_(cast.ada).get("/admin/").status_code == 403


def test_a_right_that_was_taken_is_gone_with_the_next_request(cast, as_):
    ed = as_(cast.ed)
    assert ed.get("/admin/courses/course/").status_code == 200
    cast.ed.groups.clear()
    assert ed.get("/admin/courses/course/").status_code == 403
    type(cast.ed).objects.filter(pk=cast.ed.pk).update(is_active=False)
    assert ed.get("/admin/courses/course/").status_code == 302


def test_index_speaks_of_tasks(people, as_):
    def links(name):
        return as_(people[name]).get("/admin/").content.decode()

    assert "Open “Course service”" in links("ed")
    assert "Bring in a person" not in links("ed")
    assert "Who is late" in links("hana")
    assert "Open “" not in links("hana")
    assert "Is everything running?" in links("olga")
    assert "Who is late" not in links("olga")
    assert all(task in links("root") for task in ("Open “", "Ask a team", "What is mailed", "Everything that is kept"))
