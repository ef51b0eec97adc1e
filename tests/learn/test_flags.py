"""A reader says that something is unclear or out of date: once, in few words, and the page costs nothing more."""

from __future__ import annotations

from threading import Thread

import pytest
from django.db import connection
from django.test import Client
from django.utils.html import escape

from accounts.throttling import WINDOW
from courses import flagging, publishing
from courses.models import Flag, Lesson, LessonRevision
from learn.views import FLAGS
from tests.conftest import sign_in

PAGE = "/courses/service/m1-read-1/"


@pytest.fixture
def lesson(cast) -> Lesson:
    return Lesson.objects.select_related("published_revision").get(key="m1-read-1")


@pytest.fixture
def ada(cast) -> Client:
    return sign_in(Client(), cast.ada)


def send(client, lesson, **given):
    return client.post(f"{PAGE}flag/", {"kind": "unclear", "revision": lesson.published_revision_id, **given})


def test_what_a_reader_says_is_kept_with_the_text_they_read(ada, cast, lesson):
    answer = send(ada, lesson, kind="out-of-date", comment=" The prices are  old.\r\n<b>Really</b> ")
    assert answer.status_code == 302
    assert answer["Location"] == PAGE
    assert "Thank you" in ada.get(PAGE).content.decode()
    flag = Flag.objects.get()
    assert (flag.user, flag.revision, flag.kind) == (cast.ada, lesson.published_revision, "out-of-date")
    assert flag.comment == "The prices are  old.\n<b>Really</b>"
    assert not flag.may_ask
    assert flag.is_open


def test_a_second_click_changes_nothing(ada, lesson):
    send(ada, lesson, comment="Why?")
    at = Flag.objects.get().at
    send(ada, lesson, comment="Why?")
    send(ada, lesson)
    flag = Flag.objects.get()
    assert (flag.comment, flag.at) == ("Why?", at)
    send(ada, lesson, kind="out-of-date")
    assert Flag.objects.count() == 2


def test_who_says_more_opens_what_was_resolved(ada, cast, lesson):
    send(ada, lesson, comment="Why?")
    flagging.resolve(Flag.objects.get(), cast.ed, "Said why")
    send(ada, lesson, comment="Why?")
    assert Flag.objects.get().is_resolved
    send(ada, lesson, comment="Still: why?", may_ask="on")
    flag = Flag.objects.get()
    assert (flag.comment, flag.is_open, flag.note, flag.may_ask) == ("Still: why?", True, "", True)


@pytest.mark.django_db(transaction=True)
def test_two_clicks_at_the_same_instant_make_one(cast, lesson):
    def click() -> None:
        try:
            flagging.flag(cast.ada, lesson.published_revision, Flag.Kind.UNCLEAR, "Why?")
        finally:
            connection.close()

    threads = [Thread(target=click) for _n in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Flag.objects.count() == 1


def test_the_text_is_the_one_that_was_on_the_page(ada, cast, lesson):
    read = lesson.published_revision
    other = Lesson.objects.get(key="m1-read-2").published_revision_id
    draft = lesson.add_revision(title="New", body="New.")
    send(ada, lesson, revision=draft.pk)  # a draft was on nobody's page
    publishing.publish(draft, LessonRevision.Effect.SILENT)
    send(ada, lesson, revision=read.pk, kind="out-of-date")
    assert set(Flag.objects.values_list("revision", "kind")) == {(read.pk, "unclear"), (read.pk, "out-of-date")}
    for wrong in (other, "", "x", 2**80):
        Flag.objects.all().delete()
        answer = send(ada, lesson, revision=wrong)
        if answer.status_code == 302:
            assert Flag.objects.get().revision == draft
        else:
            assert "What is it?" in answer.content.decode()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"kind": ""}, "Choose what it is."),
        ({"kind": "x\0"}, "Choose what it is."),
        ({"kind": "other", "comment": " "}, "Say in a few words what it is"),
        ({"comment": "x" * 1001}, "This has 1001 characters"),
        ({"comment": "a\0b"}, "Null characters are not allowed."),
    ],
)
def test_bad_input_is_said_and_what_was_typed_is_there(ada, lesson, given, said):
    typed = {"comment": "The <b>word</b> deposit", **given}
    html = send(ada, lesson, **typed).content.decode()
    assert said in html
    assert "<title>Error:" in html
    assert '<details class="flag no-print" id="flag" open>' in html
    assert escape(typed["comment"]) in html
    assert not Flag.objects.exists()


def test_too_many_wait_and_keep_their_text(ada, lesson):
    for _n in range(FLAGS):
        assert send(ada, lesson).status_code == 302
    html = send(ada, lesson, comment="One more").content.decode()
    assert "There were too many tries" in html
    assert "One more" in html
    assert Flag.objects.get().comment == ""
    assert WINDOW.total_seconds() == 900


def test_strangers_and_others_find_nothing_to_press(cast, lesson):
    Lesson.objects.filter(pk=lesson.pk).update(is_sample=True)
    assert "flag/" not in Client().get(PAGE).content.decode()
    assert send(Client(), lesson)["Location"].startswith("/accounts/sign-in/")
    Lesson.objects.filter(pk=lesson.pk).update(is_sample=False)
    assert send(sign_in(Client(), cast.stranger), lesson).status_code == 404


def test_a_locked_lesson_is_not_flagged(ada, cast):
    cast.course.paths.update(is_sequential=True)
    assert ada.post("/courses/service/m1-read-2/flag/", {"kind": "unclear"}).status_code == 302
    assert not Flag.objects.exists()


def test_the_form_asks_the_database_nothing(ada, lesson, django_assert_num_queries):
    """Nor is it known on the page whether somebody flagged it: that would be a query for everybody."""
    ada.get(PAGE)
    with django_assert_num_queries(6):
        html = ada.get(PAGE).content.decode()
    part = html[html.index('<details class="flag') : html.index("</details>", html.index('<details class="flag'))]
    assert len(part) < 2200
    assert "script" not in part
