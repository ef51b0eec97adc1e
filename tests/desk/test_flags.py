"""What readers flagged, for editors: at the lesson, in a list, resolved with a note; names only of who said so."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from courses import flagging
from courses.models import Flag, Lesson
from desk.retention import retain
from tests.builders import make_course, make_person

LIST = "/admin/courses/flag/"


@pytest.fixture
def lesson(cast) -> Lesson:
    return Lesson.objects.select_related("published_revision").get(key="m1-read-1")


@pytest.fixture
def flag(cast, lesson) -> Flag:
    return flagging.flag(cast.ada, lesson.published_revision, Flag.Kind.UNCLEAR, "Which <b>deposit</b>?")


def page(client, address):
    return client.get(address).content.decode()


def change(flag):
    return reverse("admin:courses_flag_change", args=[flag.pk])


def test_it_arrives_at_the_lesson_the_course_and_the_index(cast, flag, lesson, as_):
    ed = as_(cast.ed)
    beside = page(ed, reverse("admin:courses_lesson_change", args=[lesson.pk]))
    assert "Which &lt;b&gt;deposit&lt;/b&gt;?" in beside
    assert change(flag) in beside
    assert "1 flag of a reader" in page(ed, reverse("admin:courses_course_home", args=[cast.course.pk]))
    assert "1 time a reader found" in page(ed, "/admin/")
    flagging.resolve(flag, cast.ed)
    assert change(flag) not in page(ed, reverse("admin:courses_lesson_change", args=[lesson.pk]))
    assert "flag of a reader" not in page(ed, reverse("admin:courses_course_home", args=[cast.course.pk]))
    assert "Nothing is open now." in page(ed, "/admin/")


def test_no_page_says_who_it_was_unless_they_may_be_asked(cast, flag, lesson, as_):
    ed = as_(cast.ed)
    addresses = (LIST, change(flag), reverse("admin:courses_lesson_change", args=[lesson.pk]), f"{LIST}?q=Ada")
    for address in addresses:
        assert "Moreau" not in page(ed, address)
        assert cast.ada.email not in page(ed, address)
    Flag.objects.update(may_ask=True)
    assert "From Ada Moreau, whom you may ask about it." in page(ed, change(flag))
    assert "Ada Moreau" in page(ed, addresses[2])
    User.objects.filter(pk=cast.ada.pk).update(is_active=False)
    assert "Moreau" not in page(ed, change(flag)) + page(ed, addresses[2])


def test_an_editor_resolves_it_with_a_note_and_opens_it_again(cast, flag, as_):
    ed = as_(cast.ed)
    html = ed.post(change(flag), {"do": "resolve", "note": "Said which one"}, follow=True).content.decode()
    assert "Said which one" in html
    assert "Ed Okoye" in html
    flag.refresh_from_db()
    assert (flag.resolved_by, flag.note) == (cast.ed, "Said which one")
    late = ed.post(change(flag), {"do": "resolve", "note": "Another"}, follow=True).content.decode()
    assert "A colleague resolved it before you did." in late
    ed.post(change(flag), {"do": "reopen"})
    ed.post(change(flag), {"do": "reopen"})
    flag.refresh_from_db()
    assert flag.is_open
    assert flag.note == ""
    said = LogEntry.objects.filter(object_id=str(flag.pk)).order_by("pk").values_list("user", "change_message")
    assert list(said) == [(cast.ed.pk, "Resolved"), (cast.ed.pk, "Opened again")]


def test_a_note_that_is_too_long_is_said_and_kept(cast, flag, as_):
    html = as_(cast.ed).post(change(flag), {"do": "resolve", "note": "n" * 301}).content.decode()
    assert "at most 300 characters" in html
    assert "n" * 301 in html
    flag.refresh_from_db()
    assert flag.is_open


def test_the_list_is_filtered_by_state_course_and_module(cast, flag, as_):
    other = make_course("other")
    elsewhere = other.lessons.get(key="m1-read-1")
    second = flagging.flag(cast.otto, elsewhere.published_revision, Flag.Kind.OUT_OF_DATE, "Old price")
    flagging.resolve(second, cast.ed)
    ed, module = as_(cast.ed), elsewhere.module_id
    shown = {
        "": (True, True),
        "?state=open": (True, False),
        "?state=resolved": (False, True),
        f"?course={cast.course.pk}": (True, False),
        f"?course={other.pk}": (False, True),
        f"?module={module}": (False, True),
        f"?module={module}&state=open": (False, False),
        "?q=deposit": (True, False),
        "?state=x&course=nothing&module=9999999999999999999999": (True, True),
    }
    for asked, (first, last) in shown.items():
        html = page(ed, LIST + asked)
        assert (change(flag) in html, change(second) in html) == (first, last), asked


def test_more_flags_ask_no_more_queries(cast, lesson, as_, django_assert_max_num_queries):
    ed = as_(cast.ed)
    for n in range(3):
        flagging.flag(make_person(f"P{n} X"), lesson.published_revision, Flag.Kind.UNCLEAR, may_ask=True)
    for address in (LIST, reverse("admin:courses_lesson_change", args=[lesson.pk])):
        page(ed, address)
        with django_assert_max_num_queries(40) as few:
            page(ed, address)
        for n in range(4):
            flagging.flag(
                make_person(f"Q{n}{len(address)} X"), lesson.published_revision, Flag.Kind.UNCLEAR, may_ask=True
            )
        with django_assert_max_num_queries(len(few)):
            page(ed, address)


def test_the_words_of_who_left_go_with_their_answers(cast, flag, settings):
    settings.RETAIN_ANSWERS_MONTHS, settings.RETAIN_RECORD_MONTHS = 6, 0
    at = timezone.now()
    User.objects.filter(pk=cast.ada.pk).update(is_active=False, left_at=at - timedelta(days=400))
    Flag.objects.update(may_ask=True)
    assert retain(at, dry_run=True).forgotten == 1
    assert retain(at).forgotten == 1
    flag.refresh_from_db()
    assert (flag.comment, flag.may_ask, flag.kind) == ("", False, "unclear")
    assert retain(at).forgotten == 0


def test_rule_and_property_agree(cast, flag):
    for _turn in range(2):
        for row in Flag.objects.all():
            assert row.is_open == Flag.objects.open().filter(pk=row.pk).exists()
            assert row.is_resolved == Flag.objects.resolved().filter(pk=row.pk).exists()
        flagging.resolve(flag, cast.ed)
