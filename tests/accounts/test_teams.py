"""The tree of teams, and whom a manager sees in it."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Membership, Team, User
from accounts.models.team import path_end
from tests.at_once import at_once
from tests.builders import make_member, make_person
from tests.conftest import Cast, with_role
from tests.second_run import examples

pytestmark = pytest.mark.django_db


def fresh(team: Team) -> Team:
    return Team.objects.get(pk=team.pk)


def person(name: str, team: Team | None = None, role: str = "member", **fields) -> User:
    """Without a password, whose hashing takes most of the time of making a person."""
    made = User.objects.create(name=name, email=f"{name.lower()}@example.com", **fields)
    if team:
        Membership.objects.create(team=team, user=made, role=role)
    return made


def test_teams_are_added_in_order_below_their_parent():
    shops, phone = Team.add("Shops"), Team.add("Phone")
    lyon, paris = Team.add("Lyon", shops), Team.add("Paris", shops)
    assert [team.name for team in Team.objects.all()] == ["Shops", "Lyon", "Paris", "Phone"]
    assert (lyon.parent, paris.parent, phone.parent) == (shops, shops, None)
    assert (shops.depth, lyon.depth) == (1, 2)


def test_under_is_the_team_and_all_below_it_and_no_neighbor():
    shops, phone = Team.add("Shops"), Team.add("Phone")
    lyon = Team.add("Lyon", shops)
    till = Team.add("Till", lyon)
    assert set(Team.objects.under(shops)) == {shops, lyon, till}
    assert set(Team.objects.under(lyon, phone)) == {lyon, till, phone}
    assert not Team.objects.under().exists()


def test_the_last_possible_team_is_still_below_its_parent():
    top = Team.objects.create(name="Top", path="0001")
    last = Team.objects.create(name="Last", path="0001" + "9999" * 15)
    Team.objects.create(name="Next", path="0002")
    assert set(Team.objects.under(top)) == {top, last}
    with pytest.raises(ValidationError):
        Team.add("Deeper", last)


if connection.vendor == "postgresql":  # SQLite has no collations to be wrong about

    def test_ranges_hold_in_a_database_that_sorts_by_language():
        """In most languages punctuation sorts before digits: a range ending in `0001:` would leave out everything."""
        with connection.cursor() as cursor:
            cursor.execute(
                'SELECT %s <= %s COLLATE "en-x-icu" AND %s > %s COLLATE "en-x-icu"',
                ["00010003", path_end("0001"), "0002", path_end("0001")],
            )
            assert cursor.fetchone() == (True,)


def test_move_takes_the_whole_subtree_along():
    shops, phone = Team.add("Shops"), Team.add("Phone")
    lyon = Team.add("Lyon", shops)
    till = Team.add("Till", lyon)
    lyon.move(phone)
    assert set(Team.objects.under(fresh(phone))) == {phone, lyon, till}
    assert set(Team.objects.under(fresh(shops))) == {shops}
    assert fresh(till).parent == fresh(lyon)
    assert lyon.path == fresh(lyon).path
    lyon.move(None)
    assert fresh(lyon).depth == 1
    assert fresh(till).is_under(fresh(lyon))


def test_move_below_oneself_is_refused_and_moves_nothing():
    shops = Team.add("Shops")
    till = Team.add("Till", Team.add("Lyon", shops))
    before = list(Team.objects.values_list("path", flat=True))
    for target in (shops, till):
        with pytest.raises(ValidationError, match="part of it"):
            shops.move(target)
    assert list(Team.objects.values_list("path", flat=True)) == before


def test_move_to_where_it_is_changes_nothing():
    shops = Team.add("Shops")
    lyon = Team.add("Lyon", shops)
    Team.add("Paris", shops)
    path = lyon.path
    lyon.move(shops)
    assert fresh(lyon).path == path


def test_an_old_copy_of_a_team_does_not_lead_into_the_wrong_place():
    shops, phone = Team.add("Shops"), Team.add("Phone")
    lyon = Team.add("Lyon", shops)
    old = fresh(lyon)
    lyon.move(phone)
    till = Team.add("Till", old)
    assert till.is_under(fresh(lyon))
    with pytest.raises(ValidationError):
        Team.objects.get(pk=phone.pk).move(old)


def test_sixteen_levels_and_no_more():
    team = None
    chain = [team := Team.add(f"Level {level}", team) for level in range(16)]
    with pytest.raises(ValidationError, match="16 levels"):
        Team.add("Too deep", chain[-1])
    other = Team.add("Other")
    Team.add("Below other", other)
    with pytest.raises(ValidationError, match="16 levels"):
        other.move(chain[-2])
    assert fresh(other).depth == 1


def test_a_full_team_says_so():
    top = Team.add("Top")
    Team.objects.create(name="Last", path=f"{top.path}9999")
    with pytest.raises(ValidationError, match="9,999"):
        Team.add("One more", top)


def test_one_home_and_one_place_a_team():
    team = Team.add("Shops")
    ada = make_member(team, "Ada")
    with pytest.raises(IntegrityError), transaction.atomic():
        Membership.objects.create(team=team, user=ada, role="manager")
    with pytest.raises(IntegrityError), transaction.atomic():
        Membership.objects.create(team=Team.add("Phone"), user=ada, is_home=True)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("below_a_parent", [False, True])
def test_teams_added_at_the_same_instant_get_places_of_their_own(below_a_parent):
    parent = Team.add("Shops") if below_a_parent else None
    paths = at_once(*[lambda n=n: Team.add(f"Team {n}", parent).path for n in range(5)])
    assert len(set(paths)) == 5
    assert all(len(path) == (8 if parent else 4) for path in paths)


@pytest.mark.django_db(transaction=True)
def test_a_team_added_while_its_parent_moves_goes_along():
    shops, phone = Team.add("Shops"), Team.add("Phone")
    lyon = Team.add("Lyon", shops)
    at_once(lambda: lyon.move(phone), lambda: Team.add("Till", fresh(lyon)))
    till = Team.objects.get(name="Till")
    assert till.parent == fresh(lyon)
    assert till.is_under(phone)


# --- Whom a manager sees ---------------------------------------------------------------------------------------------

parents = st.lists(st.integers(0, 50), min_size=1, max_size=8)
places = st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50), st.booleans()), max_size=12)


@settings(max_examples=examples(25), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(parents=parents, places=places, moves=st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), max_size=3))
def test_a_manager_sees_exactly_the_people_of_their_teams_and_below(db, parents, places, moves):
    """Random trees, with people in several teams and managers of several; the model walks up the parents."""
    with transaction.atomic():
        teams: list[Team] = []
        above: dict[int, int | None] = {}
        for number, choice in enumerate(parents):
            parent = choice % (number + 1) - 1  # -1: a root
            teams.append(Team.add(f"T{number}", teams[parent] if parent >= 0 else None))
            above[number] = parent if parent >= 0 else None

        def chain(number: int | None) -> list[int]:
            return [] if number is None else [number, *chain(above[number])]

        for moved, target in moves:
            moved, target = moved % len(teams), target % len(teams)
            if moved not in chain(target):
                fresh(teams[moved]).move(teams[target])
                above[moved] = target
        people = [person(f"P{number}") for number in range(4)]
        where: dict[tuple[int, int], bool] = {}
        for who, team, manages in places:
            where.setdefault((who % 4, team % len(teams)), manages)
        for (who, team), manages in where.items():
            role = "manager" if manages else "member"
            Membership.objects.create(team=teams[team], user=people[who], role=role)

        for viewer, row in enumerate(people):
            managed = {team for (who, team), manages in where.items() if who == viewer and manages}
            expected = {people[who] for (who, team) in where if who != viewer and managed & set(chain(team))}
            assert set(User.objects.managed_by(row)) == expected
            assert User.objects.managed_by(row).count() == len(expected), "nobody twice"
            assert all(row.may_see(other) == (other in expected) for other in people)
            tops = row.managed_teams()
            assert row.managed_tree() == (tops, list(Team.objects.under(*tops)))
        transaction.set_rollback(True)


def test_a_lost_right_is_lost_at_once():
    shops = Team.add("Shops")
    mia, ada = person("Mia", shops, "manager"), person("Ada", shops)
    assert mia.may_see(ada)
    mia.memberships.update(role="member")
    assert not mia.may_see(ada)
    mia.memberships.update(role="manager")
    ada.memberships.all().delete()
    assert not mia.may_see(ada)


def test_a_manager_who_is_switched_off_sees_nobody():
    shops = Team.add("Shops")
    person("Ada", shops)
    assert not User.objects.managed_by(person("Mia", shops, "manager", is_active=False)).exists()


def test_hr_sees_everybody_but_their_own_row_and_others_without_a_team_nobody():
    hana = with_role(make_person("Hana"), "HR")
    ada = person("Ada")
    assert set(User.objects.managed_by(hana)) == {ada}
    assert not User.objects.managed_by(with_role(make_person("Olga"), "Operators")).exists()
    assert not User.objects.managed_by(with_role(make_person("Ed"), "Editors")).exists()


def test_the_right_to_see_everybody_takes_the_staff_flag_too():
    hana = with_role(make_person("Hana"), "HR")
    person("Ada")
    User.objects.filter(pk=hana.pk).update(is_staff=False)
    assert not User.objects.managed_by(User.objects.get(pk=hana.pk)).exists()


def test_however_large_the_tree_two_queries_find_the_people(django_assert_num_queries):
    shops = Team.add("Shops")
    mia = person("Mia", shops, "manager")
    for number in range(12):
        person(f"P{number}", Team.add(f"Shop {number}", shops))
    with django_assert_num_queries(2):
        assert len(User.objects.managed_by(mia)) == 12


def test_a_move_that_became_impossible_meanwhile_is_a_message(cast: Cast, client: Client, monkeypatch) -> None:
    """Two people move teams into each other at once: the second has a clean form and is refused under the lock."""
    client.force_login(cast.hana)
    move = Team.move

    def after_the_other(self: Team, parent: Team | None) -> None:
        move(Team.objects.get(pk=cast.paris.pk), self)
        move(self, parent)

    monkeypatch.setattr(Team, "move", after_the_other)
    address = f"/admin/accounts/team/{cast.lyon.pk}/change/"
    page = client.post(address, {"name": "Lyon", "parent": cast.paris.pk}, follow=True)
    assert "at the same moment" in page.content.decode()
    cast.lyon.refresh_from_db()
    assert cast.lyon.parent == cast.company
