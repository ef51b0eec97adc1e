"""For whom a session is, and that each rule says the same as a query and on the instance."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import Membership, Team
from events import registering
from events.models import Attendance, LiveSession, Registration
from tests.builders import make_course, make_live_session, make_member

pytestmark = pytest.mark.django_db
NOBODY = AnonymousUser()


def names(queryset):
    return set(queryset.values_list("title", flat=True))


def test_for_whom_it_is(cast):
    make_live_session("course", course=cast.course)
    make_live_session("other course", course=make_course("other"))
    make_live_session("company", teams=[cast.company])
    make_live_session("lyon", teams=[cast.lyon])
    make_live_session("both", teams=[cast.lyon, cast.paris])
    make_live_session("open", is_public=True)
    make_live_session("nobody's")
    meant = LiveSession.objects.meant_for
    assert names(meant(cast.ada)) == {"course", "company", "lyon", "both", "open"}
    assert names(meant(cast.otto)) == {"course", "company", "both", "open"}
    assert names(meant(cast.stranger)) == {"open"}
    assert names(meant(cast.hana)) == {"open"}
    assert not meant(NOBODY).exists()
    for person in (cast.ada, cast.otto, cast.stranger, NOBODY):
        for session in LiveSession.objects.all():
            assert session.is_meant_for(person) == meant(person).filter(pk=session.pk).exists()


def test_teams_next_to_each_other_are_not_taken_for_one_another(cast):
    near = Team.add("Next", cast.company)
    session = make_live_session(teams=[near])
    assert not session.is_meant_for(cast.ada)
    below = Team.add("Below", near)
    Membership.objects.create(team=below, user=cast.ada)
    assert session.is_meant_for(cast.ada)


def test_who_withdrew_from_a_course_is_not_asked_to_its_sessions(cast):
    session = make_live_session(course=cast.course)
    cast.ada_enrolled.withdrawn_at = timezone.now()
    cast.ada_enrolled.save()
    assert not session.is_meant_for(cast.ada)


def test_who_sees_and_who_leads(cast):
    session = make_live_session("lyon", teams=[cast.lyon], trainers=[cast.pia])
    seen, led = LiveSession.objects.visible_to, LiveSession.objects.led_by
    for person, sees, leads in [
        (cast.ada, True, False),
        (cast.otto, False, False),
        (cast.pia, True, True),
        (cast.hana, True, True),
        (cast.ed, False, False),
        (cast.olga, False, False),
        (NOBODY, False, False),
    ]:
        assert seen(person).filter(pk=session.pk).exists() == sees, person
        assert led(person).filter(pk=session.pk).exists() == leads == session.is_led_by(person), person


def test_who_registered_once_keeps_seeing_it(cast):
    session = make_live_session(teams=[cast.lyon])
    registering.register(session, cast.ada)
    cast.ada.memberships.all().delete()
    assert LiveSession.objects.visible_to(cast.ada).exists()
    assert not LiveSession.objects.meant_for(cast.ada).exists()


def test_coming_and_over_agree(cast):
    now = timezone.now()
    make_live_session("past", at=now - timedelta(days=2))
    make_live_session("on", at=now - timedelta(minutes=5))
    make_live_session("next")
    make_live_session("cancelled", cancelled_at=now)
    assert names(LiveSession.objects.coming()) == {"on", "next"}
    for session in LiveSession.objects.all():
        assert session.is_coming() == LiveSession.objects.coming().filter(pk=session.pk).exists()
    assert [s.title for s in LiveSession.objects.order_by("pk") if s.is_open()] == ["next"]


@pytest.mark.parametrize("seats", [None, 1, 2, 5])
def test_who_has_a_seat_is_the_same_by_every_way(cast, seats):
    session = make_live_session(teams=[cast.company], seats=seats)
    people = [make_member(cast.lyon, f"Person{n} X") for n in range(4)]
    for person in people:
        registering.register(session, person)
    registering.cancel(session, people[1])
    people[2].leave()
    wanted = {people[0], people[3]} if seats != 1 else {people[0]}
    rows = Registration.objects.all()
    assert {row.user for row in rows.seated()} == wanted
    assert {row.user for row in rows if row.is_seated} == wanted
    assert {row.user for row in session.seated()} == wanted
    assert {row.pk for row in rows.active()} == {row.pk for row in rows if row.is_active}
    own = LiveSession.objects.with_place_of(people[3].pk).get()
    assert (own.taken, own.before) == (2, 1)
    assert own.registration == rows.get(user=people[3]).pk


def test_attendance_counts_until_it_is_taken_back(cast):
    session = make_live_session()
    row = Attendance.objects.create(session=session, user=cast.ada, by=cast.pia)
    assert row.is_counting
    assert Attendance.objects.counting().exists()
    row.withdrawn_at, row.withdrawn_by = timezone.now(), cast.pia
    row.save()
    assert not row.is_counting
    assert not Attendance.objects.counting().exists()


@pytest.mark.parametrize(
    "wrong",
    [{"ends_at": timezone.now()}, {"seats": 0}, {"link": "", "place": ""}],
)
def test_the_database_refuses_what_cannot_be(db, wrong):
    with pytest.raises(IntegrityError), transaction.atomic():
        make_live_session(**wrong)
