"""The last seat at the same instant, with real transactions, on either database."""

import threading
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import connection

from accounts.models import Team
from events import changing, registering
from events.models import Registration, SessionChange
from notices.models import Notice
from tests.builders import make_live_session, make_member, make_person

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def team(transactional_db):
    """A team; and the roles that a flush deletes are back for the tests that follow."""
    yield Team.add("Race")
    from desk.roles import sync_roles

    if not Group.objects.exists():
        sync_roles()


def at_once(*verbs: Any) -> list[Any]:
    """Call each verb in a thread of its own, all released together; results in the order of the verbs."""
    ready = threading.Barrier(len(verbs))
    results: list[Any] = [None] * len(verbs)

    def run(place: int, verb: Any) -> None:
        ready.wait(timeout=30)
        try:
            results[place] = verb()
        except Exception as error:
            results[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(verbs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return results


def test_of_many_who_want_the_last_seats_as_many_get_one(team):
    session = make_live_session(teams=[team], seats=2)
    people = [make_member(team, f"Person{n} Race") for n in range(6)]
    told = at_once(*[lambda p=p: registering.register(session, p).is_seated for p in people])
    assert sorted(told) == [False] * 4 + [True] * 2
    # What was said to each of them is still so: nobody slipped in before.
    for person, seated in zip(people, told, strict=True):
        assert Registration.objects.get(user=person).is_seated == seated


def test_a_double_click_is_one_registration(team):
    session = make_live_session(teams=[team], seats=1)
    ada = make_member(team, "Ada Race")
    results = at_once(*[lambda: registering.register(session, ada).pk] * 5)
    assert results == [Registration.objects.get().pk] * 5


def test_a_seat_that_becomes_free_goes_to_one(team):
    session = make_live_session(teams=[team], seats=1)
    people = [make_member(team, f"Person{n} Race") for n in range(4)]
    for person in people:
        registering.register(session, person)
    at_once(*[lambda p=p: registering.cancel(session, p) for p in people[:2]])
    assert [row.user for row in session.seated()] == [people[2]]
    assert Notice.objects.filter(recipient=people[2]).count() == 1
    assert not Notice.objects.filter(recipient=people[3]).exists()


def test_calling_off_at_the_same_instant_tells_everybody_once(team):
    session = make_live_session(teams=[team])
    hana, ada = make_person("Hana Race"), make_member(team, "Ada Race")
    registering.register(session, ada)
    told = at_once(*[lambda: changing.cancel(session, hana)] * 4)
    assert sorted(told) == [0, 0, 0, 1]
    assert SessionChange.objects.count() == Notice.objects.count() == 1
