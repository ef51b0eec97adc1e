"""Where a team stands: one function that yields rows, which the page, the CSV and the learner's own page show.

A row (reports/standing.py) holds exactly what a manager may see. A person asked for two courses has two rows, a person
asked for nothing one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import lru_cache
from typing import Any

from django.db import models
from django.db.models import Case, Count, Exists, F, IntegerField, Max, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Cast, Coalesce, Lower, NullIf
from django.utils import timezone

from accounts.models import Membership, User
from accounts.models.user import UserQuerySet
from accounts.statements import Prepared
from courses import more_time
from courses.counting import Counted, places_of, progress_of
from courses.learned import Counter, minute, moment, with_learned
from courses.models import Completion, Credit, Enrollment
from courses.models.enrollment import EnrollmentQuerySet, site_day
from quizzes import retakes
from reports import words
from reports.population import Population
from reports.standing import (
    AHEAD,
    MONTH,
    STANDINGS,
    FileRow,
    Row,
    Standing,
    Summary,
    Tally,
    Window,
    place_of,
)

FIELDS = [
    "person_id",
    "person_name",
    "home_team",
    "enrollment_id",
    "course_key",
    "course_title",
    "path_id",
    "path_key",
    "path_title",
    "place",
    "due_on",
    "last_learned_at",
    "completed_at",
    "could_use_help",
    "is_extendable",
    "person_left_at",
]
FOR_COUNTING = ["enrolled_at"]
ENROLLMENT, PATH = FIELDS.index("enrollment_id"), FIELDS.index("path_id")
COLUMNS = [*FIELDS, *FOR_COUNTING, "name_key"]
IN_BULK = [  # of rows that go into a file one by one; days and moments as texts, for converting them takes longer
    "person_name",
    "home_team",
    "course_title",
    "path_id",
    "path_title",
    "place",
    "could_use_help",
    "due_text",
    "completed_text",
    "left_text",
    "enrolled_text",
    "learned",
    "beside",
    "name_key",
    "person_id",
]
TEXTS = ["due_text", "completed_text", "enrolled_text", "learned", "beside"]
KEYS = ["enrollment_id", "person_id", "course_title", "place", "due_on", "name_key"]
EXTRA = {"progress": ["share"], "last": ["last_learned_at"], "due": ["due_on"]}  # to sort by
DAYS = 10_000  # that are remembered while a file is written
NOTHING_COUNTED = Counted(0, 0)

# What a report can be sorted by, and the column of the query that does it.
SORTS = {"state": "place", "name": "name_key", "due": "due_on", "progress": "share", "last": "last_learned_at"}


def asked(people: UserQuerySet, at: datetime | None = None) -> EnrollmentQuerySet:
    """The current enrollments of these people, with `place`, where they stand."""
    return _with_place(Enrollment.objects.current().filter(user__in=people), at)


def not_asked(people: UserQuerySet) -> UserQuerySet:
    """Those of these people who were never enrolled in anything."""
    return people.filter(~Exists(Enrollment.objects.filter(user=OuterRef("pk"))))


def _with_place(enrollments: EnrollmentQuerySet, at: datetime | None) -> EnrollmentQuerySet:
    """Annotate the place of the standing: one CASE, whose subqueries are asked only of those it can be true of."""
    rules = [
        (credited_q(), Standing.CREDITED),
        (Enrollment.done_so_far_q(), Standing.DONE_SO_FAR),
        (Enrollment.due_soon_q(at), Standing.DUE_SOON),
        *[(rule, Standing(state.value)) for rule, state in Enrollment.state_rules(at)],
    ]
    place = Case(*[When(rule, then=Value(place_of(standing))) for rule, standing in rules], output_field=IntegerField())
    return enrollments.annotate(place=place)


def _values(enrollments: EnrollmentQuerySet, at: datetime | None, columns: Sequence[str]) -> QuerySet[Any, Any]:
    if "last_learned_at" not in enrollments.query.annotations:
        enrollments = enrollments.with_last_learned()
    return (
        enrollments.annotate(
            person_id=F("user_id"),
            person_name=F("user__name"),
            person_left_at=F("user__left_at"),
            home_team=_home_team("user"),
            enrollment_id=F("pk"),
            course_key=F("course__key"),
            course_title=F("course__title"),
            path_key=F("path__key"),
            path_title=F("path__title"),
            could_use_help=Case(When(retakes.could_use_help_q(), then=Value(True)), default=Value(False)),
            is_extendable=Case(When(more_time.extendable_q(at), then=Value(True)), default=Value(False)),
            name_key=Lower("user__name"),
        )
        .order_by()
        .values_list(*columns)
    )


def _values_of_not_asked(people: UserQuerySet, columns: Sequence[str]) -> QuerySet[Any, Any]:
    who: dict[str, Any] = {"person_id": F("pk"), "person_name": F("name"), "home_team": _home_team("pk")}
    who |= {"person_left_at": F("left_at")}
    nothing: dict[str, Any] = {
        "enrollment_id": Value(None, output_field=models.BigIntegerField()),
        "course_key": Value(""),
        "course_title": Value(""),
        "path_key": Value(""),
        "path_title": Value(""),
        "path_id": Value(None, output_field=models.BigIntegerField()),
        "enrolled_at": Value(None, output_field=models.DateTimeField()),
        "place": Value(place_of(Standing.NOT_ASKED)),
        "due_on": Value(None, output_field=models.DateField()),
        "last_learned_at": Value(None, output_field=models.DateTimeField()),
        "completed_at": Value(None, output_field=models.DateTimeField()),
        "could_use_help": Value(False),
        "is_extendable": Value(False),
        "name_key": Lower("name"),
        "share": Value(None, output_field=IntegerField()),
        **dict.fromkeys(TEXTS, Value(None, output_field=models.TextField())),
        "left_text": _text_of("left_at"),
    }
    return not_asked(people).annotate(**who, **nothing).order_by().values_list(*columns)


def _home_team(person: str) -> Coalesce:
    homes = Membership.objects.filter(user=OuterRef(person), is_home=True)
    return Coalesce(Subquery(homes.values("team__name")[:1]), Value(""))


def credited_q() -> Q:
    """Complete as the course stands, and nothing of it was done here."""
    credits = Q(pk__in=Credit.objects.values("enrollment"))  # IN: found once, not for each row
    here = Completion.objects.filter(enrollment=OuterRef("pk")).exclude(how=Completion.How.CREDITED)
    return Enrollment.up_to_date_q() & Q(withdrawn_at=None) & credits & ~Q(Exists(here))


def window_q(window: str, at: datetime | None) -> Q:
    """Those with something to be done that is due in a Window."""
    month = site_day(at) + MONTH
    ahead = Q(place__in=[place_of(standing) for standing in AHEAD])
    return {
        Window.OVERDUE: Q(place=place_of(Standing.OVERDUE)),
        Window.WEEK: Q(place=place_of(Standing.DUE_SOON)),
        Window.MONTH: Q(due_on__lte=month) & ahead,
        Window.LATER: Q(due_on__gt=month) & ahead,
        Window.NONE: Q(due_on=None) & ahead,
    }[Window(window)]


@dataclass(frozen=True)
class Within:
    """A course, or one path of it, that a report is narrowed to."""

    course_id: int
    path_id: int | None
    title: str

    @property
    def q(self) -> Q:
        return Q(path=self.path_id) if self.path_id else Q(course=self.course_id)


def within_of(people: UserQuerySet, course: str, path: str) -> Within | None:
    """The course, or with a key the path of it, if it is asked of one of these people now; one query."""
    found = Enrollment.objects.current().filter(user__in=people, course__key=course).order_by()
    if path:
        found = found.filter(path__key=path)
    one = found.values_list("course", "path", "course__title", "path__title")[:1]
    if not one:
        return None
    [(course_id, path_id, course_title, path_title)] = one
    return (
        Within(course_id, path_id, f"{course_title} · {path_title}") if path else Within(course_id, None, course_title)
    )


def rows_of(
    people: UserQuerySet,
    *,
    standing: str = "",
    window: str = "",
    within: Within | None = None,
    sort: str = "state",
    backwards: bool = False,
    at: datetime | None = None,
    columns: Sequence[str] = COLUMNS,
) -> QuerySet[Any, Any]:
    """What the rows of a report are made of, as one query, still to be sliced or iterated; `as_rows` makes them. With
    KEYS for columns only what tells them apart and sorts them, for `rows_at`; with IN_BULK what `one_by_one` counts.

    `sort` is a key of SORTS. People without a value come last, whichever way it is sorted; ties go by name.
    """
    enrollments = asked(people, at)
    if within:
        enrollments = enrollments.filter(within.q)
    if window:
        enrollments = enrollments.filter(window_q(window, at))
    if columns is IN_BULK:
        enrollments = _in_bulk(enrollments)
    wanted = [*columns, *(name for name in EXTRA.get(sort, []) if name not in columns)]
    if sort == "progress":
        share = F("lessons_done") * 1000 / NullIf(F("lessons_total"), Value(0))
        enrollments = enrollments.with_progress().annotate(share=share)
    if standing:
        enrollments = enrollments.filter(Q(place=place_of(standing)))
    query = _values(enrollments, at, wanted)
    if standing == Standing.NOT_ASKED and not (window or within):
        query = _values_of_not_asked(people, wanted)
    elif not (standing or window or within):
        query = query.union(_values_of_not_asked(people, wanted), all=True)
    column = F(SORTS[sort])
    key = column.desc(nulls_last=True) if backwards else column.asc(nulls_last=True)
    return query.order_by(key, "name_key", "person_id", "course_title")


def rows_at(keys: Iterable[Sequence[Any]], at: datetime | None = None) -> list[Row]:
    """The rows of a page of a long report, from what `rows_of` found with KEYS: what they show is looked up for these
    alone and not for everybody who is sorted. Two queries.
    """
    order = {(enrollment, person): n for n, (enrollment, person, *_rest) in enumerate(keys)}
    enrollments = Enrollment.objects.filter(pk__in=[pk for pk, _person in order if pk])
    people = User.objects.filter(pk__in=[person for pk, person in order if not pk])
    query = _values(_with_place(enrollments, at), at, COLUMNS).union(_values_of_not_asked(people, COLUMNS), all=True)
    return sorted(as_rows(query, with_modules=True), key=lambda row: order[row.enrollment_id, row.person_id])


def rows_of_few(people: Collection[int], count: int, sort: str, backwards: bool, at: datetime) -> list[Row]:
    """As `rows_of`, the first rows of people known by number: a query that is prepared once a day."""
    if not people:
        return []
    slots = [*people, *[0] * (-len(people) % 10)]
    prepared = _rows_of_few(site_day(at), len(slots), count, sort, backwards)
    return as_rows(prepared(**{f"person{n}": pk for n, pk in enumerate(slots)}), with_modules=True)


@lru_cache(maxsize=64)
def _rows_of_few(day: date, slots: int, count: int, sort: str, backwards: bool) -> Prepared:
    noon = datetime.combine(day, time(12), timezone.get_default_timezone())  # all that is asked of it is its day

    def rows(**people: int) -> QuerySet[Any, Any]:
        few = User.objects.filter(pk__in=people.values()).order_by()
        return rows_of(few, sort=sort, backwards=backwards, at=noon)[:count]

    return Prepared(rows)


def as_rows(found: Iterable[Sequence[Any]], with_modules: bool = False) -> list[Row]:
    """Rows of what `rows_of` found; one query, which counts the lessons of them all. The module where each continues
    is for pages: a file has no room for what it would cost.
    """
    found, end = list(found), len(FIELDS)
    counted = end + len(FOR_COUNTING)
    started = [(values[ENROLLMENT], values[PATH], *values[end:counted]) for values in found if values[ENROLLMENT]]
    places = places_of(started) if with_modules else {pk: (n, "") for pk, n in progress_of(started).items()}
    rows: list[Any] = []
    for values in found:
        counts, module = places.get(values[ENROLLMENT], (NOTHING_COUNTED, ""))
        rows.append([*values[:end], *counts, module])
    return [Row(*row) for row in rows]


def _in_bulk(enrollments: EnrollmentQuerySet) -> EnrollmentQuerySet:
    """With what a file is made of."""
    return with_learned(enrollments).annotate(
        due_text=_text_of("due_on"),
        completed_text=_text_of("completed_at"),
        enrolled_text=_text_of("enrolled_at"),
        left_text=_text_of("user__left_at"),
    )


def _text_of(name: str) -> Cast:
    return Cast(name, models.TextField())


def one_by_one(found: Iterable[Sequence[Any]]) -> Iterator[FileRow]:
    """What a file prints of the rows of `as_rows`, for any number asked for with IN_BULK: each when it is wanted, with
    one query for all.
    """
    count, due_day = Counter().count, lru_cache(maxsize=DAYS)(date.fromisoformat)
    day_at = lru_cache(maxsize=DAYS)(lambda at: site_day(moment(at)))
    for (
        name,
        home,
        course,
        path_id,
        path,
        place,
        helped,
        due,
        completed,
        left,
        enrolled,
        learned,
        beside,
        *_keys,
    ) in found:
        last, counted = count(path_id, enrolled, learned, beside) if path_id else ("", NOTHING_COUNTED)
        yield FileRow(
            name,
            home,
            path_id is not None,
            course,
            path,
            place,
            due_day(due) if due else None,
            day_at(minute(last)) if last else None,
            day_at(minute(completed)) if completed else None,
            helped,
            day_at(minute(left)) if left else None,
            *counted,
        )


def row_of(enrollment: Enrollment, at: datetime | None = None) -> Row:
    """The one row that a manager sees of this enrollment; two queries."""
    return as_rows([_values(_with_place(Enrollment.objects.filter(pk=enrollment.pk), at), at, COLUMNS).get()])[0]


def summary_of(people: UserQuerySet, at: datetime | None = None) -> Summary:
    """The summary of any number of people; one query."""
    return tally_of(people, at).summary()


def tally_of(people: UserQuerySet, at: datetime | None = None) -> Tally:
    """All rows of any number of people, counted; one query."""
    by_place: QuerySet[Any, Any] = asked(people, at).order_by()
    far = When(due_on__gt=site_day(at) + MONTH, then=Value(2))
    when = Case(When(due_on=None, then=Value(0)), far, default=Value(1), output_field=IntegerField())
    grouped = by_place.annotate(due=when).values("place", "path", "due").annotate(n=Count("pk"), last=Max("due_on"))
    number, none = IntegerField(), Value(None, output_field=models.BigIntegerField())
    counts = [
        who.order_by()
        .annotate(place=Value(place, number), path=none, due=Value(0, number))
        .values("place", "path", "due")
        .annotate(n=Count("pk"), last=Value(None, output_field=models.DateField()))
        .values_list("place", "path", "due", "n", "last")
        for place, who in [(-1, people), (place_of(Standing.NOT_ASKED), not_asked(people))]
    ]
    found = list(grouped.values_list("place", "path", "due", "n", "last").union(*counts, all=True))
    people_found = sum(n for place, _path, _due, n, _last in found if place < 0)
    groups = [(STANDINGS[place], path, n, last) for place, path, _due, n, last in found if place >= 0]
    return Tally.of(people_found, groups, site_day(at))


def team_sentence(user: User, at: datetime | None = None) -> str | None:
    """Where the teams of a manager stand, for their home page; None for people who manage none. Two queries."""
    population = Population.of(user)
    if population.is_everybody:  # HR, who may manage a team as well
        population = population.narrowed(*user.managed_teams())
    return words.sentence(population.title, summary_of(population.people, at)) if population.teams else None
