"""All rows of the table, measured on one database."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any
from urllib.parse import urlencode

from django.core.management import call_command
from django.db import connection, connections
from django.test import Client as Inside

from accounts.models import User
from config.management.commands.serve import Command as Serve
from courses.models import Completion, Lesson
from quizzes import taking
from quizzes.models import Answer, Quiz
from tests.bench import servers
from tests.bench.attempts import LARGE, answer_often, large_attempts
from tests.bench.data import CROWD, LEARNERS, World, grow, make_library, make_world, sign_in
from tests.bench.row import Row
from tests.bench.servers import BARE, WORKSHOP, Client, Crowd, Server, crowd, free_port, granian, running, serve, used
from tests.bench.weight import Weight, weigh

FEW, MANY, OTHER_COURSES = 1_000, 10_000, 20
ROUNDS, REQUESTS, FEWER = 5, 20, 5
CLIENTS = 16
STOCK, OUR_OWN = "django.contrib.auth.backends.ModelBackend", "accounts.backends.PersonBackend"
Query = tuple[str, Any]


def say(text: str) -> None:
    sys.stderr.write(f"  {time.strftime('%H:%M:%S')} {text}\n")
    sys.stderr.flush()


def measure(more: Callable[[Server], list[Row]]) -> list[dict[str, Any]]:
    """`more` is measured last, on the server that is there."""
    say(f"{connection.vendor}: {FEW} people, one course")
    Serve().prepare(demo=False)
    call_command("migrate", run_syncdb=True, verbosity=0)
    world = make_world(FEW)
    site = Site(world)
    few = site.queries()
    keep_twin()
    say(f"{MANY} people, {1 + OTHER_COURSES} courses")
    grow(world, MANY, OTHER_COURSES)
    analyze("default")
    many = site.queries()
    rows = [*counts(few, many), *growth(few, many)]
    connections.close_all()
    served = as_it_is_served(site)
    say("cold start")
    served += cold_start(site)
    with (
        running(granian(BARE, bare_port := free_port()), bare_port, "bare", "/", site.bare_session) as bare,
        running(granian(WORKSHOP, port := free_port()), port, "workshop") as ours,
    ):
        rows += [*beside_the_bare_page(site, ours, bare), *served, *searching(site, ours, bare), *more(ours)]
    return [asdict(row) | {"holds": row.holds} for row in rows]


def again(name: str, once: Callable[[int], float], bound: float, **more: Any) -> Row:
    """A row that is measured once more, with twice the rounds, before it is over its bound."""
    row = Row(name, once(1), bound, **more)
    if row.is_close:
        say(f"{name}: {row.value:.2f}, again")
        row = Row(name, once(2), bound, **more)
    return row


# --- In this process: how often a page asks, and what asking costs as the data grows ---------------------------------


class Site:
    """The people and pages that are measured."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.learner, self.manager = world.person(3), world.manager(2)
        self.enrollment = self.learner.enrollments.get()
        base = world.course.get_absolute_url()
        self.lessons = [f"{base}lesson-9-{n}/" for n in range(1, 7)]
        attempt = taking.start(self.enrollment, Quiz.objects.get(lesson__course=world.course, lesson__key="m9-8"))
        self.attempt = attempt
        self.questions = [attempt.get_question_url(n) for n in range(1, attempt.max_score + 1)]
        self.outline, self.home, self.report = base, "/", "/reports/"
        self.people = {"learner": self.learner, "manager": self.manager, "hr": world.hr()}
        self.sessions = {name: sign_in(user, OUR_OWN) for name, user in self.people.items()}
        self.bare_session = sign_in(self.learner, STOCK)

    def pages(self) -> dict[str, tuple[str, str]]:
        """Who opens what; the answer to a question is saved by `save`."""
        return {
            "lesson page": ("learner", self.lessons[2]),
            "My learning": ("learner", self.home),
            "My learning, manager": ("manager", self.home),
            "outline": ("learner", self.outline),
            "quiz page": ("learner", self.questions[1]),
            "team report of 20": ("manager", self.report),
        }

    def queries(self) -> dict[str, list[Query]]:
        """What each page asks the database, in this process."""
        found = {}
        for name, (who, path) in self.pages().items():
            inside = self.inside(who)
            inside.get(path)
            found[name] = asked(partial(inside.get, path), 200)
        form = {"option": options(self)[0][0], "go": "next"}
        found["saving an answer"] = asked(partial(self.inside("learner").post, self.questions[0], form), 302)
        return found

    def inside(self, who: str) -> Inside:
        inside = Inside(headers={"host": "127.0.0.1"})
        inside.cookies["sessionid"] = self.sessions[who]
        return inside


def options(site: Site) -> list[list[str]]:
    """The keys of the options of each question of the attempt."""
    answers = Answer.objects.filter(attempt=site.attempt).select_related("question_revision").order_by("position")
    return [[option["key"] for option in answer.question_revision.body["options"]] for answer in answers]


def asked(visit: Callable[[], Any], status: int) -> list[Query]:
    found: list[Query] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        found.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        answer = visit()
    if answer.status_code != status:
        raise servers.Unexpected(f"{answer.request['PATH_INFO']} answered {answer.status_code}")
    return found


def keep_twin() -> None:
    """Keep a copy of the database as it is now, before it grows."""
    twin = connections["small"].settings_dict["NAME"]
    if connection.vendor == "postgresql":
        name = connection.settings_dict["NAME"]
        connections.close_all()
        with connection._nodb_cursor() as cursor:
            cursor.execute(f"CREATE DATABASE {twin} TEMPLATE {name}")
    else:
        with connection.cursor() as cursor:
            cursor.execute(f"VACUUM INTO '{twin}'")
    analyze("small")


def analyze(alias: str) -> None:
    """What PostgreSQL's autovacuum does by itself in time; nobody does it on SQLite."""
    if connection.vendor == "postgresql":
        with connections[alias].cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")


QUERIES = {"lesson page": 7, "quiz page": 9, "saving an answer": 9, "team report of 20": 6}


def counts(few: dict[str, list[Query]], many: dict[str, list[Query]]) -> list[Row]:
    rows = [Row(f"{name}: queries", len(found), QUERIES.get(name)) for name, found in many.items()]
    more = sum(len(many[name]) != len(few[name]) for name in few)
    return [*rows, Row(f"pages that ask more often with {MANY:,} people", more, 0)]


def growth(few: dict[str, list[Query]], many: dict[str, list[Query]]) -> list[Row]:
    """SQL time of each page among many people and courses, over the same page among few."""
    say("SQL time")
    pages = [name for name in few if name != "saving an answer"]
    return [
        again(f"{name}: SQL time, {MANY:,} / {FEW:,} people", partial(grown, few[name], many[name]), 1.5)
        for name in pages
    ]


def grown(few: list[Query], many: list[Query], times: int) -> float:
    sql_time("small", few), sql_time("default", many)
    return statistics.median(sql_time("default", many) / sql_time("small", few) for _round in range(9 * times))


def sql_time(alias: str, queries: list[Query], repeats: int = 5) -> float:
    """Processor time of asking all that a page asks: of the database's process, or of this one if it has none."""
    with connections[alias].cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT pg_backend_pid()")
            clock = partial(used, cursor.fetchone()[0])
        else:
            clock = time.thread_time
        began = clock()
        for sql, params in queries * repeats:
            cursor.execute(sql, params)
            if cursor.description:
                cursor.fetchall()
        return clock() - began


# --- Real servers beside the bare page -------------------------------------------------------------------------------


@dataclass
class Visit:
    """Something to ask of a server, again and again."""

    server: Server
    ask: Callable[[int], Any]
    requests: int = REQUESTS

    def cost(self) -> float:
        """Processor time of one request."""
        before = self.server.processor_time()
        for number in range(self.requests):
            self.ask(number)
        return (self.server.processor_time() - before) / self.requests


def in_turn(visits: dict[str, Visit], yardsticks: dict[str, Visit], rounds: int) -> dict[str, float]:
    """Median of what each visit costs beside its yardstick, which is measured right before and right after it.

    What comes right after one visit comes right before the next, if both have the same yardstick.
    """
    ratios: dict[str, list[float]] = {name: [] for name in visits}
    for visit in {id(one): one for one in [*visits.values(), *yardsticks.values()]}.values():
        visit.cost()
    stick, before = None, 0.0
    for _round in range(rounds):
        for name, visit in visits.items():
            if yardsticks[name] is not stick:
                stick, before = yardsticks[name], yardsticks[name].cost()
            own, after = visit.cost(), stick.cost()
            ratios[name].append(2 * own / (before + after))
            before = after
    return {name: statistics.median(found) for name, found in ratios.items()}


BOUNDS = {
    "lesson page": 1.5,
    "My learning": 5.0,
    "outline": 5.0,
    "quiz page": 2.0,
    "saving an answer": 2.5,
    "team report of 20": 4.0,
}


def beside_the_bare_page(site: Site, ours: Server, bare: Server) -> list[Row]:
    say("processor time of the pages, in turn with the bare page")
    visits = visits_of(site, ours)
    page, write = yardsticks(site, bare)
    sticks = {name: write if name == "saving an answer" else page for name in visits}
    found = in_turn(visits, sticks, ROUNDS)
    rows = []
    for name, ratio in found.items():
        say(f"{name}: {ratio:.2f}")
        beside = "barest write" if sticks[name] is write else "bare page"
        row = Row(f"{name}: CPU / {beside}", ratio, BOUNDS.get(name))
        if row.is_close:
            say(f"{name}: again")
            row.value = in_turn({name: visits[name]}, sticks, 2 * ROUNDS)[name]
        rows.append(row)
    rows.append(Row("bare page: CPU", statistics.median(page.cost() for _round in range(5)) * 1000, unit="ms"))
    rows += export(site, ours, page)
    rows += large_quizzes(site, ours, page, write)
    rows += sixteen_at_once(site, ours, bare)
    rows += weights(weigh(Client(ours.port, site.sessions["learner"]), path) for path in site.lessons)
    return rows


def yardsticks(site: Site, bare: Server) -> tuple[Visit, Visit]:
    """The bare page, and the barest write."""
    stick = Client(bare.port, site.bare_session)
    page = Visit(bare, lambda number: stick.get("/"))
    return page, Visit(bare, lambda number: stick.post("/write/", text=f"text {number}"))


def visits_of(site: Site, ours: Server) -> dict[str, Visit]:
    learner, manager = (Client(ours.port, site.sessions[who]) for who in ("learner", "manager"))
    keys = options(site)

    def save(number: int) -> None:
        place = number % len(site.questions)
        learner.post(site.questions[place], option=keys[place][number // len(keys) % 2], go="next")

    asks: dict[str, Callable[[int], Any]] = {
        "lesson page": lambda number: learner.get(site.lessons[number % len(site.lessons)]),
        "My learning": lambda number: learner.get(site.home),
        "outline": lambda number: learner.get(site.outline),
        "quiz page": lambda number: learner.get(site.questions[number % len(site.questions)]),
        "saving an answer": save,
        "team report of 20": lambda number: manager.get(site.report),
    }
    # A page of many bare ones is long enough to be measured in a few requests.
    return {
        name: Visit(ours, ask, FEWER if name in ("My learning", "outline") else REQUESTS) for name, ask in asks.items()
    }


def export(site: Site, ours: Server, page: Visit) -> list[Row]:
    """The CSV of everybody, by HR."""
    say("CSV of everybody")
    hr = Client(ours.port, site.sessions["hr"])
    people = User.objects.active().exclude(pk=site.people["hr"].pk).count()

    def whole(number: int) -> None:
        lines = hr.get("/reports/team.csv").count(b"\r\n")
        if lines != people + 2:
            raise servers.Unexpected(f"The CSV has {lines} lines for {people} people")

    file = Visit(ours, whole, requests=1)  # of ten thousand people
    file.cost()  # as with all pages, the first is not counted
    ratio = statistics.median(file.cost() / page.cost() for _round in range(3)) / people
    return [Row("CSV: CPU a person / bare page", ratio, 0.012)]


def large_quizzes(site: Site, ours: Server, page: Visit, write: Visit) -> list[Row]:
    """Closing an attempt of 24 questions, opening its result, and the analysis of all answers there are."""
    say(f"attempts of {LARGE} questions")
    people = [site.world.person(number) for number in range(CROWD, CROWD + 2 * ROUNDS)]
    attempts = large_attempts(site.world, people)
    clients = [Client(ours.port, sign_in(user, OUR_OWN)) for user in people]
    inside = Inside(headers={"host": "127.0.0.1"})
    inside.force_login(people[0])
    queries = {"closing": len(asked(partial(inside.post, attempts[0].get_close_url()), 302))}
    queries["result"] = len(asked(partial(inside.get, attempts[0].get_absolute_url()), 200))
    cost: dict[str, list[float]] = {"closing": [], "result": []}
    for client, attempt in zip(clients[1:], attempts[1:], strict=True):
        client.get("/accounts/profile/")  # the connection is there
        closing = Visit(ours, lambda number, c=client, a=attempt: c.post(a.get_close_url()), requests=1).cost()
        result = Visit(ours, lambda number, c=client, a=attempt: c.get(a.get_absolute_url()), requests=3).cost()
        cost["closing"].append(closing / write.cost())
        cost["result"].append(result / page.cost())
    return [
        Row(f"closing {LARGE} questions: queries", queries["closing"], 25),
        Row(f"result of {LARGE} questions: queries", queries["result"], 9),
        Row(f"closing {LARGE} questions: CPU / barest write", statistics.median(cost["closing"])),
        Row(f"result of {LARGE} questions: CPU / bare page", statistics.median(cost["result"])),
        *analyses(site, ours),
    ]


def analyses(site: Site, ours: Server) -> list[Row]:
    """Question analysis, of a course and of one question; nobody should have to wait for it."""
    answers = answer_often(site.world)
    analyze("default")
    say(f"question analysis of {answers:,} answers")
    hr, inside = Client(ours.port, site.sessions["hr"]), site.inside("hr")
    base = f"/reports/questions/{site.world.course.key}/"
    often = Answer.objects.filter(attempt__quiz__lesson__key="m2-5").select_related("question_revision__question")
    one = f"{base}{often.order_by('pk')[0].question_revision.question.key}/"
    rows = []
    for name, path, bound in (("of the course", base, 1500), ("of one question", one, 300)):
        spent = [Visit(ours, lambda number, p=path: hr.get(p), requests=1).cost() * 1000 for _round in range(4)][1:]
        what = f"question analysis {name}, {answers:,} answers"
        rows += [Row(f"{what}: queries", len(asked(partial(inside.get, path), 200)), 10)]
        rows += [Row(f"{what}: CPU", statistics.median(spent), bound, unit="ms")]
    return rows


def sixteen_at_once(site: Site, ours: Server, bare: Server) -> list[Row]:
    say(f"{CLIENTS} clients at once")
    people = [site.world.person(number) for number in range(CLIENTS)]
    learners = [Client(ours.port, sign_in(user, OUR_OWN)) for user in people]
    sticks = [Client(bare.port, sign_in(user, STOCK)) for user in people]
    rounds: list[tuple[Crowd, Crowd]] = []
    for _round in range(3):
        rounds.append((crowd(learners, site.lessons, 10), crowd(sticks, ["/"], 10)))
    rate = statistics.median(own.rate / stick.rate for own, stick in rounds)
    wait = statistics.median(own.p99 / stick.p99 for own, stick in rounds)
    return [
        Row(f"lesson page, {CLIENTS} clients: requests/s / bare page", rate, 0.65, gate=False, least=True),
        Row(f"lesson page, {CLIENTS} clients: p99 / bare page", wait, 2, gate=False),
    ]


def weights(found: Any) -> list[Row]:
    """The heaviest of the lesson pages."""
    pages: list[Weight] = list(found)

    def most(name: str) -> float:
        return max(getattr(page, name) for page in pages)

    return [
        Row("lesson page: HTML", most("html") / 1000, 40, "kB"),
        Row("lesson page: JavaScript, compressed", most("scripts") / 1000, 20, "kB"),
        Row("lesson page: CSS, compressed", most("styles") / 1000, 15, "kB"),
        Row("lesson page: requests", most("requests"), 6),
        Row("lesson page: first visit", most("first") / 1000, 60, "kB"),
        Row("lesson page: repeat visit", most("repeat") / 1000, 15, "kB"),
    ]


# --- The site as it is served: two workers ---------------------------------------------------------------------------


def as_it_is_served(site: Site) -> list[Row]:
    say(f"{CLIENTS} clients completing lessons, two workers")
    people = [site.world.person(number) for number in range(LEARNERS, LEARNERS + CLIENTS)]
    lessons = list(
        Lesson.objects.filter(course=site.world.course, kind="reading").in_order().select_related("course")[:8]
    )
    port = free_port()
    with running(serve(port), port, "served", WORKERS="2") as server:
        clients = [Client(port, sign_in(user, OUR_OWN)) for user in people]
        before = server.processor_time()
        with ThreadPoolExecutor(CLIENTS) as threads:
            failed = sum(threads.map(partial(complete_twice, lessons=lessons), clients))
        spent = (server.processor_time() - before) / (2 * CLIENTS * len(lessons))
        memory = server.memory()
    recorded = Completion.objects.filter(enrollment__user__in=people)
    expected = CLIENTS * len(lessons)
    distinct = recorded.values("enrollment", "lesson").distinct()
    wrong = abs(recorded.count() - expected) + abs(distinct.count() - expected)
    return [
        Row(f"{CLIENTS} clients complete {expected} lessons, each twice: failed", failed, 0),
        Row("  not counted exactly once", wrong, 0),
        Row("  CPU of one", spent * 1000, unit="ms"),
        Row("memory of two workers, server and sender", memory, 250, "MB"),
    ]


def complete_twice(client: Client, lessons: Sequence[Lesson]) -> int:
    """Press Continue two times in each lesson; how often that failed."""
    failed = 0
    for lesson in lessons:
        for _click in range(2):
            try:
                to = client.post(f"{lesson.get_absolute_url()}complete/", revision=lesson.published_revision_id)
                failed += to.startswith(lesson.get_absolute_url())
            except (OSError, servers.HTTPException, servers.Unexpected) as error:
                say(f"failed: {error}")
                failed += 1
    return failed


def cold_start(site: Site) -> list[Row]:
    def once(times: int) -> float:
        ratios = []
        for _round in range(3 * times):
            ours = started(WORKSHOP, site.lessons[0], site.sessions["learner"])
            ratios.append(ours / started(BARE, "/", site.bare_session))
        return statistics.median(ratios)

    return [again("cold start to the first page: CPU / bare project", once, 3)]


LIBRARY = 4_000
RARE, COMMON = "angry", "the customer"


def searching(site: Site, ours: Server, bare: Server) -> list[Row]:
    """The page of a search among so many lessons, all of which the person may see, for a word of some and of most."""
    say(f"search among {LIBRARY:,} lessons")
    make_library(site.world, LIBRARY)
    analyze("default")
    search, places = site.inside("learner"), {word: f"/search/?{urlencode({'q': word})}" for word in (RARE, COMMON)}
    rows = [Row("search: queries", len(asked(partial(search.get, places[COMMON]), 200)), 6)]
    if b"<mark>" not in search.get(places[RARE]).content:
        raise servers.Unexpected(f"No lesson has the word {RARE}")
    connections.close_all()
    learner, (page, _write) = Client(ours.port, site.sessions["learner"]), yardsticks(site, bare)
    asks = {word: partial(learner.get, place) for word, place in places.items()}
    visits = {word: Visit(ours, lambda number, ask=ask: ask(), FEWER) for word, ask in asks.items()}
    found = in_turn(visits, dict.fromkeys(visits, page), ROUNDS)
    name = f"search among {LIBRARY:,} lessons, “%s”: CPU / bare page"
    return [*rows, Row(name % RARE, found[RARE], 20), Row(name % COMMON, found[COMMON], 30)]


def started(application: str, path: str, session: str) -> float:
    """Processor time from nothing to the first page."""
    port = free_port()
    server = servers.start(granian(application, port), port, "cold", path, session)
    try:
        return server.processor_time()
    finally:
        servers.stop(server)
