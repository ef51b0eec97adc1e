"""R25, R19: whatever is sent into any form or query of the site, as each role, the answer is never a 5xx."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache

import pytest
from django.db import transaction

from quizzes import taking
from tests.conftest import make_cast
from tests.second_run import SECOND_RUN
from tests.trust.conftest import People, make_people
from tests.trust.crawling import Crawl, Form, crawl, one_each, to_the_end, visitor

pytestmark = pytest.mark.usefixtures("quiet", "db")
HOSTILE: dict[str, str | list[str]] = {
    "nul": "a\0b",
    "forty digits": "9" * 40,
    "negative": "-1",
    "not ascii digits": "٣²",
    "repeated": ["1", "1", "x"],
    "lone surrogate": "\udcff",
    "quotes": "'\"--;)(",
    "huge": "x" * 70_000,
    "empty": "",
}
# What a database has an opinion of: the second run sends nothing else. SQLite knows no NUL that it would refuse.
OF_THE_DATABASE = ("nul", "forty digits", "huge")
ALONE = ("nul", "forty digits")
UNSENDABLE = ("huge", "lone surrogate")  # in the address of a page
NAMES = "o p q e all state sort team page next course module quiz kind revision is_active__exact _popup _to_field"


def variants(form: Form) -> Iterator[tuple[str, dict[str, object]]]:
    """All fields hostile at once, and each alone beside what the page offers."""
    offered: dict[str, object] = dict(form.fields)
    names: Iterable[str] = OF_THE_DATABASE if SECOND_RUN else HOSTILE
    for name in names if offered else ():
        yield f"all {name}", dict.fromkeys(offered, HOSTILE[name])
    for name in ALONE if SECOND_RUN else ("forty digits",):
        for field in [*offered][:3]:
            yield f"{field} {name}", offered | {field: HOSTILE[name]}
    yield "unknown fields", offered | {"user": "1", "score": "99", "is_superuser": "on", "__class__": "x", "pk": "1"}
    yield "lists", {f"{name}[]": ["1", "2"] for name in offered}


@pytest.fixture(scope="module")
def people(stage, django_db_blocker) -> Iterator[People]:
    """Made once for all tests of this file, each of which takes back what it does; Ada is in the middle of a quiz."""
    with django_db_blocker.unblock():
        stage.close()
        with transaction.atomic():
            cast = make_cast()
            taking.start(cast.ada_enrolled, cast.course.lessons.get(kind="quiz").quiz)
            yield make_people(cast)
            transaction.set_rollback(True)


@pytest.fixture(scope="module")
def crawled(people) -> Callable[[str], Crawl]:
    """What a role reaches, looked for once."""
    return cache(lambda role: crawl(people[role]))


def undone(client, form: Form, data: dict[str, object]) -> int:
    with transaction.atomic():
        response = getattr(client, form.method)(form.address, data)
        status = to_the_end(response).status_code
        transaction.set_rollback(True)
    return int(status)


@pytest.mark.parametrize("role", ["nobody", "learner", "manager", "super"])
def test_no_form_breaks(people, crawled, role):
    client, broken, asked = visitor(people[role], raise_request_exception=False), [], 0
    forms = crawled(role).forms.values()
    first = set(one_each(form.address for form in forms))
    for form in forms:
        if "sign-out" in form.address or form.address.split("?")[0] not in first:
            continue
        for what, data in variants(form):
            asked += 1
            try:
                status = undone(client, form, data)
            except UnicodeEncodeError:  # the test client cannot send it; a browser neither
                continue
            if status >= 500:
                broken.append(f"{form.method} {form.address} {what}: {status}")
    assert not broken, "\n".join(broken[:40])
    assert asked > (30 if SECOND_RUN else 50)


@pytest.mark.parametrize("role", ["nobody", "learner", "manager", "super"])
def test_no_query_breaks(people, crawled, role):
    client, broken = visitor(people[role], raise_request_exception=False), []
    pages = crawled(role).pages
    assert not [address for address, response in pages.items() if response.status_code >= 500]
    known = sorted({name for a in pages for name in re.findall(r"[?&](\w+)=", a)} | set(NAMES.split()))
    for address in [*one_each(pages), "/reports/team.csv"]:
        names = OF_THE_DATABASE if SECOND_RUN else HOSTILE
        sent = [(name, dict.fromkeys(known, HOSTILE[name])) for name in names if name not in UNSENDABLE]
        own = {name for a in pages if a.startswith(f"{address}?") for name in re.findall(r"[?&](\w+)=", a)}
        sent += [(f"{one}={name}", {one: HOSTILE[name]}) for one in sorted(own) for name in ALONE]
        for what, query in sent:
            if (status := to_the_end(client.get(address, query)).status_code) >= 500:
                broken.append(f"{address} {what}: {status}")
    assert not broken, "\n".join(broken[:40])


@pytest.mark.once
@pytest.mark.parametrize("role", ["nobody", "learner", "manager", "hr", "super"])
def test_every_form_needs_its_token(people, crawled, role):
    client = visitor(people[role], enforce_csrf_checks=True)
    forms = [form for form in crawled(role).forms.values() if form.method == "post"]
    for form in forms:
        for token in ({}, {"csrfmiddlewaretoken": "x" * 64}):
            assert client.post(form.address, dict(form.fields) | token).status_code == 403, form.address
    assert forms
