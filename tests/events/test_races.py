"""The last seat at the same instant, with real transactions, on either database."""

import pytest

from accounts.models import Team
from events import changing, registering
from events.models import Registration, SessionChange
from notices.models import Notice
from tests.at_once import at_once
from tests.builders import make_live_session, make_member, make_person

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def team(transactional_db) -> Team:
    return Team.add("Race")


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
