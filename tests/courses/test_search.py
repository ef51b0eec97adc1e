"""Lessons are found by their words, the same on both databases, and only those that a person may see."""

import io

import pytest
from django.core.management import call_command
from django.db import connection, transaction

from courses import markdown, publishing, search
from courses.models import Lesson, LessonRevision, Module
from tests.builders import enroll, make_course, make_lesson, make_person

TEXT = """## The Café at Ten

A customer waits for **her** [refund](lesson:other). Nobody told her that the Zürich branch had it.

::: weak
**Nadia:** I can't do *anything* about complaints.

*She turns away.*
:::

::: diagram the-drawing

| Say | Don't say |
|---|---|
| “Tell me more.” | “Policy.” |

Call: ______________________
"""


@pytest.fixture
def course(db):
    with connection.cursor() as cursor:  # which knows no flush: a test that commits leaves rows that nobody finds
        cursor.execute("DELETE FROM courses_search")
    return make_course(modules=1, readings=2)


@pytest.fixture
def ada(course):
    person = make_person("Ada Moreau")
    enroll(person, course)
    return person


def put(key, body=TEXT, title="On Waiting", **content):
    lesson = Lesson.objects.get(key=key)
    publishing.publish(lesson.add_revision(title=title, body=body, **content), LessonRevision.Effect.SILENT)
    return lesson


def keys(person, query):
    return [hit.lesson.key for hit in search.find(person, query).hits]


def text(pieces):
    return "".join(f"[{piece}]" if is_marked else piece for piece, is_marked in pieces)


def table():
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {search.table().KEY} AS lesson, * FROM courses_search ORDER BY 1")  # noqa: S608
        return cursor.fetchall()


# --- What is found ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "query",
    [
        "refund",
        "REFUNDS",
        "café",
        "cafe",
        "CAFÉ",
        "cafe\u0301",
        "zurich",
        "complaint",
        "can't",
        "cant",
        "can’t",
        "don't say",
        "customer's",
        "customers waits",
        "compl",  # the beginning of the last word
        "nadia anything",
        "on waiting",
        "waits zurich cafe",  # in any order
        '"refund"',
        "refund*",
        "refund -customer",
        "takeaway's end",
    ],
)
def test_finds_the_plain_words_of_title_text_dialogue_and_takeaway(ada, query):
    put("m1-read-1", takeaway="This takeaway has an end.")
    assert keys(ada, query) == ["m1-read-1"]


@pytest.mark.parametrize("query", ["drawing", "weak", "diagram", "lesson:other", "h2", "compl refund", "zurichs x"])
def test_finds_no_marks_of_the_text_and_no_beginnings_but_of_the_last_word(ada, query):
    put("m1-read-1")
    found = search.find(ada, query)
    assert found.is_partial or not found.hits


def test_plain_text_is_what_one_reads():
    shown = markdown.plain(TEXT)
    assert shown.splitlines()[:4] == [
        "The Café at Ten",
        "A customer waits for her refund. Nobody told her that the Zürich branch had it.",
        "Nadia: I can’t do anything about complaints.",
        "She turns away.",
    ]
    assert "drawing" not in shown
    assert "|" not in shown
    assert shown.splitlines()[-1] == "Call:"


def test_the_title_counts_for_more_than_the_text(ada):
    put("m1-read-1", body="Money back, money back, money back. " * 5)
    put("m1-read-2", body="Something else, and at its end: money.", title="Money Matters")
    assert keys(ada, "money") == ["m1-read-2", "m1-read-1"]


def test_if_no_lesson_has_all_the_words_those_with_some_are_shown(ada):
    put("m1-read-1")
    found = search.find(ada, "refund quarterly")
    assert found.is_partial
    assert [hit.lesson.key for hit in found.hits] == ["m1-read-1"]
    assert not search.find(ada, "refund").is_partial
    nothing = search.find(ada, "quarterly figures")
    assert not nothing.hits
    assert not nothing.is_partial


def test_twenty_are_shown_and_it_is_said_that_there_are_more(course, ada):
    module = course.modules.get()
    lessons = [make_lesson(module, f"extra-{n}", position=n + 10) for n in range(22)]
    found = search.find(ada, "extra")
    assert len(found.hits) == 20
    assert found.has_more
    for lesson in lessons[:2]:
        publishing.retire(lesson)
    found = search.find(ada, "extra")
    assert len(found.hits) == 20
    assert not found.has_more


# --- Who finds it ----------------------------------------------------------------------------------------------------


def test_one_finds_what_one_may_see(course, ada):
    put("m1-read-1")
    other = make_course("other")
    stranger, editor = make_person("Stranger X"), make_person("Ed Okoye", is_staff=True, is_superuser=True)
    hidden = put(make_lesson(other.modules.get(), "hidden"), title="Refund elsewhere")
    assert keys(ada, "refund") == ["m1-read-1"]
    assert keys(stranger, "refund") == []
    assert set(keys(editor, "refund")) == {"m1-read-1", "hidden"}
    Lesson.objects.filter(pk=hidden.pk).update(is_sample=True)
    assert keys(stranger, "refund") == ["hidden"]


def test_a_module_in_preparation_is_not_searched(course, ada):
    put("m1-read-1")
    publishing.set_status(course.modules.get(), Module.Status.IN_PREPARATION)
    assert keys(ada, "refund") == []
    publishing.set_status(course.modules.get(), Module.Status.READY)
    assert keys(ada, "refund") == ["m1-read-1"]


# --- It follows what is published ------------------------------------------------------------------------------------


def test_a_draft_is_found_once_it_is_published(ada):
    lesson = put("m1-read-1")
    draft = lesson.add_revision(title="On Waiting", body="About umbrellas.")
    assert keys(ada, "umbrella") == []
    publishing.publish(draft, LessonRevision.Effect.SILENT)
    assert keys(ada, "umbrella") == ["m1-read-1"]
    assert keys(ada, "refund") == []


@pytest.mark.parametrize("away", [publishing.unpublish, publishing.retire])
def test_what_is_taken_away_leaves_the_table(ada, away):
    lesson = put("m1-read-1")
    lesson.refresh_from_db()
    before = len(table())
    away(lesson)
    assert len(table()) == before - 1
    assert keys(ada, "refund") == []


@pytest.mark.django_db(transaction=True)
def test_a_publication_that_fails_is_not_found():
    course = make_course(modules=1, readings=1)
    person = make_person("Ada Moreau")
    enroll(person, course)
    with transaction.atomic():
        put("m1-read-1")
        assert keys(person, "refund") == ["m1-read-1"]
        transaction.set_rollback(True)
    assert keys(person, "refund") == []


def test_rebuilding_gives_the_very_table(course, ada):
    put("m1-read-1")
    publishing.retire(Lesson.objects.get(key="m1-quiz"))
    make_lesson(course.modules.get(), "draft", publish=False)
    before = table()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM courses_search")
    assert keys(ada, "refund") == []
    out = io.StringIO()
    call_command("rebuild_search", stdout=out)
    assert out.getvalue() == "2 lessons can be found by their words.\n"
    assert table() == before
    assert keys(ada, "refund") == ["m1-read-1"]


@pytest.mark.django_db(transaction=True)
def test_a_flush_leaves_nothing_to_be_found():
    course = make_course(modules=1, readings=1)
    put("m1-read-1")
    call_command("flush", interactive=False, verbosity=0)
    editor = make_person("Ed Okoye", is_staff=True, is_superuser=True)
    assert keys(editor, "refund") == []
    course = make_course(modules=1, readings=1)
    assert keys(editor, "refund") == []  # the new lessons have the old keys
    assert keys(editor, "read") == ["m1-read-1"]
    assert course.lessons.count() == 2


@pytest.mark.django_db(transaction=True)
def test_the_migration_fills_the_table_and_takes_it_away():
    make_course(modules=1, readings=2)
    search.rebuild()
    before = table()
    call_command("migrate", "courses", "0004", verbosity=0)
    assert "courses_search" not in connection.introspection.table_names()
    call_command("migrate", verbosity=0)
    assert table() == before
    assert len(before) == 3


# --- Whatever is typed -----------------------------------------------------------------------------------------------

HOSTILE = [
    "",
    " ",
    '"',
    '""',
    "*",
    "a AND",
    "AND",
    "OR NOT",
    "NEAR(a b)",
    "don't",
    "'",
    "\\",
    "a:b",
    "title:x",
    "a & b | !c",
    "a:*",
    "<->",
    "(",
    "{a}",
    "^a",
    "-",
    "--",
    ";",
    "%",
    "_",
    "😀",
    "a😀b",
    "\0",
    "a\0b",
    "½ ² ٣ ß ﬁ İ ſ",
    "日本語 の",
    "𞤀𞤁",
    "\u200b\u0301",
    "\udcff",
    "x" * 200_000,
    "word " * 40_000,
    "'" * 5000,
]


@pytest.mark.parametrize("query", HOSTILE, ids=range(len(HOSTILE)))
def test_nothing_that_is_typed_breaks_it(ada, query):
    put("m1-read-1", body=f"{TEXT}\n\na😀b ½ ß 日本語 {'y' * 5000} {'many ' * 2000}")
    search.find(ada, query)
    assert keys(ada, "refund") == ["m1-read-1"]


@pytest.mark.parametrize("word", ["ß", "日本語", "½", "ﬁ", "y" * 300])
def test_words_of_all_letters_are_found(ada, word):
    put("m1-read-1", body=f"Before {word} after.")
    assert keys(ada, f"after {word}") == ["m1-read-1"]


@pytest.mark.parametrize(
    ("one", "many"),
    [
        ("apology", "apologies"),
        ("box", "boxes"),
        ("customer", "customers"),
        ("process", "processes"),
        ("reach", "reaches"),
        ("lie", "lies"),
        ("boss", "boss's"),
    ],
)
def test_a_plural_is_looked_for_as_one(one, many):
    assert search.fold(one) == search.fold(many)


@pytest.mark.parametrize("word", ["this", "is", "us", "bus", "class", "his", "yes", "thus"])
def test_what_only_looks_like_a_plural_stays(word):
    assert search.fold(word) == word


# --- Passages --------------------------------------------------------------------------------------------------------


def test_the_passage_shows_where_the_words_stand_together_and_marks_them(ada):
    filler = "Somebody says something about a refund. " * 30
    put("m1-read-1", body=f"{filler}\n\nThen the café gave a refund to its customers, in cash. {filler}")
    (hit,) = search.find(ada, "cafe refund cus").hits
    shown = text(hit.passage)
    assert "Then the [café] gave a [refund] to its [customers], in cash." in shown
    assert shown.startswith("… Somebody says")
    assert shown.endswith(" …")
    assert len(shown) < search.WIDTH + 30


def test_a_hit_in_the_title_shows_how_the_text_begins(ada):
    put("m1-read-1", title="On Umbrellas")
    (hit,) = search.find(ada, "umbrella").hits
    assert text(hit.title) == "On [Umbrellas]"
    assert text(hit.passage).startswith("The Café at Ten · A customer waits")


@pytest.mark.parametrize("body", ["", "word", "a " * 3000, "x" * 10_000, "word\n\n" * 500])
def test_passages_of_any_text_are_short(body):
    shown = text(search.passage(markdown.plain(body), ["word"]))
    assert len(shown) <= search.WIDTH + 2 * search.WIDTH
