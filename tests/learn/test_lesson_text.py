"""A lesson shows the drawings and the company facts of its own course, few or many of them, in one query."""

import pytest
from django.test import Client

from courses import publishing
from courses.models import CompanyFact, Diagram, Lesson, LessonRevision
from learn.lesson_text import html_of, parts_of
from tests.builders import make_course
from tests.conftest import sign_in

SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><title>Curve</title><desc>It falls.</desc></svg>'
READ = "/courses/service/m1-read-1/"


@pytest.mark.parametrize("number", [0, 1, 2, 3, 4, 6])
def test_it_finds_what_is_named_and_nothing_else(db, django_assert_max_num_queries, number):
    courses = make_course("one"), make_course("two")
    for whose, course in zip(("own", "foreign"), courses, strict=True):
        for n in range(7):
            Diagram.objects.create(course=course, key=f"k{n}", title="T", alt="A", svg=f"{whose} {n}")
            CompanyFact.objects.create(course=course, key=f"k{n}", title=whose, default="D", text=f"{whose} {n}")
    keys = tuple(f"k{place}" for place in range(number))
    drawn = [("diagram", key, "T", f"own {place}", "") for place, key in enumerate(keys)]
    told = [("fact", key, "own", "D", f"own {place}") for place, key in enumerate(keys)]
    with django_assert_max_num_queries(1):
        assert sorted(parts_of(courses[0], keys, keys)) == drawn + told
    assert sorted(parts_of(courses[0], keys, ())) == drawn
    assert sorted(parts_of(courses[0], (), keys)) == told


def test_what_is_missing_is_left_out(db):
    assert html_of(make_course("one"), "a\n\n::: diagram nothing\n:::\n\n::: fact nothing\n:::\n") == "<p>a</p>\n\n"


@pytest.fixture
def fact(cast):
    lesson = Lesson.objects.get(key="m1-read-1")
    body = "Look it up.\n\n::: fact returns-window\n:::\n\n::: diagram curve\n:::\n"
    publishing.publish(lesson.add_revision(title="T", body=body), LessonRevision.Effect.SILENT)
    Diagram.objects.create(course=cast.course, key="curve", title="Curve", alt="It falls.", svg=SVG)
    return CompanyFact.objects.create(
        course=cast.course, key="returns-window", title="Returns", default="Thirty days & a receipt."
    )


def page(client):
    return client.get(READ).content.decode()


def test_the_default_says_that_it_is_one(cast, fact):
    html = page(sign_in(Client(), cast.ada))
    assert "At your company" in html
    assert "Until your company writes its own:" in html
    assert "<p>Thirty days &amp; a receipt.</p>" in html


def test_learners_see_what_the_company_wrote_at_once(cast, fact):
    client = sign_in(Client(), cast.ada)
    page(client)
    CompanyFact.objects.update(text="Sixty days. **No** receipt.")
    html = page(client)
    assert "<p>Sixty days. <strong>No</strong> receipt.</p>" in html
    assert "Until your company" not in html
    assert "Thirty days" not in html
    CompanyFact.objects.update(text="  ")
    assert "<p>Thirty days &amp; a receipt.</p>" in page(client)


def test_a_company_fact_costs_no_query_beside_a_drawing(cast, fact, django_assert_max_num_queries):
    client = sign_in(Client(), cast.ada)
    page(client)
    with django_assert_max_num_queries(7):
        html = page(client)
    assert "At your company" in html
    assert "diagram-curve-title" in html


def test_an_editor_sees_it_in_the_preview(cast, fact):
    lesson = Lesson.objects.get(key="m1-read-1")
    html = sign_in(Client(), cast.ed).get(f"/admin/courses/lesson/{lesson.pk}/preview/").content.decode()
    assert "Thirty days &amp; a receipt." in html
