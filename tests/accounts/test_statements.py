"""A prepared query gives what the query itself gives, to everybody their own, and refuses what it cannot prepare."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import Permission
from django.db import connection
from django.db.models import BigIntegerField, DateField, F, Q, TextField, Value
from django.utils import timezone

from accounts.backends import PersonBackend
from accounts.models import Membership, User
from accounts.statements import Prepared


def by_name(pk: int, name: str):
    return User.objects.with_is_manager().filter(Q(name=name) | Q(pk=pk)).order_by("pk")


def test_it_gives_the_rows_of_the_query_for_whatever_is_given(cast):
    prepared = Prepared(by_name)
    for person, name in [(cast.ada, "Otto Lind"), (cast.mia, "nobody"), (cast.olga, "Ada Moreau' OR 1=1")]:
        rows = prepared(pk=person.pk, name=name)
        assert rows == list(by_name(person.pk, name))
        assert [row.is_manager for row in rows] == [row.is_manager for row in by_name(person.pk, name)]


def test_values_and_slices_keep_their_shape(cast):
    prepared = Prepared(
        lambda name: User.objects.exclude(name=name).order_by("pk").values_list("pk", "date_joined")[:2]
    )
    assert prepared(name=cast.ada.name) == list(prepared.build(cast.ada.name))


def test_a_constant_that_equals_a_stand_in_stays_what_it_is(cast):
    prepared = Prepared(lambda pk: User.objects.filter(Q(pk=pk) | Q(pk=100) | Q(pk=200)))
    assert prepared(pk=cast.ada.pk) == [cast.ada]


def test_constants_stay_what_they_are(cast):
    """They become a part of the SQL."""

    def build(pk: int):
        odd = [Value(text, TextField()) for text in ("it's 100%s", "%%", "back\\slash", "%(pk)s", "")]
        others = [Value(None, BigIntegerField()), Value(-7), Value(True), Value(date(2026, 11, 22), DateField())]
        values = {f"value{n}": value for n, value in enumerate([*odd, *others])}
        return User.objects.filter(pk=pk, name__contains="a").annotate(**values).values_list("pk", *values)

    prepared = Prepared(build)
    assert prepared(pk=cast.ada.pk) == list(build(cast.ada.pk)) != []
    assert prepared.statement.names == ["pk"]


def test_postgresql_keeps_the_plan_of_what_is_asked_by_number(cast):
    prepared, by_text = Prepared(lambda one, two: User.objects.filter(pk__in=[one, two])), Prepared(by_name)
    sliced = Prepared(lambda pk: User.objects.filter(pk__gte=pk).order_by("pk")[:2])
    for _time in range(12):
        assert len(prepared(one=cast.ada.pk, two=cast.mia.pk)) == len(sliced(pk=cast.ada.pk)) == 2
        assert by_text(pk=cast.ada.pk, name="") == [cast.ada]
    assert sliced.statement.always == by_text.statement.always == ()
    if connection.vendor != "postgresql":
        assert prepared.statement.always == ()
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT generic_plans FROM pg_prepared_statements WHERE statement LIKE %s", ["%LIMIT $3"])
        assert cursor.fetchall() == [(2,)]  # of twelve: psycopg prepares the sixth, and five more are planned anew


@pytest.mark.django_db(transaction=True)
def test_each_thread_asks_through_its_own_connection(cast):
    prepared = Prepared(by_name)
    assert prepared(pk=cast.ada.pk, name="") == [cast.ada]

    def ask(person: User):
        try:
            return prepared(pk=person.pk, name="")
        finally:
            connection.close()

    people = [cast.ada, cast.mia, cast.otto, cast.hana] * 5
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(ask, people)) == [[person] for person in people]


@pytest.mark.parametrize(
    "build",
    [
        lambda name: User.objects.filter(name=name.upper()),
        lambda name: User.objects.all() if name == "name-100" else User.objects.filter(name=name),
        lambda name: User.objects.filter(is_active=True),
        lambda name: User.objects.filter(name__startswith=name),
    ],
)
def test_what_does_not_end_up_as_a_parameter_is_refused(db, build):
    with pytest.raises(ValueError, match="<lambda> makes"):
        Prepared(build)(name="Ada")


def test_a_number_too_large_for_the_database_finds_nothing(cast):
    prepared = Prepared(by_name)
    assert prepared(pk=10**40, name="") == []
    assert prepared(pk=2**63 - 1, name="") == []


@pytest.mark.parametrize(
    "build",
    [
        lambda name: User.objects.filter(name=name).prefetch_related("groups"),
        lambda name: User.objects.filter(name=name).values("pk"),
        lambda name: User.objects.filter(name=name).values_list("pk", flat=True),
    ],
)
def test_what_is_more_than_objects_and_tuples_is_refused(db, build):
    with pytest.raises(ValueError, match="<lambda> makes more of its rows"):
        Prepared(build)(name="Ada")


def test_what_is_selected_and_what_is_left_out_are_as_in_the_query(cast, django_assert_num_queries):
    def build(name: str):
        rows = Membership.objects.select_related("user", "team").annotate(again=F("team__name"))
        return rows.defer("user__password").filter(user__name=name)

    (plain,), (row,) = build("Ada Moreau"), Prepared(build)(name="Ada Moreau")
    with django_assert_num_queries(0):
        assert (row.user, row.team, row.again) == (cast.ada, cast.lyon, "Lyon")
        assert row.user.get_deferred_fields() == plain.user.get_deferred_fields() == {"password"}
        assert (row._state.db, row._state.adding) == (plain._state.db, False)
    assert row.user.password == cast.ada.password


def test_a_moment_is_given_as_the_database_has_it(cast):
    prepared = Prepared(lambda at: User.objects.filter(date_joined__gte=at).order_by("pk"))
    for at in (cast.ada.date_joined, cast.otto.date_joined + timedelta(microseconds=1), timezone.now()):
        assert prepared(at=at) == list(prepared.build(at))


def test_permissions_are_those_that_django_finds(cast):
    """Of roles, one's own, both or none; and of somebody who is switched off none at all."""
    for person in (cast.ed, cast.ada):
        person.user_permissions.add(*Permission.objects.filter(codename__in=["view_course", "add_user"]))
    User.objects.filter(pk=cast.olga.pk).update(is_active=False)
    people = User.objects.in_bulk([cast.ed.pk, cast.ada.pk, cast.otto.pk, cast.hana.pk, cast.olga.pk])
    for person in people.values():
        expected = ModelBackend().get_all_permissions(User.objects.get(pk=person.pk))
        assert PersonBackend().get_all_permissions(person) == expected
    assert PersonBackend().get_all_permissions(people[cast.ed.pk], cast.ada) == set()
    assert {"courses.change_course", "accounts.add_user"} <= people[cast.ed.pk].get_all_permissions()
