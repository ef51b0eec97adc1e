"""Invitations by mail: the link, who gets one, and the sheets for those who get none."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts import inviting
from accounts.models import InvitationRound, Membership, SignInSlip, User
from notices import sending
from notices.models import Notice
from tests.accounts.test_sessions import is_in
from tests.at_once import at_once
from tests.builders import make_member
from tests.conftest import sign_in, with_role

NEW = "a fine new phrase 9"


@pytest.fixture
def lyon(cast):
    """Everybody of the cast has come, but for these: Nora with an address, Luc without."""
    User.objects.update(last_login=timezone.now())
    cast.nora = newcomer(cast.lyon, "Nora Blanc", email="nora@example.com")
    cast.luc = newcomer(cast.lyon, "Luc Perrin", email=None, staff_number="2001")
    return cast


def newcomer(team, name, **fields):
    person = make_member(team, name, **fields)
    person.set_unusable_password()
    person.save()
    return person


def invite(cast, person, **more):
    assert inviting.invite(cast.hana, person, **more)
    return Notice.objects.filter(recipient=person).latest("pk")


def path_in(notice):
    found = re.search(r"https?://[^/\s]+(/accounts/invitation/\S+)", notice.body)
    assert found
    return found[1]


def choose(client, path):
    response = client.get(path)
    assert response.status_code == 302, response.content
    return client.post(response["Location"], {"new_password1": NEW, "new_password2": NEW})


# --- The link --------------------------------------------------------------------------------------------------------


def test_the_link_sets_a_password_and_signs_in(client, lyon):
    notice = invite(lyon, lyon.nora)
    assert (notice.kind, notice.address) == ("secret", "nora@example.com")
    response = choose(client, path_in(notice))
    assert response["Location"] == "/"
    assert is_in(client)
    lyon.nora.refresh_from_db()
    assert lyon.nora.check_password(NEW)
    assert SignInSlip.objects.get().used_at


def test_looking_at_the_link_changes_nothing_and_clears_the_address(client, lyon):
    path = path_in(invite(lyon, lyon.nora))
    for _look in range(2):
        response = client.get(path)
        assert response["Location"] == reverse("accounts:slip_password")
        assert "no-store" in response["Cache-Control"]
        assert response["Referrer-Policy"] == Client().get(reverse("accounts:reset"))["Referrer-Policy"]
    assert SignInSlip.objects.get().is_valid()
    page = client.get(response["Location"]).content.decode()
    assert "Welcome, Nora" in page
    assert path.split("/")[-2] not in page


def test_the_link_is_of_the_configured_host_and_of_no_other(lyon, settings):
    settings.BASE_URL = "https://workshop.example.org"
    assert "https://workshop.example.org/accounts/invitation/" in invite(lyon, lyon.nora).body


def why(path):
    response = Client().get(path)
    assert response.status_code == 200
    page = response.content.decode()
    assert reverse("accounts:reset") in page
    assert "Nora" not in page
    return page


def test_a_link_works_once_and_then_says_why_not(client, lyon):
    path = path_in(invite(lyon, lyon.nora))
    choose(client, path)
    assert "used already" in why(path)


def test_a_link_that_is_too_old_says_until_when(lyon):
    path = path_in(invite(lyon, lyon.nora, at=timezone.now() - timedelta(days=15)))
    assert "good until" in why(path)


def test_a_link_that_nobody_made_says_so(lyon):
    assert "no such invitation" in why(reverse("accounts:invitation", args=["x" * 32]))


@pytest.mark.parametrize("event", ["mail", "password", "leave", "address", "slip"])
def test_what_comes_after_ends_the_link(lyon, event):
    path = path_in(invite(lyon, lyon.nora, at=timezone.now() - timedelta(days=4)))
    if event == "mail":
        invite(lyon, lyon.nora)
    elif event == "password":
        lyon.nora.set_password(NEW)
        lyon.nora.save()
    elif event == "leave":
        lyon.nora.leave()
    elif event == "address":
        lyon.nora.change_email("nora.blanc@example.com")
    else:
        SignInSlip.print_for(lyon.nora, lyon.mia)
    assert "ended before its time" in why(path)


def test_a_link_of_somebody_switched_off_does_not_work(lyon):
    path = path_in(invite(lyon, lyon.nora))
    User.objects.filter(pk=lyon.nora.pk).update(is_active=False)
    assert "no longer works" in why(path)


def test_what_ends_between_looking_and_choosing_is_explained(client, lyon):
    path = path_in(invite(lyon, lyon.nora))
    client.get(path)
    lyon.nora.leave()
    response = client.post(reverse("accounts:slip_password"), {"new_password1": NEW, "new_password2": NEW})
    assert "ended before its time" in response.content.decode()
    assert not is_in(client)


def test_the_code_of_a_link_is_none_of_a_slip(client, lyon):
    code = path_in(invite(lyon, lyon.nora)).split("/")[-2]
    response = client.post(reverse("accounts:slip"), {"name": "nora@example.com", "code": code})
    assert response.status_code == 200


def test_the_mail_is_forgotten_once_it_is_sent(lyon, mailoutbox):
    notice = invite(lyon, lyon.nora)
    path = path_in(notice)
    assert sending.send_waiting() == 1
    assert path in mailoutbox[0].body
    notice.refresh_from_db()
    assert notice.body == ""
    page = sign_in(Client(), lyon.olga).get(reverse("admin:notices_notice_change", args=[notice.pk]))
    assert path not in page.content.decode()


# --- Who gets one ----------------------------------------------------------------------------------------------------


def test_each_person_of_a_team_counts_once(lyon):
    with_role(make_member(lyon.lyon, "Vera Editor"), "Editors")
    recent = newcomer(lyon.lyon, "Rita Late", email="rita@example.com")
    invite(lyon, recent)
    found = inviting.reach(lyon.hana, lyon.company)
    active = User.objects.active().in_teams(lyon.company).count()
    assert (found.mail, found.lately, found.paper, found.colleagues) == (1, 1, 1, 1)
    assert found.mail + found.lately + found.paper + found.come + found.colleagues == active


def test_a_second_press_sends_nothing(lyon):
    assert inviting.begin(lyon.hana, lyon.company) == (1, 0)
    assert inviting.begin(lyon.hana, lyon.company) == (0, 0)
    assert Notice.objects.count() == 1
    later = timezone.now() + inviting.LEFT_ALONE + timedelta(minutes=1)
    assert inviting.begin(lyon.hana, lyon.company, at=later) == (1, 0)


def test_colleagues_with_staff_rights_and_leavers_get_none(lyon):
    editor = with_role(newcomer(lyon.lyon, "Vera Editor"), "Editors")
    gone = newcomer(lyon.lyon, "Gus Gone")
    gone.leave()
    inviting.begin(lyon.hana, None)
    assert not SignInSlip.objects.filter(user__in=[editor, gone]).exists()


def crowd(team, number, **fields):
    first = User.objects.count()
    people = User.objects.bulk_create(
        User(name=f"P{n}", email=f"p{first}-{n}@example.com", staff_number=f"P{first}-{n}", password="!", **fields)
        for n in range(number)
    )
    Membership.objects.bulk_create(Membership(team=team, user=person, is_home=True) for person in people)
    return people


# --- Many, in batches ------------------------------------------------------------------------------------------------

MONDAY = datetime(2026, 11, 23, 10, tzinfo=UTC)  # a working hour in the zone of the site


@pytest.fixture
def many(lyon, monkeypatch):
    """Seven to invite, two at once and then three at a time."""
    monkeypatch.setattr(inviting, "AT_ONCE", 2)
    monkeypatch.setattr(inviting, "BATCH", 3)
    crowd(lyon.lyon, 6)
    return lyon


def test_the_request_invites_a_few_and_the_timer_goes_on(many):
    assert inviting.begin(many.hana, many.company, at=MONDAY) == (2, 5)
    assert inviting.begin(many.hana, many.company, at=MONDAY) == (2, 3)  # a second click is no second round
    assert InvitationRound.objects.count() == 1
    assert inviting.go_on(2, MONDAY + timedelta(minutes=10)) == 2
    assert inviting.go_on(200, MONDAY + timedelta(minutes=20)) == 1
    assert not InvitationRound.objects.open().exists()
    assert inviting.go_on(200, MONDAY + timedelta(days=4)) == 0
    assert Notice.objects.count() == Notice.objects.values("recipient").distinct().count() == 7
    lines = LogEntry.objects.filter(change_message__startswith="Invited").values_list("change_message", flat=True)
    assert sorted(lines) == ["Invited 1 by mail", *["Invited 2 by mail"] * 3]


def test_a_round_that_takes_long_invites_nobody_twice(many):
    inviting.begin(many.hana, many.company, at=MONDAY)
    assert inviting.go_on(2, MONDAY + timedelta(days=4)) == 2
    assert inviting.go_on(200, MONDAY + timedelta(days=8)) == 3
    assert Notice.objects.count() == Notice.objects.values("recipient").distinct().count() == 7


def test_the_timer_invites_in_working_hours_of_the_reader(many):
    inviting.begin(many.hana, many.company, at=MONDAY)
    User.objects.filter(name="P5").update(time_zone="Asia/Tokyo")
    assert inviting.go_on(200, MONDAY) == 4
    assert inviting.go_on(200, MONDAY + timedelta(hours=15)) == 1  # Tuesday at ten in Tokyo


def test_whoever_lost_the_right_invites_nobody_any_more(many):
    inviting.begin(many.hana, many.company, at=MONDAY)
    many.hana.leave()
    assert inviting.go_on(200, MONDAY) == 0
    assert not InvitationRound.objects.open().exists()


def test_hr_sees_that_it_goes_on_and_can_stop_it(many, time_machine):
    time_machine.move_to(MONDAY)
    hana, page = sign_in(Client(), many.hana), reverse("admin:not_come")
    asked = hana.post(page, {}).content.decode()
    assert "The first 2 go out at once. 5 more follow" in asked
    said = hana.post(page, {"confirmed": "1"}, follow=True).content.decode()
    assert "2 invitations go out by mail. 5 more follow in their turn: 200 every ten minutes" in said
    assert "Invitations for this list go on by themselves" in said
    one = InvitationRound.objects.get()
    for number, status in ((one.pk, 302), (one.pk + 1, 404), ("x", 404)):
        assert hana.post(page, {"stop": number}).status_code == status
    assert inviting.go_on(200, MONDAY) == 0
    assert LogEntry.objects.filter(user=many.hana, change_message="Stopped a round of invitations").count() == 1


@pytest.mark.django_db(transaction=True)
def test_four_timers_at_once_invite_each_once(many):
    inviting.begin(many.hana, many.company, at=MONDAY)
    invited = at_once(*[lambda: inviting.go_on(200, MONDAY)] * 4)
    assert sum(invited) == 5
    assert Notice.objects.count() == Notice.objects.values("recipient").distinct().count() == 7


def test_what_the_request_and_a_batch_cost_does_not_grow(lyon, monkeypatch):
    monkeypatch.setattr(inviting, "AT_ONCE", 5)

    def queries(number):
        people = User.objects.filter(name__startswith="P", last_login=None)
        people.update(last_login=timezone.now())
        crowd(lyon.lyon, number)
        with CaptureQueriesContext(connection) as counted:
            assert inviting.begin(lyon.hana, lyon.lyon)[0] == 5
            assert inviting.go_on(5, MONDAY) == 5
        InvitationRound.objects.all().delete()
        return len(counted)

    queries(12)
    assert queries(12) == queries(60)


def test_the_list_and_the_instance_agree_on_who_has_come(lyon):
    for person in User.objects.all():
        assert person.is_not_come == User.objects.not_come().filter(pk=person.pk).exists()


# --- The pages of HR -------------------------------------------------------------------------------------------------


def test_hr_sees_how_many_before_anything_goes_out(lyon):
    hana = sign_in(Client(), lyon.hana)
    page = hana.post(reverse("admin:invite"), {"team": lyon.company.pk}).content.decode()
    assert "1 person gets an invitation by mail" in page
    assert "needs a slip on paper" in page
    assert not Notice.objects.exists()
    assert hana.post(reverse("admin:invite"), {"team": lyon.company.pk, "confirmed": "1"}).status_code == 302
    assert Notice.objects.get().recipient == lyon.nora
    assert LogEntry.objects.filter(user=lyon.hana, change_message="Invited 1 by mail").exists()
    assert "Nora" not in LogEntry.objects.latest("pk").change_message


def listed(client, **query):
    page = client.get(reverse("admin:not_come"), query)
    assert page.status_code == 200
    return set(re.findall(r'<th scope="row"><a[^>]*>([^<]+)</a>', page.content.decode()))


def test_the_list_is_narrowed_by_team_and_by_how(lyon):
    hana = sign_in(Client(), lyon.hana)
    newcomer(lyon.paris, "Paul Paris", email="paul@example.com")
    assert listed(hana) == {"Nora Blanc", "Luc Perrin", "Paul Paris"}
    assert listed(hana, team=lyon.lyon.pk) == {"Nora Blanc", "Luc Perrin"}
    invite(lyon, lyon.nora)
    SignInSlip.print_for(lyon.luc, lyon.mia, at=timezone.now() - timedelta(days=9))
    assert listed(hana, how="mail") == {"Nora Blanc"}
    assert listed(hana, how="paper") == {"Luc Perrin"} == listed(hana, how="over")
    assert listed(hana, how="never") == {"Paul Paris"}
    assert listed(hana, how="no-mail") == {"Luc Perrin"}
    assert listed(hana, how="nonsense") == set()


def test_hr_invites_one_again_or_all_of_the_list(lyon):
    hana, page = sign_in(Client(), lyon.hana), reverse("admin:not_come")
    hana.post(page, {"person": lyon.nora.pk})
    hana.post(page, {"person": lyon.nora.pk})
    assert Notice.objects.count() == 1
    assert hana.post(page, {"person": lyon.ada.pk}).status_code == 404
    newcomer(lyon.paris, "Paul Paris", email="paul@example.com")
    asked = hana.post(f"{page}?team={lyon.paris.pk}").content.decode()
    assert "1 person gets a new invitation" in asked
    assert Notice.objects.count() == 1
    hana.post(f"{page}?team={lyon.paris.pk}", {"confirmed": "1"})
    assert Notice.objects.count() == 2


def test_the_list_asks_as_often_for_many(lyon):
    hana = sign_in(Client(), lyon.hana)

    def queries():
        with CaptureQueriesContext(connection) as counted:
            hana.get(reverse("admin:not_come"))
        return len(counted)

    queries()
    few = queries()
    crowd(lyon.lyon, 120)
    assert queries() == few


# --- Sheets ----------------------------------------------------------------------------------------------------------


def sheet(client, team, **data):
    return client.post(reverse("accounts:slip_sheet", args=[team.pk]), data)


def codes(response):
    return re.findall(r'class="slip-code">([A-Z2-9 ]+)<', response.content.decode())


def test_a_sheet_has_a_slip_for_each_who_has_no_mail_and_has_not_come(lyon):
    mia = sign_in(Client(), lyon.mia)
    assert "prints 1 slip" in mia.get(reverse("accounts:slip_sheet", args=[lyon.lyon.pk])).content.decode()
    response = sheet(mia, lyon.lyon)
    assert len(codes(response)) == 1
    assert "no-store" in response["Cache-Control"]
    slip = SignInSlip.objects.valid().matching("2001", codes(response)[0]).get()
    assert (slip.user, slip.printed_by) == (lyon.luc, lyon.mia)
    assert LogEntry.objects.filter(user=lyon.mia, change_message="Printed 1 sign-in slips").exists()


def test_a_sheet_for_all_who_set_no_password_ends_their_invitations(lyon):
    path = path_in(invite(lyon, lyon.nora))
    assert len(codes(sheet(sign_in(Client(), lyon.hana), lyon.lyon, who="all"))) == 2
    assert "ended before its time" in why(path)


def test_a_manager_prints_for_their_own_teams_and_nobody_beyond(lyon):
    mia = sign_in(Client(), lyon.mia)
    assert sheet(mia, lyon.paris).status_code == sheet(mia, lyon.company).status_code == 404
    boss = newcomer(lyon.lyon, "Bea Boss", email=None, staff_number="3001")
    Membership.objects.create(team=lyon.paris, user=boss, role="manager")
    assert len(codes(sheet(mia, lyon.lyon))) == 1
    names = mia.get(reverse("accounts:slip_sheets")).content.decode()
    assert "Shops / Lyon" in names
    assert "Paris" not in names


def test_more_than_a_sheet_holds_is_printed_team_by_team(lyon, monkeypatch):
    monkeypatch.setattr(inviting, "SHEET", 1)
    monkeypatch.setattr("accounts.views.sheets.SHEET", 1)
    newcomer(lyon.paris, "Paul Paris", email=None, staff_number="4001")
    response = sheet(sign_in(Client(), lyon.hana), lyon.company)
    page = response.content.decode()
    assert not codes(response)
    assert "room for 1 slips, and these are 2" in page
    assert reverse("accounts:slip_sheet", args=[lyon.paris.pk]) in page
    assert not SignInSlip.objects.exists()


def test_a_sheet_asks_as_often_for_many(lyon):
    hana = sign_in(Client(), lyon.hana)

    def queries():
        with CaptureQueriesContext(connection) as counted:
            made = len(codes(sheet(hana, lyon.lyon, who="all")))
        return len(counted), made

    queries()
    few, two = queries()
    crowd(lyon.lyon, 60)
    many, sixty = queries()
    assert (two, sixty) == (2, 62)
    assert many == few


def test_those_who_may_print_nothing_are_told(lyon):
    for person in (lyon.ada, lyon.ed, lyon.olga):
        assert sign_in(Client(), person).get(reverse("accounts:slip_sheets")).status_code == 403
