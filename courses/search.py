"""Lessons found by their words, in a derived table beside the models: FTS5 on SQLite, a tsvector on PostgreSQL.

A migration makes the table; publishing writes it in its own transaction, and `rebuild_search` restores it. Texts and
questions are taken apart here, into words of letters and digits, and each word is handed to the database quoted. So
both databases find the same, and neither ever reads what somebody typed as a query. A row that should not be there does
no harm: what is found is looked up among the lessons that a person may see.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db import connection, transaction

from accounts.models import User
from courses import markdown
from courses.models import Lesson

HITS = 20
MOST_WORDS, LONGEST_WORD, LONGEST_QUERY = 12, 40, 400
WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
PLURALS = ((r"(?<=..)ies$", "y"), (r"(?<=ss|ch|sh|.x)es$", ""), (r"(?<=..[^sui])s$", ""))
TITLE, BODY = "A", "D"  # the weights of PostgreSQL: 1.0 and 0.1


@dataclass(frozen=True)
class Hit:
    """A lesson that was found: the title and a passage of its text, as pieces of which some are to be marked."""

    lesson: Lesson
    title: list[Piece]
    passage: list[Piece]


@dataclass(frozen=True)
class Found:
    """What a question found, the best first. `is_partial`: no lesson has all the words, and these have some."""

    hits: list[Hit]
    has_more: bool = False
    is_partial: bool = False

    @property
    def is_of_several_courses(self) -> bool:
        return len({hit.lesson.course_id for hit in self.hits}) > 1


Piece = tuple[str, bool]
Words = list[str]

# --- Words -----------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=16384)
def fold(word: str) -> str:
    """The word as it is looked for: small letters without accents and apostrophes, an English plural as one of them."""
    decomposed = unicodedata.normalize("NFKD", re.sub(r"['’]s$", "", word).casefold())
    folded = "".join(letter for letter in decomposed if letter.isalnum())[:LONGEST_WORD]
    for ending, one in PLURALS:
        if re.search(ending, folded):
            return re.sub(ending, one, folded)
    return folded


def words_in(text: str) -> Iterator[tuple[int, int, str]]:
    """Each word of a text: where it begins and ends, and how it is looked for."""
    for match in WORD.finditer(text):
        if folded := fold(match[0]):
            yield match.start(), match.end(), folded


def terms(query: str) -> Words:
    """The words that are looked for, each once; the last of them may be the beginning of a word."""
    whole = unicodedata.normalize("NFC", query[:LONGEST_QUERY])
    asked = [folded for _start, _end, folded in words_in(whole)]
    return list(dict.fromkeys(reversed(asked[:MOST_WORDS])))[::-1]


def is_begun(term: str) -> bool:
    """Whether words that begin with this last one count, too: not with a single letter, which most texts have."""
    return len(term) > 1


# --- The table on each database --------------------------------------------------------------------------------------


class SQLite:
    KEY = "rowid"
    INSERT = "INSERT INTO courses_search (rowid, title, body, shown) VALUES (%s, %s, %s, %s)"
    # With the plus, SQLite does not ask the index once for each lesson.
    FIND = """
        SELECT rowid FROM courses_search WHERE courses_search MATCH %s AND +rowid IN ({visible})
        ORDER BY bm25(courses_search, 10.0, 1.0), rowid LIMIT %s
    """

    @staticmethod
    def row(title: Words, body: Words) -> tuple[str, ...]:
        return " ".join(title), " ".join(body)

    @staticmethod
    def params(match: str, visible: Sequence[Any]) -> list[Any]:
        return [match, *visible, HITS + 1]

    @staticmethod
    def match(words: Words, some: bool) -> str:
        quoted = [f'"{word}"' for word in words]
        return (" OR " if some else " AND ").join(quoted) + "*" * is_begun(words[-1])


class PostgreSQL:
    KEY = "lesson_id"
    INSERT = "INSERT INTO courses_search (lesson_id, words, shown) VALUES (%s, %s::tsvector, %s)"
    FIND = """
        SELECT lesson_id FROM courses_search WHERE words @@ %s::tsquery AND lesson_id IN ({visible})
        ORDER BY ts_rank(words, %s::tsquery, 1) DESC, lesson_id LIMIT %s
    """

    @staticmethod
    def row(title: Words, body: Words) -> tuple[str, ...]:
        """Places beyond the last that a tsvector knows are all the last one."""
        weighted = [(word, TITLE) for word in title] + [(word, BODY) for word in body]
        return (" ".join(f"'{word}':{min(n, 16383)}{weight}" for n, (word, weight) in enumerate(weighted, 1)),)

    @staticmethod
    def params(match: str, visible: Sequence[Any]) -> list[Any]:
        return [match, *visible, match, HITS + 1]

    @staticmethod
    def match(words: Words, some: bool) -> str:
        quoted = [f"'{word}'" for word in words]
        return (" | " if some else " & ").join(quoted) + ":*" * is_begun(words[-1])


def table() -> SQLite | PostgreSQL:
    return PostgreSQL() if connection.vendor == "postgresql" else SQLite()


# --- Writing ---------------------------------------------------------------------------------------------------------


def write(texts: Iterable[tuple[int, str, str]]) -> int:
    """Put the text of lessons, each given as key, title and Markdown, in the place of what was there. Says how many."""
    dialect, count = table(), 0
    with connection.cursor() as cursor:
        for key, title, text in texts:
            shown = unicodedata.normalize("NFC", markdown.plain(text))
            found = ([folded for _start, _end, folded in words_in(part)] for part in (title, shown))
            cursor.execute(f"DELETE FROM courses_search WHERE {dialect.KEY} = %s", [key])  # noqa: S608  # ours
            cursor.execute(dialect.INSERT, [key, *dialect.row(*found), shown])
            count += 1
    return count


def write_lesson(lesson: Lesson) -> None:
    """As `write`, with what learners see now; what is not published cannot be found."""
    if lesson.published_revision is None or lesson.retired_at:
        forget(lesson)
    else:
        revision = lesson.published_revision
        write([(lesson.pk, revision.title, f"{revision.body}\n\n{revision.takeaway}")])


def forget(lesson: Lesson) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM courses_search WHERE {table().KEY} = %s", [lesson.pk])  # noqa: S608  # ours


@transaction.atomic
def rebuild() -> int:
    """Write the whole table anew, from what is published. Returns how many lessons can be found."""
    lessons = Lesson.objects.filter(published_revision__isnull=False, retired_at=None).order_by("pk")
    fields = [f"published_revision__{name}" for name in ("title", "body", "takeaway")]
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM courses_search")
    rows = lessons.values_list("pk", *fields).iterator(500)
    return write((key, title, f"{body}\n\n{takeaway}") for key, title, body, takeaway in rows)


# --- Finding ---------------------------------------------------------------------------------------------------------


def find(user: User | AnonymousUser, query: str) -> Found:
    """The lessons that have all the words and that the person may see; if there is none, those that have some."""
    asked = terms(query)
    keys = _keys(user, asked, some=False) if asked else []
    is_partial = not keys and len(asked) > 1
    if is_partial:
        asked = [word for word in asked if len(word) > 3] or asked
        keys = _keys(user, asked, some=True)
    return Found(_hits(user, keys[:HITS], asked), len(keys) > HITS, is_partial and bool(keys))


def _keys(user: User | AnonymousUser, asked: Words, some: bool) -> list[int]:
    dialect, visible = table(), Lesson.objects.visible_to(user).order_by().values("pk")
    sql, params = visible.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(dialect.FIND.format(visible=sql), dialect.params(dialect.match(asked, some), params))
        return [key for (key,) in cursor.fetchall()]


def _hits(user: User | AnonymousUser, keys: Sequence[int], asked: Words) -> list[Hit]:
    if not keys:
        return []
    lessons = Lesson.objects.visible_to(user).select_related("course", "module", "published_revision").in_bulk(keys)
    shown = _shown(keys)
    return [
        Hit(lesson, marked(lesson.title, asked), passage(shown.get(key, ""), asked))
        for key in keys
        if (lesson := lessons.get(key))
    ]


def _shown(keys: Sequence[int]) -> dict[int, str]:
    key, places = table().KEY, ", ".join(["%s"] * len(keys))
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {key}, shown FROM courses_search WHERE {key} IN ({places})", keys)  # noqa: S608  # ours
        return dict(cursor.fetchall())


# --- Passages --------------------------------------------------------------------------------------------------------

WIDTH, BEFORE = 220, 60  # characters of a passage, and how far before the word it may begin
LINE = re.compile(r"(?<=\w)\n")  # after a heading, or a cell of a table
MOST_SEEN = 60  # a text that has the words more often than that is as well shown by its first ones


def matches(text: str, asked: Words) -> Iterator[tuple[int, int, str]]:
    """The words of a text that were asked for: where each begins and ends, and which of the words asked for it is."""
    last = asked[-1] if asked and is_begun(asked[-1]) else None
    for start, end, word in words_in(text):
        if word in asked:
            yield start, end, word
        elif last and word.startswith(last):
            yield start, end, last


def marked(text: str, asked: Words) -> list[Piece]:
    """The whole text in pieces: what was asked for, and what stands between."""
    pieces, at = [], 0
    for start, end, _word in matches(text, asked):
        pieces += [(text[at:start], False), (text[start:end], True)]
        at = end
    return [piece for piece in [*pieces, (text[at:], False)] if piece[0]]


def passage(text: str, asked: Words) -> list[Piece]:
    """Where the text has most of the words asked for; its beginning, if it has none of them."""
    start = _begin(text, _best(list(islice(matches(text, asked), MOST_SEEN))))
    end = start + WIDTH
    if end < len(text):
        end = max(text.rfind(" ", start + BEFORE, end), text.rfind("\n", start + BEFORE, end), start + BEFORE)
    cut = LINE.sub(" · ", text[start:end]).replace("\n", " ").strip()
    return marked(f"{'… ' * (start > 0)}{cut}{' …' * (end < len(text))}", asked)


def _best(found: list[tuple[int, int, str]]) -> int:
    """The place from which a passage has the most different words, then the most words; the earliest of these."""
    best, most = 0, (0, 0)
    for start, _end, _word in found:
        near = [word for at, to, word in found if start <= at and to <= start + WIDTH - BEFORE]
        if (len(set(near)), len(near)) > most:
            best, most = start, (len(set(near)), len(near))
    return best


def _begin(text: str, match: int) -> int:
    """The start of the sentence, if it is near, else of a word."""
    before = text[max(0, match - BEFORE) : match]
    if match <= BEFORE:
        return 0
    ends = [found.end() for found in re.finditer(r"[.!?…][”\"’)]*\s+|\n", before)]
    return match - len(before) + (ends[0] if ends else before.find(" ") + 1)
