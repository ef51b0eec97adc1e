"""The report as it is asked for over HTTP: the page, its filters, and the file."""

import csv
import io
import logging
import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.cells import safe
from accounts.models import Membership, Team, User
from courses import progress
from courses.models import Completion, Enrollment
from courses.models.enrollment import site_day
from quizzes import taking
from quizzes.models import Quiz
from reports.standing import Standing
from tests.builders import enroll, make_member, make_person
from tests.conftest import sign_in, with_role

PAGE, FILE = reverse("reports:team"), reverse("reports:team_csv")


def text_of(response):
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def file_rows(response):
    content = b"".join(response.streaming_content).decode()
    assert content.startswith("\ufeff")
    return list(csv.reader(io.StringIO(content.removeprefix("\ufeff"))))


def add_people(cast, count, team=None, start=0):
    """Enrolled people, in Lyon unless said otherwise, without the seconds that hashing their passwords takes."""
    people = User.objects.bulk_create(
        User(name=f"N{number:03d} X", staff_number=f"N{number}", password="!") for number in range(start, start + count)
    )
    Membership.objects.bulk_create(Membership(team=team or cast.lyon, user=person, is_home=True) for person in people)
    path = cast.course.paths.get()
    Enrollment.objects.bulk_create(Enrollment(user=person, course=cast.course, path=path) for person in people)


@pytest.fixture
def mia(client, cast):
    return sign_in(client, cast.mia)


@pytest.fixture
def many(cast):
    add_people(cast, 120)


@pytest.mark.parametrize("address", [PAGE, FILE])
def test_learners_and_other_roles_are_told_that_it_is_not_for_them(client, cast, address):
    for person in (cast.ada, cast.ed, cast.olga, cast.stranger):
        assert sign_in(client, person).get(address).status_code == 403
    client.logout()
    assert client.get(address).status_code == 302


def test_page_says_where_the_team_stands_first_and_shows_own_people_only(mia, cast):
    page = text_of(mia.get(PAGE))
    assert "Lyon: 0 of 1 complete. Nobody is overdue." in page
    assert "Ada Moreau" in page
    assert "Otto" not in page
    assert "1 person: everybody with an active account and a place in Lyon or a team below, except yourself." in page
    assert "As of " in page
    assert "Europe/Paris" in page


def test_to_act_on_come_before_everybody(mia, cast):
    late = enroll(make_member(cast.lyon, "Late Lee"), cast.course, due_on=site_day() - timedelta(days=2))
    page = text_of(mia.get(PAGE))
    assert page.index("Worth a word") < page.index("Late Lee") < page.index("Everybody") < page.index("Ada Moreau")
    assert "1 overdue" in page
    assert late.is_overdue()
    assert "Worth a word" not in text_of(mia.get(PAGE, {"sort": "name"}))


def test_hr_narrows_to_a_team(client, cast):
    hana = sign_in(client, cast.hana)
    assert {"Ada", "Otto", "Stranger"} <= set(text_of(hana.get(PAGE)).split())
    narrowed = text_of(hana.get(PAGE, {"team": cast.paris.pk}))
    assert "Otto Lind" in narrowed
    assert "Ada Moreau" not in narrowed
    assert "Paris: 0 of 1 complete." in narrowed


def test_foreign_team_is_as_good_as_missing(mia, cast):
    for address in (PAGE, FILE):
        for team in (cast.paris.pk, cast.company.pk, 999_999):
            assert mia.get(address, {"team": team}).status_code == 404
        assert mia.get(address, {"team": cast.lyon.pk}).status_code == 200
    assert b">Paris<" not in mia.get(PAGE).content


def test_lost_right_takes_effect_with_the_next_request(mia, cast):
    assert mia.get(PAGE).status_code == 200
    Membership.objects.filter(user=cast.mia).update(role="member")
    assert mia.get(PAGE).status_code == mia.get(FILE).status_code == 403


@pytest.mark.parametrize(
    "query",
    [
        "state=nonsense", "sort=password", "sort=-", "page=0", "page=x", f"page={'9' * 40}", "team=x",
        f"team={'9' * 40}", "team=1.5", "page=-1", "team=-1", "state=overdue&state=zzz", "sort=a&sort=__",
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_left_out_and_said(mia, query):
    response = mia.get(f"{PAGE}?{query}")
    assert response.status_code == 200
    assert "Ada Moreau" in text_of(response)
    assert "so it was left out" in text_of(response)
    assert mia.get(f"{FILE}?{query}").status_code == 200
    assert mia.get(f"{PAGE}?{query}%00").status_code == 400


def test_state_filter_and_its_links(mia, cast, many):
    enroll(make_member(cast.lyon, "Late Lee"), cast.course, due_on=site_day() - timedelta(days=2))
    page = mia.get(PAGE, {"state": "overdue"})
    assert [row.name for row in page.context["page"].rows] == ["Late Lee"]
    assert text_of(page).count("Late Lee") >= 1
    assert "N001" not in text_of(page)
    assert "Nobody here right now." in text_of(mia.get(PAGE, {"state": "complete"}))


def test_pages_of_fifty_and_past_the_end(mia, many):
    pages = [mia.get(PAGE, {"page": number, "sort": "name"}) for number in (1, 2, 3)]
    names = [row.name for page in pages for row in page.context["page"].rows]
    assert [len(page.context["page"].rows) for page in pages] == [50, 50, 21]
    assert len(set(names)) == 121
    assert names == sorted(names)
    assert "?sort=name&amp;page=2" in pages[0].content.decode()
    assert 'rel="next"' not in pages[2].content.decode()
    past = mia.get(PAGE, {"page": 99, "sort": "name"})
    assert past.context["page"].number == 3
    assert "There are only 3 pages; this is the last." in text_of(past)


def test_file_has_the_rows_of_the_page_and_counts_them(mia, cast, many):
    make_member(cast.lyon, "Newcomer")
    rows = file_rows(mia.get(FILE, {"sort": "-name"}))
    shown = [
        row.name
        for number in (1, 2, 3)
        for row in mia.get(PAGE, {"sort": "-name", "page": number}).context["page"].rows
    ]
    assert [row[0] for row in rows[1:-1]] == shown
    assert len(shown) == 122
    assert rows[-1][0] == "122 rows"
    assert "a place in Lyon" in rows[-1][1]
    assert "Europe/Paris" in rows[-1][2]
    one = next(row for row in rows if row[0] == "Ada Moreau")
    assert one == [
        "Ada Moreau",
        "Lyon",
        "Course service",
        "Everything",
        "0",
        "3",
        "0",
        "0",
        "Not started",
        "",
        "",
        "",
        "",
        "0",
    ]
    new = next(row for row in rows if row[0] == "Newcomer")
    assert new[4:9] == ["", "", "", "", "Not asked yet"]


def test_file_follows_the_filters_and_has_iso_dates(mia, cast):
    day = site_day() - timedelta(days=2)
    enroll(make_member(cast.lyon, "Late Lee"), cast.course, due_on=day)
    response = mia.get(FILE, {"state": "overdue"})
    assert response["Content-Disposition"] == f'attachment; filename="team-{site_day().isoformat()}.csv"'
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert response.streaming
    rows = file_rows(response)
    assert [row[0] for row in rows] == ["Person", "Late Lee", "1 row"]
    assert rows[1][10] == day.isoformat()


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_no_cell_begins_a_formula(mia, cast, start):
    evil = f"{start}cmd|' /C calc'!A0"
    User.objects.filter(pk=cast.ada.pk).update(name=evil)
    Team.objects.filter(pk=cast.lyon.pk).update(name=evil)
    cast.course.paths.update(title=evil)
    type(cast.course).objects.filter(pk=cast.course.pk).update(title=evil)
    response = mia.get(FILE)
    content = b"".join(response.streaming_content).decode().removeprefix("\ufeff")
    rows = list(csv.reader(io.StringIO(content, newline="")))
    assert rows[1][:4] == [f"'{evil}"] * 4
    assert all(not cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) for row in rows for cell in row)
    assert safe(evil) == f"'{evil}"
    assert safe("a=1") == "a=1"


def test_export_is_logged_by_number(mia, cast, caplog):
    with caplog.at_level(logging.INFO, logger="workshop.reports"):
        list(mia.get(FILE).streaming_content)
    assert caplog.records[-1].event == {"by": cast.mia.pk, "rows": 1}
    assert "Mia" not in caplog.text
    assert "Ada" not in caplog.text


@pytest.mark.parametrize("address", [PAGE, FILE])
def test_only_safe_methods_and_nothing_is_written(mia, address):
    assert mia.post(address).status_code == 405
    assert mia.head(address).status_code == 200


def test_answers_and_names_are_escaped(mia, cast):
    User.objects.filter(pk=cast.ada.pk).update(name="<script>alert(1)</script>")
    assert b"<script>alert" not in mia.get(PAGE).content


@pytest.mark.parametrize("people", [1, 20])
def test_page_takes_six_queries_for_any_number(mia, cast, people, django_assert_max_num_queries):
    add_people(cast, people)
    mia.get(PAGE)
    with django_assert_max_num_queries(6):
        mia.get(PAGE)


def test_long_report_takes_three_more_to_count_and_sort_it_and_to_name_its_paths(
    mia, many, django_assert_max_num_queries
):
    with django_assert_max_num_queries(9):
        mia.get(PAGE, {"page": 2, "sort": "due"})


def test_file_takes_as_many_queries_for_any_number(mia, many, django_assert_max_num_queries):
    with django_assert_max_num_queries(6):
        list(mia.get(FILE).streaming_content)


def test_a_manager_without_people_reads_a_kind_word(client, cast):
    empty = Team.add("Empty")
    boss = make_person("Boss Alone")
    Membership.objects.create(team=empty, user=boss, role="manager")
    page = text_of(sign_in(client, boss).get(PAGE))
    assert "Empty: nobody here yet." in page
    assert "There is nobody in this report yet" in page


def test_each_person_has_a_slip_button_that_posts(mia, cast):
    page = mia.get(PAGE).content.decode()
    assert f'formaction="{reverse("accounts:print_slip", args=[cast.ada.pk])}"' in page
    assert '<form id="slips" method="post"' in page


def test_nobody_has_a_button_that_would_not_work(client, cast):
    """A colleague with staff rights, and a manager of more than this manager, come without a slip."""
    with_role(make_member(cast.lyon, "Lea Staff"), "Editors")
    region = make_member(cast.company, "Rana Above", role="manager")
    Membership.objects.create(team=cast.lyon, user=region)
    page = sign_in(client, cast.mia).get(PAGE)
    assert {row.name for row in page.context["page"].rows} == {"Ada Moreau", "Lea Staff", "Rana Above"}
    assert page.content.decode().count('formaction="/accounts/slips/') == 1
    assert f'formaction="/accounts/slips/{cast.ada.pk}/"' in page.content.decode()


def test_chart_adds_up(client, cast, many):
    page = sign_in(client, cast.hana).get(PAGE)
    parts = page.context["chart"]
    assert sum(part.width for part in parts) == 1000
    assert sum(part.count for part in parts) == page.context["page"].total
    assert {part.standing for part in parts} <= set(Standing)
    assert Enrollment.objects.count() == 122


def test_what_was_credited_by_quiz_is_said_on_page_and_file(mia, cast):
    readings = cast.course.lessons.filter(kind="reading")
    progress.credit(cast.ada_enrolled, readings, Completion.How.BY_QUIZ, timezone.now(), timezone.now())
    assert "Everything · 2 by quiz" in mia.get(PAGE).text
    assert file_rows(mia.get(FILE))[1][4:8] == ["2", "3", "2", "66"]


def test_after_three_failed_finals_a_manager_reads_could_use_help_and_no_score(mia, cast):
    quiz = Quiz.objects.get()
    Quiz.objects.update(is_final=True)
    quiz.refresh_from_db()
    for number in range(3):
        at = timezone.now() - timedelta(days=9 - number * 2)
        assert "Could use help" not in mia.get(PAGE).text
        taking.close(taking.start(cast.ada_enrolled, quiz, at), at)
    html = mia.get(PAGE).text
    assert "Could use help" in html
    assert "0 of 3" not in html.replace("0 of 3 lessons", "")
    assert file_rows(mia.get(FILE))[1][9] == "yes"
    client = Client()
    client.force_login(cast.ada)
    assert "Could use help" in client.get("/my/what-my-manager-sees/").text
