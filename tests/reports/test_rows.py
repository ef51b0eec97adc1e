"""Who is in a report, where each stands, and that every way of asking gives the same answer."""

from datetime import timedelta

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Membership, Team, User
from courses import changes, progress, publishing
from courses.models import Completion, Enrollment, LessonRevision, Module, State
from courses.models.enrollment import site_day
from reports.population import Population
from reports.seen import never_seen
from reports.standing import Standing, Tally
from reports.team import SORTS, as_rows, row_of, rows_of, rows_of_few, summary_of, tally_of, team_sentence
from tests.builders import enroll, make_course, make_member, make_person
from tests.second_run import examples


def rows(viewer, **how):
    return as_rows(rows_of(Population.of(viewer).people, **how), with_modules=True)


def names(viewer, **how):
    return [row.name for row in rows(viewer, **how)]


def read(enrollment, count, at=None):
    for lesson in list(enrollment.course.lessons.published().in_order())[:count]:
        progress.complete_lesson(enrollment, lesson, lesson.published_revision, Completion.How.READ, at)
    enrollment.refresh_from_db()


@pytest.fixture
def crew(cast):
    """One person for each standing, in Mia's team; Ada has not started."""
    today = site_day()
    ready = cast.course
    crew = {"not-started": cast.ada_enrolled}
    for name, fields in {
        "overdue": {"due_on": today - timedelta(days=1)},
        "due-soon": {"due_on": today + timedelta(days=7)},
        "under-way": {"due_on": today + timedelta(days=8)},
        "update-due": {},
        "complete": {"due_on": today - timedelta(days=30)},
    }.items():
        crew[name] = enroll(make_member(cast.lyon, name.title()), ready, **fields)
    read(crew["under-way"], 1)
    read(crew["update-due"], 3)
    lesson = ready.lessons.get(key="m1-read-1")
    again = lesson.add_revision(title="New", body="New", minutes=3)
    publishing.publish(again, LessonRevision.Effect.REDO)
    read(crew["complete"], 3)
    half = make_course("half", modules=2, ready=False)
    publishing.set_status(half.modules.get(key="m1"), Module.Status.READY)
    crew["done-so-far"] = enroll(make_member(cast.lyon, "Sofar"), half, due_on=today - timedelta(days=3))
    read(crew["done-so-far"], 3)
    crew["credited"] = enroll(make_member(cast.lyon, "Credited"), ready)
    progress.credit_earlier(crew["credited"], None, today, "Old system", cast.hana, timezone.now())
    make_member(cast.lyon, "Newcomer")
    for verb in ("pause", "excuse", "withdraw"):
        late = enroll(make_member(cast.lyon, f"{verb.title()}d"), ready, due_on=today - timedelta(days=1))
        whom = Enrollment.objects.filter(pk=late.pk)
        changes.excuse(whom, cast.hana, "role") if verb == "excuse" else getattr(changes, verb)(whom, cast.hana, "R")
        crew[{"pause": "paused", "excuse": "excused", "withdraw": "withdrawn"}[verb]] = late
    return crew


def test_each_standing_is_told_apart(cast, crew):
    found = {row.enrollment_id: row for row in rows(cast.mia)}
    for standing, enrollment in crew.items():
        assert found[enrollment.pk].standing == standing
    assert found[None].standing == Standing.NOT_ASKED
    assert found[None].name == "Newcomer"
    assert [row.place for row in rows(cast.mia)] == list(range(len(Standing)))  # the most urgent first


FINER = {  # standings that say more than the state
    Standing.CREDITED: {State.COMPLETE},
    Standing.DONE_SO_FAR: {State.UNDER_WAY, State.OVERDUE},
    Standing.DUE_SOON: {State.NOT_STARTED, State.UNDER_WAY},
}


def test_rows_agree_with_the_rules_of_the_enrollment(cast, crew):
    for row in rows(cast.mia):
        if row.is_asked:
            enrollment = Enrollment.objects.get(pk=row.enrollment_id)
            assert enrollment.state_at() in FINER.get(row.standing, {row.standing})
            assert (row.lessons_done, row.lessons_total) == enrollment.progress()
            assert (row.standing == Standing.DUE_SOON) == enrollment.is_due_soon()
            assert row._replace(module="") == row_of(enrollment)


def test_due_soon_and_overdue_follow_the_moment_that_is_asked_about(cast, crew):
    later = timezone.now() + timedelta(days=9)
    found = {row.enrollment_id: row.standing for row in rows(cast.mia, at=later)}
    assert found[crew["due-soon"].pk] == found[crew["under-way"].pk] == Standing.OVERDUE
    assert found[crew["done-so-far"].pk] == Standing.DONE_SO_FAR


def test_summary_from_the_database_is_the_summary_of_the_rows(cast, crew):
    for viewer in (cast.mia, cast.pia, cast.hana):
        assert tally_of(Population.of(viewer).people) == Tally.of_rows(rows(viewer), site_day())


def test_a_standing_filter_gives_exactly_its_rows(cast, crew):
    everybody = rows(cast.mia)
    for standing in Standing:
        assert rows(cast.mia, standing=standing.value) == [row for row in everybody if row.standing == standing]


@pytest.mark.parametrize("key", SORTS)
def test_sorting_both_ways_loses_nobody_and_puts_the_empty_last(cast, crew, key):
    values = {"name": "name", "state": "place", "due": "due_on", "progress": "percent", "last": "last_learned_at"}
    for backwards in (False, True):
        found = rows(cast.mia, sort=key, backwards=backwards)
        assert len(found) == len(Standing)
        if key == "progress":
            found = [row for row in found if row.is_asked]
        known = [getattr(row, values[key]) for row in found]
        filled = [value for value in known if value is not None]
        assert known[: len(filled)] == filled == sorted(filled, reverse=backwards)


@pytest.mark.parametrize("key", SORTS)
def test_the_prepared_report_of_a_manager_is_the_same(cast, crew, key):
    two = make_member(cast.lyon, "Tea Two", role="manager")
    Membership.objects.create(team=cast.paris, user=two, role="manager")
    for viewer in (cast.mia, cast.pia, two, cast.hana):
        population = Population.of(viewer)
        assert population.is_usual == (viewer != cast.hana)
        few = population.few()
        assert few.keys() == set(population.people.values_list("pk", flat=True))
        printable = User.objects.slip_printable_by(viewer).filter(pk__in=few)
        assert {pk for pk in few if few[pk]} == set(printable.values_list("pk", flat=True))
        for backwards in (False, True):
            everybody = rows(viewer, sort=key, backwards=backwards)
            assert rows_of_few(few, 51, key, backwards, timezone.now()) == everybody
            assert rows_of_few(few, 2, key, backwards, timezone.now()) == everybody[:2]
        assert population.choices() == population.narrowed(*population.choices()).choices()


def test_last_learning_day_is_a_day(cast):
    at = timezone.now() - timedelta(days=3)
    Enrollment.objects.update(enrolled_at=at - timedelta(days=1))
    read(cast.ada_enrolled, 1, at)
    row = row_of(cast.ada_enrolled)
    assert row.last_learned_on == site_day(at)
    assert row.percent == 33


def test_two_managers_see_their_own(cast):
    assert names(cast.mia) == ["Ada Moreau"]
    assert names(cast.pia) == ["Otto Lind"]
    assert not Population.of(cast.ada).may_look
    assert Population.of(cast.mia).may_look


def test_manager_above_sees_both_teams_and_their_managers_but_not_themselves(cast):
    zoe = make_member(cast.company, "Zoe Above", role="manager")
    assert set(names(zoe)) == {"Ada Moreau", "Otto Lind", "Mia Duval", "Pia Sand"}


def test_hr_sees_everybody_but_themselves(cast):
    assert set(names(cast.hana)) == set(User.objects.exclude(pk=cast.hana.pk).values_list("name", flat=True))


def test_a_member_of_two_teams_appears_once(cast):
    Membership.objects.create(team=cast.paris, user=cast.ada)
    zoe = make_member(cast.company, "Zoe Above", role="manager")
    assert names(zoe).count("Ada Moreau") == 1
    assert names(cast.pia).count("Ada Moreau") == 1
    assert summary_of(Population.of(zoe).people).people == 4


def test_switched_off_people_are_in_no_report(cast):
    User.objects.filter(pk=cast.ada.pk).update(is_active=False)
    assert names(cast.mia) == []


def test_only_the_current_cycle_counts(cast):
    enroll(cast.ada, cast.course, cycle=2)
    assert [row.enrollment_id for row in rows(cast.mia)] == [cast.ada.enrollments.get(cycle=2).pk]


def test_the_sentence_of_a_manager(cast, crew, django_assert_max_num_queries):
    cast.mia = User.objects.get(pk=cast.mia.pk)
    with django_assert_max_num_queries(2):
        sentence = team_sentence(cast.mia)
    assert sentence.startswith("Lyon: 3 of 8 complete, 1 more have done all that is ready so far. 1 overdue, 1 due by ")
    assert sentence.endswith(", 1 update due, 1 not asked yet. 1 excused, 1 paused, 1 withdrawn.")
    assert team_sentence(cast.ada) is None
    assert team_sentence(cast.hana) is None


def test_what_a_manager_never_sees_is_said_in_words():
    never = never_seen()
    assert len(never) >= 3
    assert all(str(line) for line in never)


def test_queries_do_not_grow_with_people(cast, django_assert_num_queries):
    for person in User.objects.bulk_create(User(name=f"P{n}", staff_number=f"P{n}", password="!") for n in range(30)):
        Membership.objects.create(team=cast.lyon, user=person)
        enroll(person, cast.course)
    people = Population.of(cast.mia).people
    with django_assert_num_queries(2):
        assert len(as_rows(rows_of(people))) == 31
    with django_assert_num_queries(1):
        assert summary_of(people).asked == 31


@settings(max_examples=examples(15), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    parents=st.lists(st.integers(0, 7), min_size=7, max_size=7),
    places=st.lists(st.tuples(st.integers(0, 4), st.integers(0, 7), st.booleans()), max_size=12),
)
def test_visible_are_exactly_those_with_a_place_below_a_managed_team(five_people, parents, places):
    Membership.objects.all().delete()
    Team.objects.all().delete()
    teams, above = [Team.add("root")], {0: {0}}
    for number, parent in enumerate(parents, 1):
        parent %= number
        teams.append(Team.add(f"t{number}", teams[parent]))
        above[number] = above[parent] | {number}
    people = five_people
    held = {(person, team): manages for person, team, manages in places}
    for (person, team), manages in held.items():
        Membership.objects.create(team=teams[team], user=people[person], role="manager" if manages else "member")
    for viewer, user in enumerate(people):
        managed = {team for (person, team), manages in held.items() if person == viewer and manages}
        expected = {person for person, team in held if above[team] & managed and person != viewer}
        population = Population.of(user)
        assert {row.person_id for row in rows(user)} == {people[person].pk for person in expected}
        assert population.may_look == bool(managed)


@pytest.fixture
def five_people(db):
    return [make_person(f"Person{number} X") for number in range(5)]
