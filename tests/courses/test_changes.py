"""Extend, excuse, pause, withdraw: what each verb leaves, once, and what it never touches."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from courses import changes, more_time, progress, publishing
from courses.models import Assignment, Certificate, Completion, Enrollment, EnrollmentChange, State
from courses.models.enrollment import site_day
from tests.builders import enroll, make_member
from tests.second_run import examples

What = EnrollmentChange.What
AT = datetime.fromisoformat("2026-03-10T09:00:00+00:00")
DUE, CLOSES = date(2026, 3, 20), date(2026, 4, 1)


@pytest.fixture
def ada(cast) -> Enrollment:
    Enrollment.objects.update(enrolled_at=AT - timedelta(days=30), due_on=DUE, closes_on=CLOSES)
    cast.ada_enrolled.refresh_from_db()
    return cast.ada_enrolled


def only(enrollment):
    return Enrollment.objects.filter(pk=enrollment.pk)


def facts(enrollment) -> list[tuple[str, str, str]]:
    return [(c.what, c.old, c.new) for c in enrollment.changes.order_by("pk")]


def state(enrollment, at=AT) -> str:
    enrollment.refresh_from_db()
    assert Enrollment.objects.with_state(at).get(pk=enrollment.pk).state == enrollment.state_at(at)
    return enrollment.state_at(at)


def days(number: int) -> datetime:
    return AT + timedelta(days=number)


def read_all(enrollment, at) -> None:
    for lesson in enrollment.course.lessons.published().in_order():
        progress.complete_lesson(enrollment, lesson, lesson.published_revision, Completion.How.READ, at)


def test_extend_writes_a_fact_for_each_date_that_changes_and_once(cast, ada):
    for changed in (1, 0):
        assert changes.extend(only(ada), cast.hana, "Agreed", date(2026, 5, 1), date(2026, 6, 1), AT) == changed
    assert facts(ada) == [("due", "2026-03-20", "2026-05-01"), ("closes", "2026-04-01", "2026-06-01")]
    change = ada.changes.first()
    assert (change.by, change.reason, change.at) == (cast.hana, "Agreed", AT)
    assert changes.extend(only(ada), cast.hana, "None", None, at=AT) == 1
    ada.refresh_from_db()
    assert (ada.due_on, ada.closes_on) == (None, date(2026, 6, 1))
    assert LogEntry.objects.filter(user=cast.hana, object_id=str(ada.pk)).count() == 2


def test_more_time_for_all_takes_nobody_a_day_away(cast, ada):
    later = enroll(make_member(cast.lyon, "Lou Later"), cast.course, due_on=date(2026, 6, 1))
    never = enroll(make_member(cast.lyon, "Nev Er"), cast.course)
    day = date(2026, 4, 15)
    reached = changes.due_before(Enrollment.objects.all(), day)
    assert set(reached) == {ada, cast.otto_enrolled}
    assert changes.extend_all(Enrollment.objects.all(), cast.hana, "Flood", day, AT) == 2
    assert changes.extend_all(Enrollment.objects.all(), cast.hana, "Flood", day, AT) == 0
    ada.refresh_from_db()
    assert (ada.due_on, ada.closes_on) == (day, day), "the cut-off moves along"
    assert facts(later) == facts(never) == []


def test_an_excuse_ends_being_late_and_can_be_taken_back(cast, ada):
    at = days(15)
    assert state(ada, at) == State.OVERDUE
    for changed in (1, 0):
        assert changes.excuse(only(ada), cast.hana, "absence", "Back in May", at) == changed
    assert state(ada, at) == State.EXCUSED
    assert not ada.is_overdue(at)
    assert not Enrollment.objects.overdue(at).filter(pk=ada.pk).exists()
    assert ada.changes.get().after == "Long absence"
    for changed in (1, 0):
        assert changes.ask_again(only(ada), cast.hana, at=at) == changed
    assert state(ada, at) == State.OVERDUE
    assert [what for what, _old, _new in facts(ada)] == ["excused", "asked-again"]


def test_a_made_up_excuse_is_none(cast, ada):
    with pytest.raises(ValueError, match="made-up"):
        changes.excuse(only(ada), cast.hana, "made-up", at=AT)
    assert facts(ada) == []


def test_a_pause_stops_both_clocks_and_resuming_moves_both_days(cast, ada):
    for changed in (1, 0):
        assert changes.pause(only(ada), cast.hana, "Helps in Nice", AT) == changed
    at = days(30)  # past both days
    assert state(ada, at) == State.PAUSED
    assert ada.is_open(at)
    assert Enrollment.objects.open(at).filter(pk=ada.pk).exists()
    assert not ada.is_due_soon(days(5))
    for changed in (1, 0):
        assert changes.resume(only(ada), cast.hana, "Back", at) == changed
    assert state(ada, at) == State.NOT_STARTED
    assert (ada.due_on, ada.closes_on) == (DUE + timedelta(days=30), CLOSES + timedelta(days=30))
    assert facts(ada) == [
        ("paused", "", ""),
        ("resumed", "", "30"),
        ("due", "2026-03-20", "2026-04-19"),
        ("closes", "2026-04-01", "2026-05-01"),
    ]


def test_days_of_a_pause_are_days_of_the_site(cast, ada, settings):
    settings.TIME_ZONE = "Europe/Paris"
    changes.pause(only(ada), cast.hana, "R", datetime.fromisoformat("2026-03-10T22:30:00+00:00"))  # 23:30 there
    changes.resume(only(ada), cast.hana, at=datetime.fromisoformat("2026-03-10T23:30:00+00:00"))  # 0:30, the next day
    ada.refresh_from_db()
    assert ada.due_on == DUE + timedelta(days=1)


def test_who_is_paused_or_excused_may_go_on_and_complete(cast, ada):
    changes.pause(only(ada), cast.hana, "R", AT)
    changes.excuse(only(ada), cast.hana, "role", at=AT)
    read_all(ada, days(2))
    assert state(ada) == State.COMPLETE
    assert Certificate.objects.filter(enrollment=ada).exists()


def test_a_withdrawn_course_records_nothing_and_is_never_asked_again_by_the_team(cast, ada):
    Enrollment.objects.filter(pk=ada.pk).update(excused_at=AT)
    for changed in (1, 0):
        assert changes.withdraw(only(ada), cast.hana, "Left sales", AT) == changed
    assert state(ada) == State.WITHDRAWN
    assert not ada.is_open(AT)
    lesson = cast.course.lessons.first()
    with pytest.raises(progress.Closed):
        progress.complete_lesson(ada, lesson, lesson.published_revision, Completion.How.READ, AT)
    path = cast.course.paths.get()
    assignment = Assignment.objects.create(team=cast.lyon, course=cast.course, path=path)
    assignment.enroll_due(AT)
    assert cast.ada.enrollments.count() == 1
    assert state(ada) == State.WITHDRAWN
    for changed in (1, 0):
        assert changes.reinstate(only(ada), cast.hana, at=AT) == changed
    assert state(ada) == State.EXCUSED, "what was before is again"


def test_what_was_done_by_the_time_of_reinstating_completes(cast, ada):
    lessons = list(cast.course.lessons.published().in_order())
    for lesson in lessons[:-1]:
        progress.complete_lesson(ada, lesson, lesson.published_revision, Completion.How.READ, AT)
    changes.withdraw(only(ada), cast.hana, "R", AT)
    publishing.retire(lessons[-1], at=AT)
    assert state(ada) == State.WITHDRAWN
    changes.reinstate(only(ada), cast.hana, at=days(1))
    assert state(ada) == State.COMPLETE
    assert ada.completed_at == days(1)


def test_nobody_who_is_complete_is_changed(cast, ada):
    read_all(ada, AT)
    everybody = only(ada)
    by = cast.hana
    assert changes.extend(everybody, by, "R", date(2026, 9, 9), at=AT) == 0
    assert changes.excuse(everybody, by, "role", at=AT) == changes.pause(everybody, by, "R", AT) == 0
    assert changes.withdraw(everybody, by, "R", AT) == 0
    assert facts(ada) == []


def test_an_update_due_can_be_excused(cast, ada):
    read_all(ada, AT)
    cast.course.paths.update(redo_at=days(1))
    assert state(ada) == State.UPDATE_DUE
    changes.excuse(only(ada), cast.hana, "training", at=AT)
    assert state(ada) == State.EXCUSED
    cast.course.paths.update(redo_at=AT)
    assert state(ada) == State.COMPLETE


def test_many_take_as_many_queries_as_few_and_batches_lose_nobody(cast, ada, monkeypatch):
    people = [make_member(cast.lyon, f"P{n} X", email=f"p{n}@example.com", staff_number=f"P{n}") for n in range(7)]
    for person in people:
        enroll(person, cast.course, due_on=DUE, closes_on=CLOSES)
    everybody = Enrollment.objects.all()

    def counted(whom) -> int:
        with CaptureQueries() as queries:
            changes.pause(whom, cast.hana, "Closed", AT)
        return len(queries)

    one, rest = counted(only(ada)), counted(everybody)
    assert one == rest
    monkeypatch.setattr(changes, "BATCH", 2)
    assert changes.resume(everybody, cast.hana, at=days(3)) == 9
    assert EnrollmentChange.objects.filter(what=What.RESUMED).values("enrollment").distinct().count() == 9
    assert LogEntry.objects.filter(change_message="Resumed").count() == 9


class CaptureQueries:
    """The statements of one connection, without savepoints."""

    def __enter__(self) -> list[str]:
        self.found: list[str] = []
        self.wrapper = connection.execute_wrapper(self.note)
        self.wrapper.__enter__()
        return self.found

    def __exit__(self, *failure: object) -> None:
        self.wrapper.__exit__(*failure)

    def note(self, execute, sql, params, many, context):
        if "SAVEPOINT" not in sql:
            self.found.append(sql)
        return execute(sql, params, many, context)


# --- Whatever happens in whatever order ---


@dataclass
class Model:
    """What one enrollment should be, kept by hand."""

    due: date = DUE
    closes: date = CLOSES
    excused: bool = False
    withdrawn: bool = False
    paused: date | None = None
    more_time: int = 0
    facts: list[str] = field(default_factory=list)

    @property
    def runs(self) -> bool:
        return not (self.excused or self.withdrawn or self.paused)

    def state(self, today: date) -> str:
        if self.withdrawn:
            return "withdrawn"
        if self.excused:
            return "excused"
        if self.paused:
            return "paused"
        return "overdue" if self.due < today else "not-started"

    def do(self, verb: str, today: date, number: int) -> None:
        if verb == "excuse" and not (self.withdrawn or self.excused):
            self.excused = True
            self.facts.append("excused")
        elif verb == "ask_again" and self.excused and not self.withdrawn:
            self.excused = False
            self.facts.append("asked-again")
        elif verb == "pause" and self.runs and self.closes >= today:
            self.paused = today
            self.facts.append("paused")
        elif verb == "resume" and self.paused and not self.withdrawn:
            moved, self.paused = today - self.paused, None
            self.due, self.closes = self.due + moved, self.closes + moved
            self.facts += ["resumed", *(["due", "closes"] if moved else [])]
        elif verb == "withdraw" and not self.withdrawn:
            self.withdrawn = True
            self.facts.append("withdrawn")
        elif verb == "reinstate" and self.withdrawn:
            self.withdrawn = False
            self.facts.append("reinstated")
        elif verb == "more_time":
            self.more(today, number)

    def more(self, today: date, number: int) -> None:
        until = self.due + timedelta(days=number)
        possible = self.runs and not self.more_time and 0 < number <= 14
        if possible and until <= self.closes and until >= today:
            self.due, self.more_time = until, 1
            self.facts.append("more-time")


VERBS = ["excuse", "ask_again", "pause", "resume", "withdraw", "reinstate", "more_time", "wait"]


@settings(max_examples=examples(30), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from(VERBS), st.integers(0, 16), st.booleans()), max_size=14))
def test_facts_explain_every_state_and_days_move_right(ada, cast, happenings):
    with transaction.atomic():
        model, now = Model(), AT
        for verb, number, twice in happenings:
            if verb == "wait":
                now += timedelta(days=number)
                continue
            for _click in range(1 + twice):
                play(verb, ada, cast, now, number, model.due)
                # A double click of a form sends the same day again, which by then is no later one.
            model.do(verb, site_day(now), number)
            assert state(ada, now) == model.state(site_day(now))
            assert_faces_agree(ada, now)
            assert (ada.due_on, ada.closes_on) == (model.due, model.closes)
            assert [what for what, _old, _new in facts(ada)] == model.facts
            due = [fact for fact in facts(ada) if fact[0] in ("due", "more-time")]
            chain = [DUE.isoformat(), *(new for _what, _old, new in due)]
            assert [old for _what, old, _new in due] == chain[:-1], "each fact begins where the one before ended"
            assert chain[-1] == ada.due_on.isoformat()
        transaction.set_rollback(True)


def assert_faces_agree(ada, now) -> None:
    for name in ("extendable", "excusable", "pausable", "excused", "paused", "withdrawable", "withdrawn"):
        rule, face = getattr(changes, f"{name}_q"), getattr(changes, f"is_{name}")
        assert only(ada).filter(rule(now)).exists() == face(ada, now), name
    assert only(ada).filter(more_time.extendable_q(now)).exists() == (not more_time.refusal(ada, now))


def play(verb, ada, cast, now, number, due) -> None:
    whom, by = only(ada), cast.hana
    if verb == "more_time":
        more_time.give(ada, cast.mia, due + timedelta(days=number), "R", now)
    elif verb == "excuse":
        changes.excuse(whom, by, "other", "R", now)
    elif verb in ("pause", "withdraw"):
        getattr(changes, verb)(whom, by, "R", now)
    else:
        getattr(changes, verb)(whom, by, at=now)
