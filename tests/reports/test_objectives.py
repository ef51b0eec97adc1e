"""What a team finds hard: counts of first attempts in groups of five, from which nobody's result can be worked out."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from importlib import import_module

import pytest
from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import Membership, Team
from courses.models import LessonRevision
from quizzes import privacy
from quizzes.models import Attempt
from reports import objectives
from reports.objectives import Met, grouped, report_of
from reports.population import Population
from tests.builders import enroll, make_course, make_lesson, make_member
from tests.quizzes.test_finals import take

URL = "/reports/objectives/"
NOW = timezone.now()


@pytest.fixture
def crew(cast):
    """Five people in Lyon who took the quiz of the first module, one point of three each."""
    return [answer(cast, f"Person {n}", cast.lyon, 1) for n in range(5)]


def answer(cast, name, team, right, course=None, **fields):
    course = course or cast.course
    person = make_member(team, name, email=f"p{Membership.objects.count()}@example.com", **fields)
    take(enroll(person, course), course.lessons.get(key="m1-quiz").quiz, right)
    return person


def found(viewer, *teams):
    population = Population.of(viewer)
    return report_of(population.narrowed(*teams) if teams else population).found


# --- Never under five ------------------------------------------------------------------------------------------------


def test_four_people_are_silent_and_five_are_told(cast, crew, as_):
    hard = found(cast.mia)[0]
    assert (hard.people, hard.points, hard.questions, hard.share) == (5, 5, 15, 33)
    page = as_(cast.mia).get(URL).text
    assert "5 of 15 points, 5 people" in page
    assert "Do it." in page
    assert "Person" not in page.replace("Personal", "")
    Attempt.objects.filter(enrollment__user=crew[0]).update(forgotten_at=NOW)
    assert found(cast.mia) == []
    assert "Nothing to show yet" in as_(cast.mia).get(URL).text


def test_the_sixth_person_changes_nothing_that_stands_there(cast, crew):
    before = [(hard.people, hard.points) for hard in found(cast.mia)]
    answer(cast, "Sixth", cast.lyon, 3)
    assert [(hard.people, hard.points) for hard in found(cast.mia)] == before


def test_who_manages_or_has_a_staff_role_is_not_counted(cast, crew):
    """Else the figures of two readers would differ by one of them."""
    answer(cast, "Second Manager", cast.lyon, 3, role="manager")
    cast.ed.place_home(cast.lyon)
    take(enroll(cast.ed, cast.course), cast.course.lessons.get(kind="quiz").quiz, 3)
    boss = make_member(cast.company, "Top Boss", role="manager")
    wanted = [(5, 5)]
    for viewer in (cast.mia, boss, cast.hana):
        assert [(hard.people, hard.points) for hard in found(viewer, cast.lyon)] == wanted
        assert [(hard.people, hard.points) for hard in found(viewer)] == wanted


def figures(viewer, *teams):
    return [(hard.people, hard.points) for hard in found(viewer, *teams)]


def test_whoever_moves_or_leaves_takes_no_figure_along_and_brings_none(cast, crew):
    """Else one person's answers were the difference between before and after."""
    answer(cast, "Sixth", cast.lyon, 3)
    late = [answer(cast, f"Paris {n}", cast.paris, 3) for n in range(5)]
    before = figures(cast.mia), figures(cast.hana, cast.paris), figures(cast.hana)
    assert before == ([(5, 5)], [(5, 15)], [(10, 20)])
    crew[0].place_home(cast.paris)
    crew[1].leave()
    late[0].place_home(cast.lyon)
    Membership.objects.filter(user=late[1]).delete()
    assert (figures(cast.mia), figures(cast.hana, cast.paris), figures(cast.hana)) == before


@pytest.mark.parametrize("what", ["manages", "has a role", "is erased", "is forgotten"])
def test_of_a_group_with_somebody_who_is_gone_nothing_is_told(cast, crew, what):
    """All five or none: nobody takes the place of one, so that no two figures differ by one."""
    for n in range(6):
        answer(cast, f"Later {n}", cast.lyon, 3)
    assert figures(cast.mia) == [(10, 20)]
    if what == "manages":
        crew[0].place_home(cast.lyon, Membership.Role.MANAGER)
    elif what == "has a role":
        type(crew[0]).objects.filter(pk=crew[0].pk).update(is_staff=True)
    elif what == "is erased":
        nobody = {"email": None, "staff_number": None, "external_id": None, "is_active": False}
        type(crew[0]).objects.filter(pk=crew[0].pk).update(erased_at=NOW, **nobody)
    else:
        privacy.forget_answers([crew[0].pk], NOW)
    assert figures(cast.mia) == [(5, 15)]


def test_a_team_that_moves_takes_whole_groups(cast, crew):
    region = Team.add("Region", cast.company)
    before = figures(cast.hana)
    cast.lyon.move(region)
    assert figures(cast.hana, region) == figures(cast.hana) == before


def test_first_attempts_from_before_count_in_the_home_team(cast, crew):
    """What the migration does to attempts of which nobody wrote down where they count."""
    answer(cast, "Second Manager", cast.lyon, 3, role="manager")
    Attempt.objects.update(counted_in=None)
    assert figures(cast.mia) == []
    import_module("quizzes.migrations.0007_count_attempts_at_home").count(apps, None)
    assert figures(cast.mia) == [(5, 5)]
    assert Attempt.objects.exclude(counted_in=None).count() == 5


def test_only_the_first_attempt_of_the_first_time_counts(cast, crew):
    for person in crew:
        take(person.enrollments.get(), cast.course.lessons.get(kind="quiz").quiz, 3)
        take(enroll(person, cast.course, cycle=2), cast.course.lessons.get(kind="quiz").quiz, 3)
    assert found(cast.mia)[0].points == 5


def test_other_filters_single_nobody_out(cast, crew, as_):
    whole = as_(cast.mia).get(URL).text
    for query in ("?state=overdue", "?due=week&leavers=1", "?direct=1", "?path=service/full"):
        page = as_(cast.mia).get(URL + query).text
        assert "5 of 15 points, 5 people" in page
    assert "left out" not in whole


@pytest.mark.parametrize("query", ["?team=x", "?team=-1", "?team=%00", "?state=nonsense"])
def test_nonsense_is_left_out_and_named(cast, crew, as_, query):
    answer = as_(cast.mia).get(URL + query)
    assert answer.status_code in (200, 400)
    if answer.status_code == 200:
        assert "so it was left out" in answer.text


def test_a_foreign_team_is_not_there(cast, as_):
    for team in (cast.paris.pk, 10**30, 2**63 - 1):
        assert as_(cast.mia).get(f"{URL}?team={team}").status_code in (200, 404)
    assert as_(cast.mia).get(f"{URL}?team={cast.paris.pk}").status_code == 404


@given(st.lists(st.booleans(), max_size=24), st.data())
def test_whoever_comes_or_goes_two_figures_differ_by_whole_groups(everybody, data):
    """Of a team at two moments: more people came, and of some the answers were deleted or brought back."""
    came = [Met(NOW + timedelta(minutes=n), n, "0001", is_gone) for n, is_gone in enumerate(everybody)]
    at_once = data.draw(st.integers(0, len(came)))
    earlier = [replace(met, is_gone=data.draw(st.booleans())) for met in came[:at_once]]
    before, after = ({met.attempt for met in grouped(found)} for found in (earlier, came))
    for difference in (before - after, after - before, before & after):
        assert len(difference) % objectives.GROUP == 0


# --- What to talk about ----------------------------------------------------------------------------------------------


def test_the_hardest_comes_first_with_what_to_talk_about(cast, crew, as_):
    course = make_course("other", modules=1)
    lesson = course.lessons.get(key="m1-read-2")
    revision = lesson.published_revision
    LessonRevision.objects.filter(pk=revision.pk).update(objectives=["O1.1"])
    make_lesson(course.modules.get(), "huddle-other", kind="page", position=20)
    for n in range(5):
        answer(cast, f"Better {n}", cast.lyon, 3 if n else 0, course)
    assert [hard.share for hard in found(cast.mia)] == [33, 80]
    hard = found(cast.mia)[1]
    assert [one.key for one in hard.lessons] == ["m1-read-2"]
    assert [one.key for one in hard.sheets] == ["huddle-other"]
    assert lesson.get_absolute_url() not in as_(cast.mia).get(URL).text
    enroll(cast.mia, course)
    assert lesson.get_absolute_url() in as_(cast.mia).get(URL).text


def test_too_many_people_are_asked_to_choose_a_team(cast, crew, as_, monkeypatch):
    monkeypatch.setattr(objectives, "MOST_PEOPLE", 4)
    assert "Choose a team" in as_(cast.hana).get(URL).text
    assert "points" not in as_(cast.mia).get(URL).text


def test_no_team_person_or_objective_adds_a_query(cast, crew, as_):
    mia = as_(cast.mia)
    mia.get(URL)

    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert mia.get(URL).status_code == 200
        return len(queries)

    before = count()
    course = make_course("other", modules=1)
    for n in range(5):
        answer(cast, f"Better {n}", Team.add(f"T{n}", cast.lyon), 1, course)
    assert count() == before == 10
