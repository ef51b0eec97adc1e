"""What a manager sees of one person: one function, asked for the Person page, the record and the learner's own page.

A manager sees state and day of each module, of a final that it was passed and when, and what was arranged with whom;
never answers, failed attempts, checks, notes, or in which lesson somebody is. HR sees scores and the reasons as well.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from django.conf import settings
from django.db.models import Prefetch
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.models import User
from courses.models import Certificate, Completion, Credit, Enrollment, EnrollmentChange
from courses.models.enrollment import State, site_day
from events import attendance
from events.attendance import Attended
from notices.models import News
from quizzes.models import Attempt, Quiz, Regrade, RetakeChange
from reports.modules import ModuleLine, modules_of
from reports.standing import Row
from reports.team import as_rows, rows_of

NEWS_SHOWN = 20
What = EnrollmentChange.What
DATES = (What.DUE, What.MORE_TIME, What.CLOSES)


@dataclass(frozen=True)
class Sight:
    """What somebody may see of a person beyond state and day of each module."""

    scores: bool
    is_hr: bool  # lesson by lesson, and the reasons that HR keeps

    @classmethod
    def of_manager(cls) -> Sight:
        return cls(scores=settings.MANAGERS_SEE_SCORES, is_hr=False)

    @classmethod
    def of(cls, viewer: User) -> Sight:
        return cls(scores=True, is_hr=True) if viewer.sees_everybody else cls.of_manager()


def never_seen() -> list[Promise]:
    """What no manager gets to see on this site, in words; the public home and each learner read it."""
    scores = gettext_lazy(
        "the score of a quiz or of the final, and how many attempts it took; but after three finals without a pass "
        "your line says “could use help”"
    )
    answers = gettext_lazy("your answers, in a quiz or in the check question of a lesson")
    reading = gettext_lazy("which lesson you are reading, how long you read, and at what time of day")
    return [answers, reading] if settings.MANAGERS_SEE_SCORES else [answers, scores, reading]


@dataclass(frozen=True)
class ChangeLine:
    """Something that was changed about what is asked: by whom and, for dates, why."""

    what: str
    before: str
    after: str
    by: str
    reason: str
    at: datetime

    @property
    def on(self) -> date:
        return site_day(self.at)


@dataclass(frozen=True)
class AttemptLine:
    """A closed attempt with its score; `pk` leads HR to its answers."""

    pk: int
    quiz: str
    number: int
    score: str
    score_now: str
    questions: int
    mark: int
    is_passed: bool
    on: date


@dataclass(frozen=True)
class FinalLine:
    title: str
    passed_on: date | None


@dataclass(frozen=True)
class CreditLine:
    """What was done in another system before."""

    done_on: date
    what: str
    source: str
    by: str


@dataclass(frozen=True)
class CertificateLine:
    code: str
    url: str
    issued_on: date
    expires_on: date | None
    is_expired: bool


@dataclass(frozen=True)
class Cycle:
    """One enrollment: what was asked from when, and what came of it."""

    enrollment_id: int
    number: int
    path: str
    asked_on: date
    started_on: date | None
    completed_on: date | None
    due_on: date | None
    closes_on: date | None
    state: State
    modules: tuple[ModuleLine, ...]
    finals: tuple[FinalLine, ...]
    changes: tuple[ChangeLine, ...]
    credits: tuple[CreditLine, ...]
    attempts: tuple[AttemptLine, ...]
    certificate: CertificateLine | None

    @property
    def has_texts(self) -> bool:
        return any(module.texts for module in self.modules)


@dataclass(frozen=True)
class CourseSeen:
    """A course somebody is asked to take: the line of the team report, the current cycle and those before."""

    row: Row
    current: Cycle
    earlier: tuple[Cycle, ...]

    @property
    def cycles(self) -> tuple[Cycle, ...]:
        return (self.current, *self.earlier)


@dataclass(frozen=True)
class NewsLine:
    what: str
    by: str
    state: str
    on: date


@dataclass(frozen=True)
class PersonSeen:
    """`left_on` for people who left; the home team is the first of the teams, if there is one."""

    person_id: int
    name: str
    home_team: str
    teams: tuple[str, ...]
    left_on: date | None
    courses: tuple[CourseSeen, ...]
    sessions: tuple[Attended, ...]
    news: tuple[NewsLine, ...]
    sight: Sight = field(compare=False)


def seen(person: User, sight: Sight, at: datetime | None = None) -> PersonSeen:
    """Everything at once, in a number of queries that no course, module or cycle adds to.

    Who may see this person at all the caller has asked.
    """
    places = list(person.memberships.order_by("-is_home", "team__path").values_list("team__name", "is_home"))
    return PersonSeen(
        person_id=person.pk,
        name=person.name,
        home_team=next((name for name, is_home in places if is_home), ""),
        teams=tuple(name for name, _is_home in places),
        left_on=site_day(person.left_at) if person.left_at else None,
        courses=tuple(courses_of(person, sight, at)),
        sessions=tuple(attendance.of([person]).get(person.pk, [])),
        news=tuple(news_of(person)),
        sight=sight,
    )


def courses_of(person: User, sight: Sight, at: datetime | None) -> list[CourseSeen]:
    """In the order of the report: the most urgent first."""
    alone = User.objects.filter(pk=person.pk)
    rows = [row for row in as_rows(rows_of(alone, at=at), with_modules=True) if row.is_asked]
    enrollments = list(
        person.enrollments.select_related("course", "path", "certificate").order_by("course", "-cycle", "pk")
    )
    cycles = cycles_of(enrollments, sight, at) if enrollments else {}
    by_course: dict[int, list[Cycle]] = defaultdict(list)
    course_of = {enrollment.pk: enrollment.course_id for enrollment in enrollments}
    for enrollment in enrollments:
        by_course[enrollment.course_id].append(cycles[enrollment.pk])
    found = []
    for row in rows:
        own = by_course[course_of[row.enrollment_id or 0]]
        found.append(CourseSeen(row, own[0], tuple(own[1:])))
    return found


def cycles_of(enrollments: Sequence[Enrollment], sight: Sight, at: datetime | None) -> dict[int, Cycle]:
    """Each enrollment as it may be seen, by number."""
    modules = modules_of(enrollments, one_by_one=sight.is_hr)
    attempts = attempts_of(enrollments)
    finals = finals_of(enrollments, attempts)
    changes = changes_of(enrollments, sight)
    credits = credits_of(enrollments)
    return {
        one.pk: Cycle(
            enrollment_id=one.pk,
            number=one.cycle,
            path=one.path.title,
            asked_on=site_day(one.enrolled_at),
            started_on=site_day(one.started_at) if one.started_at else None,
            completed_on=site_day(one.completed_at) if one.completed_at else None,
            due_on=one.due_on,
            closes_on=one.closes_on,
            state=one.state_at(at),
            modules=tuple(modules[one.pk]),
            finals=tuple(finals[one.pk]),
            changes=tuple(changes[one.pk]),
            credits=tuple(credits[one.pk]),
            attempts=tuple(map(attempt_line, attempts[one.pk])) if sight.scores else (),
            certificate=certificate_line(one, at),
        )
        for one in enrollments
    }


# --- Attempts and finals ---------------------------------------------------------------------------------------------


def attempts_of(enrollments: Sequence[Enrollment]) -> dict[int, list[Attempt]]:
    """The closed attempts of each, in the order they were closed; two queries."""
    found: dict[int, list[Attempt]] = defaultdict(list)
    attempts = Attempt.objects.closed().filter(enrollment__in=enrollments).order_by("closed_at", "pk")
    shown = attempts.select_related("quiz__lesson__published_revision").prefetch_related(
        Prefetch("regrades", Regrade.objects.order_by("score_after", "pk"))
    )
    for attempt in shown.defer("quiz__lesson__published_revision__body"):
        found[attempt.enrollment_id].append(attempt)
    return found


def attempt_line(attempt: Attempt) -> AttemptLine:
    return AttemptLine(
        pk=attempt.pk,
        quiz=attempt.quiz.lesson.title,
        number=attempt.number,
        score=attempt.plain_score,
        score_now=attempt.plain_score_now,
        questions=attempt.max_score,
        mark=attempt.pass_mark or 0,
        is_passed=attempt.is_passed,
        on=site_day(attempt.closed_at),
    )


def finals_of(enrollments: Sequence[Enrollment], attempts: dict[int, list[Attempt]]) -> dict[int, list[FinalLine]]:
    """Of each, the finals its path asks for: passed and when, or not yet, which says nothing of attempts."""
    steps = Quiz.objects.filter(is_final=True, lesson__steps__path__in={one.path_id for one in enrollments})
    names = ("lesson__steps__path", "pk", "lesson", "lesson__published_revision__title")
    paths: dict[int, list[tuple[int, int, str]]] = defaultdict(list)
    for path, quiz, lesson, title in steps.exclude(lesson__published_revision=None).values_list(*names).order_by("pk"):
        paths[path].append((quiz, lesson, title))
    credited = Completion.objects.filter(enrollment__in=enrollments, how=Completion.How.CREDITED)
    elsewhere = {(one, lesson): at for one, lesson, at in credited.values_list("enrollment", "lesson", "at")}
    found: dict[int, list[FinalLine]] = defaultdict(list)
    for one in enrollments:
        for quiz, lesson, title in paths[one.path_id]:
            passed = [a.closed_at for a in attempts[one.pk] if a.quiz_id == quiz and a.is_passed]
            passed_at = passed[0] if passed else elsewhere.get((one.pk, lesson))
            found[one.pk].append(FinalLine(title, site_day(passed_at) if passed_at else None))
    return found


# --- What was arranged -----------------------------------------------------------------------------------------------


def changes_of(enrollments: Sequence[Enrollment], sight: Sight) -> dict[int, list[ChangeLine]]:
    """The newest first. Of an excuse, a pause or a withdrawal why is between the person and HR."""
    found: dict[int, list[ChangeLine]] = defaultdict(list)
    changes = list(EnrollmentChange.objects.filter(enrollment__in=enrollments).select_related("by"))
    resumed = {(change.enrollment_id, change.at) for change in changes if change.what == What.RESUMED}
    for change in changes:
        by_pause = change.what in DATES and (change.enrollment_id, change.at) in resumed
        found[change.enrollment_id].append(change_line(change, by_pause, sight))
    if sight.is_hr:
        for allowed in RetakeChange.objects.filter(enrollment__in=enrollments).select_related("by"):
            found[allowed.enrollment_id].append(retake_line(allowed))
    return {one.pk: sorted(found[one.pk], key=lambda line: line.at, reverse=True) for one in enrollments}


def change_line(change: EnrollmentChange, by_pause: bool, sight: Sight) -> ChangeLine:
    """What moved the day since a pause ended has no reason of its own: it is the pause's."""
    tells_why = sight.is_hr or (change.what in DATES and not by_pause)
    tells_what = sight.is_hr or change.what != What.EXCUSED
    return ChangeLine(
        what=str(change.get_what_display()),
        before=change.before if tells_what else "",
        after=change.after if tells_what else "",
        by=change.by.name,
        reason=_("The pause ended.") if by_pause and not sight.is_hr else change.reason if tells_why else "",
        at=change.at,
    )


def retake_line(allowed: RetakeChange) -> ChangeLine:
    said = _("May try again now") if allowed.may_start_at else ""
    if allowed.limit is not None:
        said = _("%(n)d attempts in all") % {"n": allowed.limit} if allowed.limit else _("No limit")
    return ChangeLine(_("Further attempts at the final"), "", said, allowed.by.name, allowed.reason, allowed.at)


def credits_of(enrollments: Sequence[Enrollment]) -> dict[int, list[CreditLine]]:
    found: dict[int, list[CreditLine]] = defaultdict(list)
    for credit in (
        Credit.objects.filter(enrollment__in=enrollments).select_related("by").prefetch_related("completions")
    ):
        lessons = len(credit.completions.all())
        some = ngettext("%(n)d lesson", "%(n)d lessons", lessons) % {"n": lessons}
        what = _("the whole course") if credit.is_course else some
        found[credit.enrollment_id].append(
            CreditLine(credit.done_on, what, credit.source, credit.by.name if credit.by else "")
        )
    return found


def certificate_line(enrollment: Enrollment, at: datetime | None) -> CertificateLine | None:
    try:
        found: Certificate = enrollment.certificate
    except Certificate.DoesNotExist:
        return None
    if not found.is_valid:
        return None
    return CertificateLine(found.code, found.get_check_url(), found.issued_on, found.expires_on, found.is_expired(at))


def news_of(person: User) -> Iterable[NewsLine]:
    """What the person was told about their courses, the newest first; never what a mail said. One query."""
    told = person.news.exclude(kind=News.Kind.DIGEST).select_related("by", "letter").order_by("-at", "-pk")
    for news in told.defer("letter__body", "letter__html")[:NEWS_SHOWN]:
        state, when = state_of(news)
        by = news.by.name if news.by else ""
        yield NewsLine(str(capfirst(news.get_kind_display())), by, state, site_day(when))


def state_of(news: News) -> tuple[str, datetime]:
    """How far it came, and when."""
    letter = news.letter
    if news.seen_at:
        return _("Read after signing in"), news.seen_at
    if letter is None:
        return _("Not told yet"), news.at
    if letter.sent_at:
        return _("Sent by mail"), letter.sent_at
    if letter.failed_at:
        return _("The mail could not be delivered"), letter.failed_at
    return (_("Taken back"), letter.withdrawn_at) if letter.withdrawn_at else (_("The mail is on its way"), news.at)
