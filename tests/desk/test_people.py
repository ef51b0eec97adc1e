import logging
from datetime import date, timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.urls import reverse

from accounts.models import Membership, Team, User
from courses.models import Assignment, Enrollment, EnrollmentChange
from courses.models.enrollment import site_day
from tests.builders import enroll, make_member, make_person

pytestmark = pytest.mark.django_db

ADD = "/admin/accounts/user/add/"
ASK = "/admin/courses/assignment/add/"


def url(model, pk, page="change"):
    return reverse(f"admin:{model}_{page}", args=[pk])


def typed(person, rows=(), **changes):
    home = person.memberships.filter(is_home=True).first()
    form = {"name": person.name, "email": person.email or "", "staff_number": person.staff_number or ""}
    form |= {"is_active": "on", "home_team": home.team_id if home else "", "home_role": home.role if home else "member"}
    return {**form, **places(rows), **changes}


def places(rows=()):
    form = {"memberships-TOTAL_FORMS": len(rows), "memberships-INITIAL_FORMS": sum("id" in row for row in rows)}
    return form | {f"memberships-{n}-{name}": value for n, row in enumerate(rows) for name, value in row.items()}


def test_bring_in_a_person(cast, as_):
    form = {"name": "New Person", "email": " New@Example.com ", "staff_number": "", "home_team": cast.lyon.pk}
    as_(cast.hana).post(
        ADD, {**form, "home_role": "member", **places(), "is_superuser": "on", "is_staff": "on", "roles": "HR"}
    )
    person = User.objects.get(email="new@example.com")
    assert person.home_team == cast.lyon
    assert person.is_active
    assert not person.has_usable_password()
    assert not person.is_staff
    assert not person.is_superuser
    assert not person.groups.exists()


@pytest.mark.parametrize(
    "form",
    [
        {"name": "X", "email": "", "staff_number": ""},
        {"name": "X", "email": "ADA@example.com"},
        {"name": "X", "staff_number": "1001"},
        {"name": "X", "staff_number": "12", "home_team": "9" * 40},
        {"name": "X", "staff_number": "12", "home_team": "x"},
        {"name": "", "staff_number": "12"},
    ],
)
def test_what_cannot_be_is_a_form_error(cast, as_, form):
    before = User.objects.count()
    page = as_(cast.hana).post(ADD, {**places(), "home_role": "member", **form})
    assert page.status_code == 200
    assert "Error:" in page.content.decode()
    assert User.objects.count() == before


def test_hr_gives_no_colleague_with_staff_rights_another_address(cast, as_):
    """Whoever does could have a new password sent there and become an editor. Superusers may."""
    page = as_(cast.hana).get(url("accounts_user", cast.ed.pk)).content.decode()
    assert 'name="staff_number"' in page
    assert 'name="email"' not in page
    as_(cast.hana).post(url("accounts_user", cast.ed.pk), typed(cast.ed, name="Ed O.", email="evil@example.com"))
    cast.ed.refresh_from_db()
    assert (cast.ed.name, cast.ed.email) == ("Ed O.", "ed@example.com")
    as_(cast.hana).post(url("accounts_user", cast.hana.pk), typed(cast.hana, email="hana.new@example.com"))
    assert User.objects.filter(pk=cast.hana.pk, email="hana.new@example.com").exists()
    root = User.objects.create_superuser(name="Root", email="root@example.com")
    as_(root).post(url("accounts_user", cast.ed.pk), typed(cast.ed, email="ed.new@example.com"))
    assert User.objects.filter(pk=cast.ed.pk, email="ed.new@example.com").exists()


def test_another_address_ends_the_sessions(cast, as_):
    ada = as_(cast.ada)
    as_(cast.hana).post(url("accounts_user", cast.ada.pk), typed(cast.ada, email="moved@example.com"))
    cast.ada.refresh_from_db()
    assert cast.ada.email == "moved@example.com"
    assert ada.get("/").wsgi_request.user.is_anonymous


def test_home_and_further_teams(cast, as_):
    hana, place = as_(cast.hana), url("accounts_user", cast.ada.pk)
    hana.post(place, typed(cast.ada, [{"team": cast.paris.pk, "role": "manager"}]))
    assert set(cast.ada.memberships.values_list("team__name", "role", "is_home")) == {
        ("Lyon", "member", True),
        ("Paris", "manager", False),
    }
    hana.post(place, typed(cast.ada, home_team=cast.paris.pk, home_role="manager"))
    assert set(cast.ada.memberships.values_list("team__name", "is_home")) == {("Paris", True)}
    page = hana.post(place, typed(cast.ada, [{"team": cast.paris.pk, "role": "member"}]))
    assert "Paris is the home team" in page.content.decode()
    twice = [{"team": cast.lyon.pk, "role": "member"}] * 2
    assert hana.post(place, typed(cast.ada, twice)).status_code == 200
    hana.post(place, typed(cast.ada, home_team=""))
    assert not Membership.objects.filter(user=cast.ada).exists()


def test_switching_off_ends_the_session_and_oneself_cannot(cast, as_):
    ada, hana = as_(cast.ada), as_(cast.hana)
    form = typed(cast.ada)
    del form["is_active"]
    hana.post(url("accounts_user", cast.ada.pk), form)
    assert ada.get("/").wsgi_request.user.is_anonymous
    form = typed(cast.hana)
    del form["is_active"]
    assert "cannot switch off your own account" in hana.post(url("accounts_user", cast.hana.pk), form).content.decode()
    assert User.objects.get(pk=cast.hana.pk).is_active


def test_roles_are_given_by_superusers_only(cast, root, as_, caplog):
    place = url("accounts_user", cast.ada.pk)
    as_(cast.hana).post(place, typed(cast.ada, roles=["HR"], is_staff="on", is_superuser="on", groups="1"))
    cast.ada.refresh_from_db()
    assert not cast.ada.is_staff
    assert not cast.ada.is_superuser
    assert not cast.ada.groups.exists()
    assert 'name="roles"' not in as_(cast.hana).get(place).content.decode()
    with caplog.at_level(logging.INFO, "workshop.desk"):
        as_(root).post(place, typed(cast.ada, roles=["Editors", "HR"]))
    cast.ada.refresh_from_db()
    assert cast.ada.is_staff
    assert {g.name for g in cast.ada.groups.all()} == {"Editors", "HR"}
    assert f"person {cast.ada.pk}" in caplog.text
    assert as_(root).post(place, typed(cast.ada, roles=["Kings"])).status_code == 200
    as_(root).post(place, typed(cast.ada))
    cast.ada.refresh_from_db()
    assert not cast.ada.is_staff
    assert not cast.ada.groups.exists()


def test_hr_cannot_become_a_superuser_by_their_address(cast, root, as_):
    place = url("accounts_user", root.pk)
    assert as_(cast.hana).get(place).status_code == 200
    assert as_(cast.hana).post(place, typed(root, email="mine@example.com")).status_code == 403
    root.refresh_from_db()
    assert root.email == "root@example.com"
    assert "Print a sign-in slip" not in as_(cast.hana).get(place).content.decode()
    assert "Print a sign-in slip" in as_(cast.hana).get(url("accounts_user", cast.ada.pk)).content.decode()


def test_finding_people(cast, as_):
    def names(**query):
        page = as_(cast.hana).get("/admin/accounts/user/", query)
        assert page.status_code == 200
        return {person.name for person in page.context["cl"].result_list}

    assert names(q="ada") == {"Ada Moreau"} == names(q="1001") == names(q="ada@example")
    assert names(team=cast.company.pk) == {"Ada Moreau", "Mia Duval", "Otto Lind", "Pia Sand"}
    assert names(team=cast.paris.pk, role="managers") == {"Pia Sand"}
    assert names(role="HR") == {"Hana Sato"}
    assert names(active="no") == set()
    everybody = names()
    for odd in ("9" * 40, "x", "", "-1"):
        assert names(team=odd) == names(role=odd) == names(active=odd) == everybody
    for odd in ({"p": "9" * 40}, {"o": "9" * 40}, {"o": "x.-.1"}, {"p": "x"}, {"q": "a" * 5000}, {"all": "x"}):
        assert as_(cast.hana).get("/admin/accounts/user/", odd).status_code in (200, 302)


def test_people_list_does_not_grow(cast, as_, django_assert_max_num_queries):
    hana = as_(cast.hana)
    for number in range(20):
        person = make_member(cast.lyon, f"P{number} X", email=f"p{number}@example.com")
        enroll(person, cast.course)
        Team.add(f"Team {number}", cast.lyon)
        Assignment.objects.create(team=cast.lyon, course=cast.course, path=cast.course.paths.get(), due_days=number)
    for page, most in {
        "accounts/user": 9,
        "accounts/team": 7,
        "courses/enrollment": 9,
        "courses/assignment": 8,
    }.items():
        with django_assert_max_num_queries(most):
            assert hana.get(f"/admin/{page}/").status_code == 200


# --- Teams ---


def test_add_rename_and_move_a_team(cast, as_):
    hana = as_(cast.hana)
    hana.post("/admin/accounts/team/add/", {"name": "Lyon North", "parent": cast.lyon.pk})
    north = Team.objects.get(name="Lyon North")
    assert north.parent == cast.lyon
    hana.post(url("accounts_team", cast.lyon.pk), {"name": "Lyon City", "parent": cast.paris.pk})
    lyon, north = Team.objects.get(pk=cast.lyon.pk), Team.objects.get(pk=north.pk)
    assert lyon.name == "Lyon City"
    assert lyon.parent == cast.paris
    assert north.is_under(cast.paris)
    hana.post(url("accounts_team", lyon.pk), {"name": "Lyon", "parent": ""})
    assert Team.objects.get(pk=lyon.pk).depth == 1


def test_a_circle_and_a_forged_parent_are_form_errors(cast, as_):
    place = url("accounts_team", cast.company.pk)
    page = as_(cast.hana).post(place, {"name": "Shops", "parent": cast.lyon.pk})
    assert "cannot move below" in page.content.decode()
    for parent in ("9" * 40, "x", cast.company.pk):
        assert as_(cast.hana).post(place, {"name": "Shops", "parent": parent}).status_code == 200
    assert Team.objects.get(pk=cast.company.pk).depth == 1


def test_only_an_empty_team_is_deleted(cast, as_):
    hana = as_(cast.hana)
    for team in (cast.company, cast.lyon):
        page = hana.get(url("accounts_team", team.pk, "delete")).content.decode()
        assert "cannot be deleted" in page
        assert hana.post(url("accounts_team", team.pk, "delete"), {"post": "yes"}).status_code == 200
        assert Team.objects.filter(pk=team.pk).exists()
    empty = Team.add("Empty")
    hana.post(url("accounts_team", empty.pk, "delete"), {"post": "yes"})
    assert not Team.objects.filter(pk=empty.pk).exists()


# --- Asking ---


def ask(cast, **changes):
    course = cast.course
    form = {"team": cast.company.pk, "path": course.paths.get().pk, "due_on": "", "due_days": "30", "closes_on": ""}
    return {**form, **changes}


def test_ask_a_team_after_a_page_with_the_number(cast, as_):
    hana = as_(cast.hana)
    page = hana.post(ASK, ask(cast)).content.decode()
    assert "Ask 2 people" in page
    assert "2 people are on the course already" in page
    assert not Assignment.objects.exists()
    assert Enrollment.objects.count() == 2
    for _click in range(2):
        hana.post(ASK, ask(cast, confirmed="1"))
    assignment = Assignment.objects.get()
    assert assignment.created_by == cast.hana
    assert assignment.course == cast.course
    assert set(assignment.enrollments.values_list("user__name", flat=True)) == {"Mia Duval", "Pia Sand"}
    assert assignment.enrollments.first().due_on == site_day() + timedelta(days=30)


@pytest.mark.parametrize(
    "changes",
    [
        {"due_on": "2030-01-01"},
        {"due_on": "2001-01-01", "due_days": ""},
        {"due_on": "2030-01-02", "due_days": "", "closes_on": "2030-01-01"},
        {"team": "9" * 40},
        {"path": "9" * 40},
        {"path": "x"},
        {"due_days": "9" * 40},
        {"due_days": "-1"},
        {"due_on": "tomorrow"},
        {"team": ""},
    ],
)
def test_asking_badly_changes_nothing(cast, as_, changes):
    for confirmed in ({}, {"confirmed": "1"}):
        page = as_(cast.hana).post(ASK, ask(cast, **changes, **confirmed))
        assert page.status_code == 200
        assert "Error:" in page.content.decode()
    assert not Assignment.objects.exists()


def test_who_joins_later_is_asked_by_the_timer(cast, as_):
    as_(cast.hana).post(ASK, ask(cast, confirmed="1"))
    late = make_member(cast.lyon, "Late Comer")
    for expected in ("Enrolled 1 people.", "Enrolled 0 people."):
        out = StringIO()
        call_command("enroll_due", stdout=out)
        assert out.getvalue().strip() == expected
    assert Enrollment.objects.filter(user=late).count() == 1


# --- Enrollments ---


def test_more_time_is_a_fact_with_a_reason(cast, as_):
    enrolled, hana = cast.ada_enrolled, as_(cast.hana)
    place = url("courses_enrollment", enrolled.pk)
    page = hana.post(place, {"due_on": "2031-05-06", "reason": ""})
    assert "Say in a few words why" in page.content.decode()
    extra = {"completed_at": "2020-01-01", "started_at": "2020-01-01", "path": 99, "user": cast.otto.pk, "cycle": 4}
    for _click in range(2):
        hana.post(place, {"due_on": "2031-05-06", "reason": "Parental leave", **extra})
    enrolled.refresh_from_db()
    assert enrolled.due_on == date(2031, 5, 6)
    assert enrolled.user == cast.ada
    assert enrolled.completed_at is None
    change = EnrollmentChange.objects.get()
    assert (change.new, change.reason, change.by) == ("2031-05-06", "Parental leave", cast.hana)
    assert "Parental leave" in hana.get(place).content.decode()


def test_who_is_late(cast, as_):
    cast.otto_enrolled.due_on = site_day() - timedelta(days=3)
    cast.otto_enrolled.save()

    def names(**query):
        page = as_(cast.hana).get("/admin/courses/enrollment/", query)
        return {enrollment.user.name for enrollment in page.context["cl"].result_list}

    assert names(state="overdue") == {"Otto Lind"}
    assert names(state="not-started") == {"Ada Moreau"}
    assert names(team=cast.lyon.pk) == {"Ada Moreau"}
    assert names(state="x", team="9" * 40) == {"Ada Moreau", "Otto Lind"}
    assert names(q="otto") == {"Otto Lind"}


def test_nobody_without_the_role_sees_people(cast, as_):
    stranger = make_person("Nobody Here")
    for person in (cast.ed, cast.olga, cast.mia, cast.ada, stranger):
        assert as_(person).get("/admin/accounts/user/").status_code == 403
        assert as_(person).post(ASK, ask(cast, confirmed="1")).status_code == 403
    assert not Assignment.objects.exists()
