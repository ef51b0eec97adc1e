"""Queries that are turned into SQL once in each process, and from then on only asked.

Django builds a query anew each time. For one that joins much and checks permissions that costs up to ten times what the
database needs to answer it (docs/performance.md), so the few queries of the pages that are asked for most are prepared.
Nothing of the data is kept, only the text of the SQL.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from itertools import count
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import QuerySet
from django.db.models.query import ModelIterable, ValuesListIterable, get_related_populators
from django.db.models.sql import Query
from django.db.models.sql.compiler import SQLCompiler

from accounts.numbers import LARGEST

Given = int | str | datetime


class Reader:
    """Makes of the rows of one connection what the query itself would give: tuples, or objects."""

    def __init__(self, queryset: QuerySet[Any, Any], compiler: Any, connection: Any) -> None:
        self.connection = connection
        self.compiler = twin(compiler, connection=connection)
        self.converters = self.compiler.get_converters([one[0] for one in compiler.select[: compiler.col_count]])
        self.is_of_objects = queryset._iterable_class is ModelIterable
        if self.is_of_objects:
            places = compiler.klass_info["select_fields"]
            self.own = slice(places[0], places[-1] + 1)
            self.names = [one[0].target.attname for one in compiler.select[self.own]]
            populators: Any = get_related_populators  # the stubs are of a later Django
            self.populators = populators(compiler.klass_info, compiler.select, DEFAULT_DB_ALIAS)

    def read(self, rows: Iterable[Sequence[Any]]) -> list[Any]:
        if self.converters:
            rows = self.compiler.apply_converters(rows, self.converters)
        return [self.made(row) if self.is_of_objects else tuple(row) for row in rows]

    def made(self, row: Sequence[Any]) -> Any:
        one = self.compiler.klass_info["model"].from_db(DEFAULT_DB_ALIAS, self.names, row[self.own])
        for populator in self.populators:
            populator.populate(row, one)
        for name, place in self.compiler.annotation_col_map.items():
            setattr(one, name, row[place])
        return one


@dataclass(frozen=True)
class Statement:
    """The SQL of a query, with the names of what is given for its parameters, and what always follows that."""

    queryset: QuerySet[Any, Any]
    compiler: SQLCompiler
    sql: str
    names: list[str]  # of its parameters
    always: tuple[int, ...]
    exact: bool
    of_thread: threading.local = field(default_factory=threading.local)

    def raw(self, given: dict[str, Given]) -> list[Any]:
        """The rows as the database hands them over."""
        values = (*[as_parameter(given[name]) for name in self.names], *self.always)
        sql, values = (spoken(self.sql, values), ()) if self.exact else (self.sql, values)
        with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
            cursor.execute(sql, values)
            rows: list[Any] = cursor.fetchall()
        return rows

    def reader(self) -> Reader:
        """What it has belongs to the connection, so each thread keeps its own."""
        connection = connections[DEFAULT_DB_ALIAS]
        kept: Reader | None = getattr(self.of_thread, "reader", None)
        if kept is None or kept.connection is not connection:
            kept = self.of_thread.reader = Reader(self.queryset, self.compiler, connection)
        return kept


def twin(one: Any, **other: Any) -> Any:
    """The same object again, with some attributes of its own."""
    made = object.__new__(type(one))
    made.__dict__ = {**one.__dict__, **other}
    return made


class Prepared:
    """Decorates a function that builds a query of numbers, texts or moments; called with them by name, it asks it.

    The function runs once, on stand-ins. Each must become a parameter of the SQL just as it is, so it hands them to
    filters and looks at nothing that can change: ValueError if one does not. A number that no database can hold finds
    nothing.

    `exact` is for a range, asked by few again and again: PostgreSQL is to plan it for the very ends. Not told them, it
    took all teams of a company for a few, and then 49 ms instead of 20.
    """

    def __init__(self, build: Callable[..., QuerySet[Any, Any]], exact: bool = False) -> None:
        self.build, self.exact = build, exact
        self.statement: Statement | None = None

    def __call__(self, **given: Given) -> list[Any]:
        return self.read(self.raw(**given))

    def raw(self, **given: Given) -> tuple[Any, ...]:
        """The rows as the database hands them over: what is remembered of many is known by them, and `read` later."""
        if self.statement is None:
            self.statement = self._prepare(given)
        if any(isinstance(value, int) and abs(value) > LARGEST for value in given.values()):
            return ()
        return tuple(self.statement.raw(given))

    def read(self, rows: tuple[Any, ...]) -> list[Any]:
        """What the query itself makes of rows of `raw`."""
        return self.statement.reader().read(rows) if self.statement else []

    def _prepare(self, given: dict[str, Given]) -> Statement:
        """Build it twice with different stand-ins: what differs in the parameters is what was given."""
        one, two = stand_ins(given, 1), stand_ins(given, 2)
        queryset = self.build(**one)
        compiler = queryset.query.get_compiler(DEFAULT_DB_ALIAS)
        sql, params = compiler.as_sql()
        other_sql, others = self.build(**two).query.get_compiler(DEFAULT_DB_ALIAS).as_sql()
        if sql != other_sql:
            raise ValueError(f"{self.build.__qualname__} makes another query of other values.")
        pairs = {(as_parameter(one[name]), as_parameter(two[name])): name for name in given}
        differing = {n: pair for n, pair in enumerate(zip(params, others, strict=True)) if pair[0] != pair[1]}
        names = {n: pairs[pair] for n, pair in differing.items() if pair in pairs}
        if len(names) < len(differing) or set(names.values()) != set(given):
            raise ValueError(f"{self.build.__qualname__} makes something else of what it is given than parameters.")
        if not is_plain(queryset, compiler):
            raise ValueError(f"{self.build.__qualname__} makes more of its rows than objects or tuples.")
        sql, always = with_constants(sql, params, names), tuple[int, ...]()
        if can_keep_its_plan(queryset.query, given):
            sql, always = f"{sql} LIMIT %s", (LARGEST,)
        exact = self.exact and connections[DEFAULT_DB_ALIAS].vendor == "postgresql"
        return Statement(queryset, compiler, sql, [names[n] for n in sorted(names)], always, exact)


@lru_cache(maxsize=256)
def spoken(sql: str, values: tuple[Any, ...]) -> str:
    """The SQL with all values in it: a text of its own for each of those who ask it, prepared like any other."""
    return with_constants(sql, values, {})


def with_constants(sql: str, params: Sequence[Any], names: dict[int, str]) -> str:
    """The SQL with all in it that is not given.

    PostgreSQL keeps a plan only if that costs no more than one made for the very values, and a constant that it is not
    told it has to guess at; SQLite takes an index with a condition only if it reads the condition in the query.
    """
    places = count()

    def written(found: re.Match[str]) -> str:
        if found[0] == "%%" or (place := next(places)) in names:
            return found[0]
        return literal(params[place]).replace("%", "%%")

    return re.sub("%%|%s", written, sql)


def can_keep_its_plan(query: Query, given: dict[str, Given]) -> bool:
    """Whether one plan serves whatever is given, and PostgreSQL is to be told so, by a limit of all rows there can be.

    Of rows asked for by their numbers, one plan costs what the next one costs. Then it is by chance whether PostgreSQL
    takes a plan for the very values to be cheaper than the one that it may keep, and plans anew each time, which takes
    longer than to ask. Of a limit that it is not told it supposes that a tenth of the rows are wanted, so what it may
    keep looks cheapest. Of a range it must see the ends (`exact`).
    """
    is_by_number = all(isinstance(value, int) for value in given.values())
    has_an_end = query.is_sliced or query.select_for_update
    return connections[DEFAULT_DB_ALIAS].vendor == "postgresql" and is_by_number and not has_an_end


def literal(value: Any) -> str:
    """As the database itself writes it in SQL."""
    connection = connections[DEFAULT_DB_ALIAS]
    if connection.vendor == "postgresql":
        operations: Any = connection.ops
        return str(operations.compose_sql("%s", [value]))
    connection.ensure_connection()
    return str(connection.connection.execute("SELECT quote(?)", [value]).fetchone()[0])


def is_plain(queryset: Any, compiler: Any) -> bool:
    """Whether a Reader knows all that is done with the rows."""
    more = queryset._prefetch_related_lookups or queryset._known_related_objects or compiler.has_extra_select
    return not more and queryset._iterable_class in (ModelIterable, ValuesListIterable)


def as_parameter(value: Given) -> Any:
    """As the database takes it: SQLite has moments as texts."""
    if isinstance(value, datetime):
        return connections[DEFAULT_DB_ALIAS].ops.adapt_datetimefield_value(value)
    return value


def stand_ins(given: dict[str, Given], turn: int) -> dict[str, Given]:
    """Values of the same types that differ from each other and between turns; a number fits the smallest field."""
    return {name: stand_in(name, value, 100 * turn + place) for place, (name, value) in enumerate(given.items())}


def stand_in(name: str, value: Given, number: int) -> Given:
    if isinstance(value, datetime):
        return datetime(2000, 1, 1, 0, 0, number % 60, number, tzinfo=UTC)
    return number if isinstance(value, int) else f"{name}-{number}"
