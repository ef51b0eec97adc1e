"""The page on which lessons are found."""

import pytest
from django.test import Client

from courses import publishing
from courses.models import Lesson
from tests.builders import enroll, make_course, make_lesson
from tests.conftest import sign_in

URL = "/search/"


def page(client, **data):
    response = client.get(URL, data)
    assert response.status_code == 200
    return response.content.decode()


def put(key, body, title="Title"):
    lesson = Lesson.objects.get(key=key)
    publishing.publish(lesson.add_revision(title=title, body=body, minutes=4), "silent")


def test_a_hit_leads_to_the_lesson_and_shows_the_words(client, cast):
    put("m1-read-1", "She asks for a **refund** & a receipt <b>today</b>.", title="Refunds First")
    html = page(sign_in(client, cast.ada), q="refund")
    assert "1 lesson</p>" in html
    assert '<a href="/courses/service/m1-read-1/"><mark>Refunds</mark> First</a>' in html
    assert "She asks for a <mark>refund</mark> &amp; a receipt &lt;b&gt;today&lt;/b&gt;." in html
    assert "Module 1 · 4 min" in html
    assert 'value="refund"' in html
    assert "<title>Search: refund" in html


def test_what_is_asked_is_written_as_text(client, cast):
    html = page(sign_in(client, cast.ada), q='"><script>alert(1)</script>')
    assert "<script>alert" not in html
    assert "Nothing found for “&quot;&gt;&lt;script&gt;" in html


def test_nothing_found_helps(client, cast):
    html = page(sign_in(client, cast.ada), q="xylophone")
    assert "Nothing found for “xylophone”" in html
    assert "What may help" in html
    assert 'href="/courses/service/"' in html


def test_some_words_are_better_than_none(client, cast):
    put("m1-read-1", "She asks for a refund.")
    assert "No lesson has all of these words." in page(sign_in(client, cast.ada), q="refund xylophone")


def test_more_than_twenty_are_said_to_be_more(client, cast):
    for number in range(25):
        make_lesson(cast.course.modules.get(), f"extra-{number}", position=10 + number)
    html = page(sign_in(client, cast.ada), q="extra")
    assert html.count("<li><h2>") == 20
    assert "The 20 best matches. There are more" in html


def test_the_course_is_named_when_hits_come_from_several(client, cast):
    assert "Course service ›" not in page(sign_in(client, cast.ada), q="read")
    enroll(cast.ada, make_course("other"))
    html = page(client, q="read")
    assert "Course service ›" in html
    assert "Course other ›" in html


def test_without_words_it_only_asks_for_them(client, cast):
    html = page(sign_in(client, cast.ada))
    assert "Nothing found" not in html
    assert html.count('role="search"') == 1


def test_every_page_has_the_field_and_it_needs_no_script(client, cast):
    html = sign_in(client, cast.ada).get("/").content.decode()
    assert html.count('role="search" method="get" action="/search/"') == 2  # in the header, and in the menu of a phone
    assert 'action="/search/"' not in Client().get("/").content.decode()


@pytest.mark.parametrize("query", ["😀", '"', "*", "a AND", "don't", "x" * 200_000, "'; --"])
def test_whatever_is_asked_has_an_answer(client, cast, query):
    assert "search-words" in page(sign_in(client, cast.ada), q=query)


def test_it_costs_the_same_however_many_there_are(client, cast, django_assert_num_queries):
    sign_in(client, cast.ada)
    for number in range(3):
        make_lesson(cast.course.modules.get(), f"extra-{number}", position=10 + number)
    page(client, q="extra")
    with django_assert_num_queries(5):  # session, person, which lessons, the lessons, their passages
        page(client, q="extra")
    for number in range(30):
        make_lesson(cast.course.modules.get(), f"extra-more-{number}", position=20 + number)
        if number < 3:
            make_course(f"other-{number}")
    with django_assert_num_queries(5):
        page(client, q="extra")
