"""What a file of people does, row by row, and what it must not."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.management.commands.tidy import tidy
from accounts.models import Membership, StagedFile, StagedRow, Team, User
from courses import progress
from courses.models import Assignment, Completion, Enrollment
from courses.models.enrollment import site_day
from desk.files import missing, steps
from desk.files.refused import lines
from notices.models import Notice
from tests.at_once import at_once
from tests.builders import PASSWORD, make_person
from tests.desk.files.bringing import brought_in, looked_at, outcomes, picture, problems, texts
from tests.second_run import examples

HEAD = "External id,Staff number,E-mail,Name,Home team,Further teams,Role,Active,Path\n"
FULL = HEAD + (
    "P1,1001,ADA@Example.com,Ada Moreau,Shops / Paris,,,yes,\n"
    "P2,2002,,Nina Neu,Shops/Lyon,Shops / Paris (manager),member,yes,full\n"
    ",,otto@example.com,Otto Lind,,,,,\n"
)


def test_a_look_changes_nothing(cast):
    before = picture()
    file = looked_at(FULL)
    assert outcomes(file) == {2: "moved", 3: "created", 4: "unchanged"}
    assert picture() == before


def test_new_moved_and_unchanged_people(cast):
    brought_in(FULL)
    cast.ada.refresh_from_db()
    assert (cast.ada.external_id, cast.ada.home_team) == ("P1", cast.paris)
    assert not User.objects.managed_by(cast.mia).filter(pk=cast.ada.pk).exists()
    assert User.objects.managed_by(cast.pia).filter(pk=cast.ada.pk).exists()
    nina = User.objects.get(staff_number="2002")
    assert not nina.has_usable_password()
    assert set(nina.memberships.values_list("team__name", "role", "is_home")) == {
        ("Lyon", "member", True),
        ("Paris", "manager", False),
    }
    assert nina.enrollments.get().path.key == "full"


def test_twice_changes_nothing(cast):
    brought_in(FULL)
    before = picture()
    file = brought_in(FULL)
    assert set(outcomes(file).values()) == {"unchanged"}
    assert picture() == before


def test_a_missing_column_and_an_empty_cell_change_nothing_but_further_teams(cast):
    Membership.objects.create(user=cast.ada, team=cast.paris)
    assert outcomes(brought_in("Staff number,Name,Role,Active\n1001,,,\n")) == {2: "unchanged"}
    assert outcomes(brought_in("Staff number,Further teams\n1001,\n")) == {2: "changed"}
    assert cast.ada.memberships.get().team == cast.lyon


def test_the_look_says_what_would_be_another_so_that_a_wrong_number_shows(cast):
    file = looked_at("Staff number,E-mail,Name,Language\n1001,ada.lee@example.com,Ada Lee,en\n")
    assert outcomes(file) == {2: "changed"}
    assert "From “Ada Moreau” to “Ada Lee”." in texts(file)
    assert "From “ada@example.com” to “ada.lee@example.com”." in texts(file)


REFUSED = {
    ",5,,,,,,,": ["name"],
    "P9,,,New One,,,,,": ["email"],
    ",1 0,,Odd Number,,,,,": ["staff_number"],
    ",,ada@,Odd Mail,,,,,": ["email"],
    ",,ad\u0430@example.com,Cyrillic,,,,,": ["email"],
    ",,ada@example\uff0ecom,Full Width,,,,,": ["email"],
    ",,mi\u212aa@example.com,Kelvin,,,,,": ["email"],
    ",5,,N,Shops / Lion,,,,": ["home_team"],
    ",5,,N,,Nowhere,,,": ["further_teams"],
    ",5,,N,Shops / Lyon,Shops / Lyon,,,": ["further_teams"],
    ",5,,N,Shops / Lyon,,boss,,": ["role"],
    ",5,,N,,,manager,,": ["role"],
    ",5,,N,,,,perhaps,": ["active"],
    ",5,,N,,,,,no-such-path": ["path"],
    ",1001,otto@example.com,,,,,,": ["email"],
    ",2002,ada@example.com,,,,,,": ["email"],
    ",,,Nobody,,,,,": [""],
    ",5,,N\u200bame,,,,,": ["name"],
    ",5,,N,,,,,,more": [""],
}


@pytest.mark.parametrize("line", REFUSED)
def test_a_row_is_refused_with_its_column(cast, line):
    before = picture()
    file = brought_in(HEAD + line + "\n")
    assert problems(file) == {2: REFUSED[line]}
    assert picture() == before


def test_rows_that_contradict_each_other_are_all_refused(cast):
    file = looked_at(
        HEAD + "P1,,a@example.com,A,,,,,\nP1,,b@example.com,B,,,,,\n,,C@example.com,C,,,,,\n,7,c@example.com,D,,,,,\n"
        ",1001,,,,,,,\n,,ada@example.com,,,,,,\n,8,,E,,,,,\n"
    )
    assert problems(file) == {2: ["external_id"], 3: ["external_id"], 4: ["email"], 5: ["email"], 6: [""], 7: [""]}
    assert "row 3" in file.rows.get(number=2).problems[0][1]
    assert outcomes(file)[8] == "created"


def test_the_nearest_team_is_named_and_an_ambiguous_one_refused(cast):
    Team.add("Lyon", cast.paris)
    file = looked_at("Staff number,Name,Home team\n5,A,Shops / Lion\n6,B,Lyon\n7,C,Shops / Lyon\n")
    assert problems(file) == {2: ["home_team"], 3: ["home_team"]}
    assert "Did you mean “Shops / Lyon”?" in texts(file)
    assert "Shops / Paris / Lyon" in file.rows.get(number=3).problems[0][1]


def test_teams_are_made_only_if_asked_and_listed_before(cast):
    text = "Staff number,Name,Home team\n5,A,Shops / Nice / Port\n6,B,Shops / Nice\n"
    assert set(problems(brought_in(text))) == {2, 3}
    file = looked_at(text, make_teams=True)
    assert file.options["new_teams"] == ["Shops / Nice", "Shops / Nice / Port"]
    assert not Team.objects.filter(name="Nice").exists()
    brought_in(text, make_teams=True)
    assert Team.objects.get(name="Port").parent == Team.objects.get(name="Nice")
    assert Team.objects.get(name="Nice").parent == cast.company


def test_who_left_comes_back_only_by_yes(cast):
    file = brought_in("Staff number,Active\n1001,no\n")
    cast.ada.refresh_from_db()
    assert outcomes(file) == {2: "changed"}
    assert cast.ada.left_at is not None
    assert outcomes(brought_in("Staff number,Name\n1001,Ada Moreau\n")) == {2: "unchanged"}
    file = brought_in("Staff number,Active\n1001,yes\n")
    cast.ada.refresh_from_db()
    assert cast.ada.is_active
    assert "Comes back" in texts(file)
    assert cast.ada.enrollments.get() == cast.ada_enrolled


def test_new_and_not_active_is_nobody(cast):
    file = brought_in("Staff number,Name,Active\n5,Old Colleague,no\n")
    assert outcomes(file) == {2: "unchanged"}
    assert not User.objects.filter(staff_number="5").exists()


def test_what_hr_may_not_do_on_the_page_a_file_may_not_either(cast, root):
    text = "External id,E-mail,Name,Active\nE1,new.ed@example.com,,\nR1,,Other Name,\n,hana@example.com,,no\n"
    User.objects.filter(pk=cast.ed.pk).update(external_id="E1")
    User.objects.filter(pk=root.pk).update(external_id="R1")
    assert problems(looked_at(text, by=cast.hana)) == {2: ["email"], 3: [""], 4: ["active"]}
    assert problems(looked_at(text, by=root)) == {}


def test_another_address_neither_signs_in_nor_resets_by_the_old_one(cast, client):
    client.post(reverse("accounts:reset"), {"name": "ada@example.com"})
    link = Notice.objects.get(kind="secret").body.split("http")[1].split()[0]
    client.force_login(cast.ada)
    brought_in("Staff number,E-mail\n1001,ada.new@example.com\n")
    assert client.get(reverse("accounts:profile")).status_code == 302
    client.post(reverse("accounts:sign_in"), {"name": "ada@example.com", "password": PASSWORD})
    assert "_auth_user_id" not in client.session
    page = client.get("/" + link.split("/", 3)[3], follow=True)
    assert "new_password1" not in page.content.decode()
    before = Notice.objects.count()
    client.post(reverse("accounts:reset"), {"name": "ada@example.com"})
    assert Notice.objects.count() == before
    assert Notice.objects.filter(address="ada@example.com", kind="plain").exists()


def test_a_path_takes_the_dates_of_the_team_and_keeps_another(cast):
    full = cast.course.paths.get()
    short = cast.course.paths.create(key="short", title="Short")
    Assignment.objects.create(team=cast.company, course=cast.course, path=full, due_days=10)
    file = brought_in("Staff number,Name,Home team,Path\n5,New One,Shops / Lyon,short\n1001,,,Short\n")
    new = Enrollment.objects.get(user__staff_number="5")
    assert (new.path, new.due_on) == (short, site_day() + timedelta(days=10))
    assert cast.ada.enrollments.get().path == full
    assert "Stays on" in texts(file)
    assert Enrollment.objects.filter(user=cast.mia, path=full).exists()  # at the end teams are asked


# --- Stopped, repeated, at once ---


MANY = "Staff number,Name,Home team\n" + "".join(f"{n},Person {n},Shops / Lyon\n" for n in range(5000, 5025))


def test_killed_in_the_middle_it_goes_on(cast, monkeypatch):
    monkeypatch.setattr(steps, "AT_ONCE", 10)
    file = looked_at(MANY)
    assert steps.bring_in(file)
    with transaction.atomic():  # what a process that is killed leaves behind
        steps.bring_in(file)
        transaction.set_rollback(True)
    assert User.objects.filter(staff_number__startswith="50").count() == 10
    assert (steps.progress(file).done, steps.progress(file).total) == (10, 25)
    while steps.bring_in(file):
        pass
    assert User.objects.filter(staff_number__startswith="50").count() == 25
    before = picture()
    assert not steps.bring_in(file)
    assert picture() == before


@pytest.mark.django_db(transaction=True)
def test_two_press_at_once(cast, monkeypatch):
    monkeypatch.setattr(steps, "AT_ONCE", 5)
    file = looked_at(MANY)

    def press():
        while steps.bring_in(file):
            pass

    at_once(press, press)
    file.refresh_from_db()
    assert file.applied_at
    assert User.objects.filter(staff_number__startswith="50").count() == 25


def test_what_became_wrong_since_the_look_is_refused(cast):
    file = looked_at("Staff number,E-mail,Name\n5,five@example.com,Five\n6,,Six\n")
    make_person("Fay Five", email="five@example.com", staff_number="55")
    while steps.bring_in(file):
        pass
    assert outcomes(file) == {2: "refused", 3: "created"}


def test_queries_do_not_grow_with_the_rows(cast, django_assert_max_num_queries):
    for count in (20, 200):
        text = "Staff number,Name,Home team,Path\n" + "".join(f"{n},P {n},Shops / Lyon,full\n" for n in range(count))
        file = looked_at(text)
        StagedRow.objects.filter(file=file).update(outcome="")
        StagedFile.objects.filter(pk=file.pk).update(judged_at=None)
        with django_assert_max_num_queries(14):
            steps.judge(file)


# --- Who is not in it, the refused ones, and the end ---


def test_leavers_are_marked_by_a_press_alone_and_never_staff(cast):
    User.objects.filter(pk=cast.mia.pk).update(staff_number="77")
    User.objects.filter(pk=cast.ed.pk).update(staff_number="78")
    User.objects.filter(pk=cast.otto.pk).update(staff_number="79")
    file = brought_in("Staff number,Name,Role\n77,,boss\n80,New,\n")
    assert set(missing.missing(file)) == {cast.ada, cast.ed, cast.otto}  # Mia's row is refused, and she is in it
    assert set(missing.may_leave(file, cast.otto)) == {cast.ada}
    assert missing.mark_as_leavers(file, cast.otto) == 1
    assert not User.objects.get(pk=cast.ada.pk).is_active
    file.rows.all().delete()
    assert not missing.missing(file).exists()


def test_who_is_not_in_it_is_found_by_any_of_its_keys(cast):
    """The first file with external ids: nobody has one yet."""
    file = looked_at("External id,Staff number,E-mail,Name\nP1,1001,,Ada Moreau\nP2,,otto@example.com,Otto Lind\n")
    assert set(missing.missing(file)) == {cast.mia, cast.pia, cast.ed, cast.hana, cast.olga, cast.stranger}


def test_refused_rows_are_mended_and_loaded_again(cast):
    file = brought_in("Staff number,Name,Home team\n5,=1+1,Nowhere\n")
    text = "".join(lines(file))
    assert "'=1+1" in text
    assert "There is no team" in text
    mended = brought_in(text.replace(",Nowhere,", ",Shops / Lyon,"))
    assert outcomes(mended) == {2: "created"}
    assert User.objects.get(staff_number="5").name == "=1+1"


def test_rows_go_after_thirty_days(cast):
    old, new = brought_in(FULL), looked_at(FULL)
    StagedFile.objects.filter(pk=old.pk).update(applied_at=timezone.now() - timedelta(days=31))
    assert tidy()["rows of files"] == 3
    assert new.rows.count() == 3
    assert not old.rows.exists()


def test_the_command(cast, tmp_path):
    path, out = tmp_path / "people.csv", StringIO()
    path.write_text(FULL)
    before = picture()
    call_command("import_people", path, stdout=out)
    assert picture() == before
    assert "1 created, 0 changed, 1 moved, 1 unchanged, 0 refused" in out.getvalue()
    assert not StagedFile.objects.exists()
    call_command("import_people", path, apply=True, leavers=True, stdout=out)
    assert User.objects.get(external_id="P2")
    path.write_text("Staff number,Name\n5,\n")
    err = StringIO()
    with pytest.raises(CommandError, match="1 rows were refused"):
        call_command("import_people", path, stdout=out, stderr=err)
    assert "Row 2: Name:" in err.getvalue()
    for wrong in (tmp_path, tmp_path / "none.csv"):
        with pytest.raises(CommandError, match="cannot be opened"):
            call_command("import_people", wrong)
    path.write_bytes(b"%PDF-1.7")
    with pytest.raises(CommandError, match="PDF"):
        call_command("import_people", path)


# --- Whatever happens, visibility is the tree, and no fact is lost ---

PEOPLE, TEAMS = range(4), ["Shops", "Shops / Lyon", "Shops / Paris", "Shops / Lyon / North"]
ROW = st.tuples(
    st.sampled_from(PEOPLE),
    st.sampled_from(["", *TEAMS]),
    st.sampled_from(["", "member", "manager"]),
    st.sampled_from(["", "yes", "no"]),
    st.sampled_from(["", *TEAMS]),
)
DEEDS = st.lists(
    st.one_of(
        st.tuples(st.just("file"), st.lists(ROW, min_size=1, max_size=4, unique_by=lambda row: row[0])),
        st.tuples(st.just("ask"), st.integers(0, 3)),
        st.tuples(st.just("hang"), st.integers(1, 3)),
    ),
    min_size=1,
    max_size=6,
)


def seen_by_brute_force(manager: User) -> set[int]:
    """Walk the tree by names and parents, without paths or ranges."""
    if not manager.is_active:
        return set()
    managed = {place.team for place in manager.memberships.filter(role="manager")}

    def below(team):
        while team:
            if team in managed:
                return True
            team = team.parent
        return False

    return {place.user_id for place in Membership.objects.all() if below(place.team)} - {manager.pk}


@given(deeds=DEEDS)
@settings(max_examples=examples(15), suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_happens_visibility_is_the_tree_and_no_fact_is_lost(cast, deeds):
    with transaction.atomic():
        Team.add("North", cast.lyon)
        lesson = cast.course.lessons.filter(kind="reading").first()
        progress.complete_lesson(cast.ada_enrolled, lesson, lesson.published_revision, Completion.How.READ)
        User.objects.filter(pk=cast.ada.pk).update(external_id="P0")
        facts = set(Completion.objects.values_list("pk", "enrollment__user"))
        for what, given_ in deeds:
            asked = set(Enrollment.objects.values_list("user", "course", "path"))
            if what == "file":
                rows = [f"P{n},S{n},Person {n},{t},{r},{a},{f}\n" for n, t, r, a, f in given_]
                brought_in("External id,Staff number,Name,Home team,Role,Active,Further teams\n" + "".join(rows))
            elif what == "ask":
                team = Team.objects.order_by("name")[given_]
                Assignment.objects.create(team=team, course=cast.course, path=cast.course.paths.get()).enroll_due()
            else:
                team, above = Team.objects.order_by("name")[given_], Team.objects.order_by("-name")[given_]
                if not above.is_under(team):
                    team.move(above)
            assert facts <= set(Completion.objects.values_list("pk", "enrollment__user"))
            assert asked <= set(Enrollment.objects.values_list("user", "course", "path"))
            for manager in User.objects.filter(Q(is_staff=False)):
                assert set(User.objects.managed_by(manager).values_list("pk", flat=True)) == seen_by_brute_force(
                    manager
                )
            assert not Membership.objects.filter(is_home=True, user__memberships__is_home=None).exists()
        transaction.set_rollback(True)
