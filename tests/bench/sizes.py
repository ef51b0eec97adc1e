"""Reports as an organization grows: the rows that need 1,000, 10,000 and 100,000 people, in a database for each.

    python -m tests.bench.sizes results.json 10000

makes the organization in the database of DATABASE_URL and measures its pages beside the bare page; `compare` makes rows
of what was found at each size.
"""

from __future__ import annotations

import json
import os
import secrets
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import django

from tests.bench.inside import OURS, databases

SIZES = (1_000, 10_000, 100_000)
OF_AN_ORGANIZATION = 10_000  # people below the manager whose summary is measured, or all there are
ROUNDS = 3
CSV, XLSX = "/reports/team.csv", "/reports/team.xlsx"
DEEP = "/reports/organization/?depth=all"  # each team of the tree; its first page has 50
# Pages of HR about everybody: no one waits a second for any of them.
WAITED_FOR = {
    "everybody": "/reports/",
    "page 100 of everybody": "/reports/?page=100",
    "who is overdue of everybody": "/reports/?state=overdue",
    "grid of everybody": "/reports/grid/",
    "what everybody finds hard": "/reports/objectives/",
    "question analysis": "/reports/questions/customer-service/",
}
COURSE = Path(__file__).resolve().parents[2] / "content" / "customer-service"


def main() -> None:
    with (
        tempfile.TemporaryDirectory(prefix="workshop-sizes-") as folder,
        databases(os.environ.get("DATABASE_URL", ""), folder) as (url, _small),
    ):
        for name in OURS:
            os.environ.pop(name, None)
        os.environ |= {"DATA_DIR": folder, "DATABASE_URL": url, "BENCH_SMALL": f"{folder}/none", "DEMO": "1"}
        os.environ |= {"SECRET_KEY": secrets.token_urlsafe(50), "DJANGO_SETTINGS_MODULE": "tests.bench.settings"}
        django.setup()
        Path(sys.argv[1]).write_text(json.dumps(measure(int(sys.argv[2]))))


def measure(people: int) -> dict[str, float]:
    """What was found among so many people, by name."""
    from django.core.management import call_command
    from django.db import connections

    from config.management.commands.serve import Command as Serve
    from tests.bench.run import analyze, say

    say(f"an organization of {people:,} people")
    Serve().prepare(demo=False)
    call_command("migrate", run_syncdb=True, verbosity=0)
    began = time.process_time(), time.monotonic()
    call_command("load_course", COURSE, verbosity=0)
    call_command("make_org", people=people, verbosity=0)
    found = {"made": time.monotonic() - began[1]}
    analyze("default")
    site = Site()
    for name, (who, path) in site.pages().items():
        found |= site.asked(name, who, path)
    connections.close_all()
    return found | beside_the_bare_page(site)


class Site:
    """HR, a manager of a shop, and one of regions with ten thousand people below."""

    def __init__(self) -> None:
        from django.contrib.auth.models import Group

        from accounts.models import Membership, Team, User
        from demo.org import COMPANY
        from tests.bench.bare.models import Note
        from tests.bench.data import sign_in
        from tests.bench.run import OUR_OWN, STOCK

        Note.objects.bulk_create(Note(pk=n, text=f"Note {n} " + "x" * 40) for n in range(1, 11))
        company = Team.objects.get(name=COMPANY)
        hr = User.objects.create(name="Hana", email="hr@bench.example.com", password="!", is_staff=True)
        hr.groups.add(Group.objects.get(name="HR"))
        above = User.objects.create(name="Rana", email="rana@bench.example.com", password="!")
        below = 0
        for region in Team.objects.children_of(company):
            if below < OF_AN_ORGANIZATION * 0.95:
                Membership.objects.create(team=region, user=above, role="manager")
                below += User.objects.in_teams(region).count()
        shops = Membership.objects.managing().in_teams(company).filter(user__is_active=True).order_by("-team__path")
        self.people = {"hr": hr, "manager": shops[0].user, "above": above}
        self.sessions = {name: sign_in(user, OUR_OWN) for name, user in self.people.items()}
        self.bare_session = sign_in(hr, STOCK)
        self.everybody = User.objects.active().exclude(pk=hr.pk).count()

    def pages(self) -> dict[str, tuple[str, str]]:
        return {
            "team report of 20": ("manager", "/reports/"),
            "summary of 10,000": ("above", DEEP),
            "whole summary": ("hr", DEEP),
        }

    def asked(self, name: str, who: str, path: str) -> dict[str, float]:
        """How often a page asks the database, and the processor time of asking it all again."""
        from django.test import Client as Inside

        from tests.bench.run import asked, sql_time

        inside = Inside(headers={"host": "127.0.0.1"})
        inside.cookies["sessionid"] = self.sessions[who]
        inside.get(path)
        queries = asked(partial(inside.get, path), 200)
        sql_time("default", queries, 1)
        spent = statistics.median(sql_time("default", queries, 2) / 2 for _round in range(5))
        return {f"{name}: queries": len(queries), f"{name}: SQL": spent}


def beside_the_bare_page(site: Site) -> dict[str, float]:
    from tests.bench.run import Visit, in_turn, say
    from tests.bench.servers import BARE, WORKSHOP, Client, free_port, granian, running

    found: dict[str, float] = {}
    with (
        running(granian(BARE, bare_port := free_port()), bare_port, "bare", "/", site.bare_session) as bare,
        running(granian(WORKSHOP, port := free_port()), port, "workshop") as ours,
    ):
        stick = Client(bare.port, site.bare_session)
        page = Visit(bare, lambda number: stick.get("/"))
        clients = {who: Client(ours.port, session) for who, session in site.sessions.items()}
        visits = {
            name: Visit(ours, lambda number, c=clients[who], p=path: c.get(p), requests=20 if who == "manager" else 3)
            for name, (who, path) in site.pages().items()
        }
        for name, ratio in in_turn(visits, dict.fromkeys(visits, page), ROUNDS).items():
            found[f"{name}: CPU"] = ratio
        for name, path in WAITED_FOR.items():
            visit = Visit(ours, lambda number, p=path: clients["hr"].get(p), requests=1)
            visit.cost()
            found[f"{name}: CPU"] = statistics.median(visit.cost() for _round in range(ROUNDS)) * 1000
        for kind, path in (("CSV", CSV), ("XLSX", XLSX)):
            say(f"{kind} of everybody")
            found |= download(kind, partial(taken, clients["hr"], path), ours, page, site.everybody)
    return found


def download(kind: str, take: Callable[[], float], ours: Any, page: Any, people: int) -> dict[str, float]:
    """Processor time for each person beside the bare page, wait for the first byte, and growth of memory."""
    waits = [take()]
    before, ratios = ours.memory(), []
    for _round in range(ROUNDS):
        spent = ours.processor_time()
        waits.append(take())
        spent = ours.processor_time() - spent
        ratios.append(spent / people / page.cost())
    return {
        f"{kind}: CPU": statistics.median(ratios),
        f"{kind}: first byte": statistics.median(waits[1:]),
        f"{kind}: memory": ours.memory(),
        f"{kind}: memory before": before,
    }


def taken(client: Any, path: str) -> float:
    """Read a file to its end; seconds to its first byte."""
    client.wire.close()
    client.wire.connect()
    began = time.perf_counter()
    client.wire.request("GET", path, headers=client.headers())
    answer = client.wire.getresponse()
    answer.read(1)
    first = time.perf_counter() - began
    while answer.read(1 << 16):
        """Not kept."""
    return first


def compare(found: dict[int, dict[str, float]]) -> list[dict[str, Any]]:
    """The rows of G7 to G10."""
    few, some, many = (found[size] for size in SIZES)
    team, part, whole = "team report of 20", "summary of 10,000", "whole summary"

    def ratio(name: str) -> float:
        return many[name] / some[name]

    rows = [
        (f"{team} among 100,000: queries", many[f"{team}: queries"], 6, ""),
        (f"{team}: SQL time, 100,000 / 1,000 people", many[f"{team}: SQL"] / few[f"{team}: SQL"], 1.5, ""),
        (f"{team} among 100,000: CPU / bare page", many[f"{team}: CPU"], 4, ""),
        (f"{part}, first 50 teams: CPU / bare page", some[f"{part}: CPU"], 10, ""),
        (f"{part}, first 50 teams, among 100,000: CPU / bare page", many[f"{part}: CPU"], 10, ""),
        (f"{part}: SQL time, among 100,000 / alone", ratio(f"{part}: SQL"), 3, ""),
        (f"{whole}: CPU, 100,000 / 10,000 people", ratio(f"{whole}: CPU"), 12, ""),
    ]
    for kind in ("CSV", "XLSX"):
        rows += [
            (f"{kind} of 10,000: CPU a person / bare page", some[f"{kind}: CPU"], 0.012, ""),
            (f"{kind} of 100,000: CPU a person / bare page", many[f"{kind}: CPU"], 0.012, ""),
            (f"{kind}: first byte, 100,000 / 10,000 people", ratio(f"{kind}: first byte"), 1.5, ""),
            (f"{kind}: memory, 100,000 − 10,000 people", many[f"{kind}: memory"] - some[f"{kind}: memory"], 20, "MB"),
        ]
    rows += [(f"{name} among 100,000: CPU", many[f"{name}: CPU"], 1000, "ms") for name in WAITED_FOR]
    rows += [(f"making {size:,} people", found[size]["made"], None, "s") for size in SIZES]
    return [row_of(name, value, bound, unit) for name, value, bound, unit in rows]


def row_of(name: str, value: float, bound: float | None, unit: str) -> dict[str, Any]:
    gate = not name.startswith("XLSX")
    holds = bound is None or value <= bound
    return {"name": name, "value": value, "bound": bound, "unit": unit, "gate": gate, "least": False, "holds": holds}


if __name__ == "__main__":
    main()
