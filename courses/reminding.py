"""Which reminder, and what other news of a course, is due to whom. Nothing here writes a mail: desk/mailing.py does.

A piece of news is derived from the facts at a moment: that it was told is a row (notices.News), that it is due is not.
So one that is overtaken, by a newer one or because somebody completed meanwhile, is simply no longer there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, ClassVar, NamedTuple

from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.mailing import Piece, Words
from courses.models import Assignment, Certificate, Completion, Course, Enrollment, LessonRevision, PathStep
from courses.models.enrollment import EnrollmentQuerySet, site_day
from courses.models.lesson import Lesson
from courses.templatetags.days import due_day
from notices.models import News

FRESH = timedelta(days=30)  # older news is none
BEFORE, EVERY, LAST = -7, 7, 28  # days from the due day: a week before, on the day, and weekly four times
NOTICE = timedelta(days=14)  # who was asked less than this before the due day is not reminded a week before

COLUMNS = ("user_id", "pk", "course__key", "course__title", "path__title", "due_on", "cycle")


class Facts(NamedTuple):
    """What is to be known of an enrollment to speak of it, in the order of COLUMNS."""

    person: int
    enrollment: int
    course_key: str
    course: str
    path: str
    due_on: date | None
    cycle: int


@dataclass(frozen=True)
class OfEnrollment:
    """News about what a person is asked to take."""

    kind: ClassVar[str]

    facts: Facts
    edition: str = ""

    @property
    def person(self) -> int:
        return self.facts.person

    @property
    def about(self) -> int:
        return self.facts.enrollment

    @property
    def topic(self) -> tuple[str, int]:
        return "enrollment", self.about

    @property
    def names(self) -> dict[str, Any]:
        course, path, due_on = self.facts.course, self.facts.path, self.facts.due_on
        return {"course": course, "path": path, "due": due_day(due_on), "day": day_of(due_on)}

    @property
    def due_sentence(self) -> str:
        return _("It is due on %(due)s.") % self.names if self.facts.due_on else ""

    def spoken(self, title: str, text: str, action: str = "") -> Words:
        action = action or _("Go on with “%(course)s”") % self.names
        url = Course(key=self.facts.course_key).get_absolute_url()
        return Words(title % self.names, (text % self.names).strip(), action, url)


class Asked(OfEnrollment):
    kind = News.Kind.ASKED
    rank = 20

    def words(self) -> Words:
        title = _("Please take “%(path)s” by %(day)s") if self.facts.due_on else _("Please take “%(path)s”")
        again = _("It is time for “%(course)s” again: please take “%(path)s”.")
        first = _("You are asked to take “%(path)s” of “%(course)s”.")
        text = again if self.facts.cycle > 1 else first
        more = _("The lessons are short, and you can stop anywhere; the site remembers where you were.")
        return self.spoken(title, f"{text} {self.due_sentence} {more}", _("Begin with “%(course)s”") % self.names)


@dataclass(frozen=True)
class Reminder(OfEnrollment):
    kind = News.Kind.REMINDER
    stage: int = 0
    is_today: bool = False

    @property
    def rank(self) -> int:
        return 10 if self.stage >= 0 else 30

    def words(self) -> Words:
        if self.stage < 0:
            return self.spoken(_("“%(path)s” is due on %(day)s"), _("“%(path)s” of “%(course)s” is due on %(due)s."))
        if self.is_today:
            return self.spoken(_("“%(path)s” is due today"), _("“%(path)s” of “%(course)s” is due today, %(due)s."))
        text = _(
            "“%(path)s” of “%(course)s” was due on %(due)s. You can still do it, and it counts. If something is in the "
            "way, tell your manager."
        )
        return self.spoken(_("“%(path)s” was due on %(day)s"), text)


@dataclass(frozen=True)
class Nudge(OfEnrollment):
    kind = News.Kind.NUDGE
    rank = 5
    by: str = ""
    is_late: bool = False

    @property
    def names(self) -> dict[str, Any]:
        return {**super().names, "by": self.by}

    def words(self) -> Words:
        late = _("It was due on %(due)s. You can still do it, and it counts.") % self.names
        due = late if self.is_late else self.due_sentence
        return self.spoken(
            _("%(by)s reminds you of “%(path)s”"),
            _("%(by)s asks you to go on with “%(path)s” of “%(course)s”.") + f" {due}",
        )


@dataclass(frozen=True)
class Redo(OfEnrollment):
    kind = News.Kind.REDO
    rank = 15
    lessons: tuple[str, ...] = ()

    @property
    def topic(self) -> tuple[str, int]:
        return "redo", self.about  # a reminder does not name the lessons

    def words(self) -> Words:
        n = len(self.lessons)
        title = ngettext("A lesson you did says something new", "%(n)d lessons you did say something new", n)
        text = (
            ngettext("Please do it once more by %(due)s.", "Please do them once more by %(due)s.", n)
            if self.facts.due_on
            else ngettext("Please do it once more.", "Please do them once more.", n)
        )
        words = self.spoken("%(course)s", text)
        lists = ((self.facts.course, self.lessons),)
        return Words(title % {"n": n}, words.text, words.action, words.url, lists)


@dataclass(frozen=True)
class NewCertificate:
    person: int
    about: int
    course: str
    url: str
    edition: str = ""
    kind: ClassVar[str] = News.Kind.CERTIFICATE
    rank: ClassVar[int] = 40

    @property
    def topic(self) -> tuple[str, int]:
        return "certificate", self.about

    def words(self) -> Words:
        names = {"course": self.course}
        return Words(
            _("Your certificate for “%(course)s”") % names,
            _("You have completed “%(course)s”. Well done! Your certificate is ready to look at and to print.") % names,
            _("See your certificate"),
            self.url,
        )


@dataclass(frozen=True)
class Change:
    """A lesson that a person completed was published with effect *announce*."""

    person: int
    about: int
    lesson: int
    title: str
    note: str
    url: str
    edition: str = ""
    kind: ClassVar[str] = News.Kind.CHANGE
    rank: ClassVar[int] = 50

    @property
    def topic(self) -> tuple[str, int]:
        return "lesson", self.lesson

    def words(self) -> Words:
        names = {"lesson": self.title}
        text = _("“%(lesson)s”, which you completed, has changed. Nothing is asked of you.") % names
        if self.note:
            text = f"{text} {_('What is new: %(note)s') % {'note': self.note}}"
        return Words(_("“%(lesson)s” has changed") % names, text, _("Read “%(lesson)s”") % names, self.url)


def day_of(day: date | None) -> str:
    """A day in few words, for a subject."""
    return date_format(day, "l, F j") if day else ""


# --- What is due -----------------------------------------------------------------------------------------------------


def pieces(at: datetime, people: Collection[int] | None = None) -> list[Piece]:
    """All that active people are to be told at this moment, told already or not. A few queries for any number."""
    redone = redone_lessons(at, people)
    found: list[Piece] = [*requests_and_reminders(at, people), *nudges(at, people)]
    found += [*redos(at, redone), *redo_reminders(at, redone), *certificates(at, people), *changes(at, people)]
    return found


def heard(at: datetime, people: Collection[int] | None = None) -> EnrollmentQuerySet:
    """The enrollments that people are to hear of: not of paused, excused, withdrawn or closed ones, nor of people who
    are inactive.
    """
    current = Enrollment.objects.current().open(at).filter(heard_q())
    return current if people is None else current.filter(user__in=people)


def heard_q(prefix: str = "") -> Q:
    return Enrollment.running_q(prefix) & Q(**{f"{prefix}user__is_active": True})


def is_heard(enrollment: Enrollment, at: datetime | None = None) -> bool:
    """The same for one of the current cycle."""
    return enrollment.user.is_active and enrollment.is_open(at) and enrollment.is_running


def to_do(at: datetime, people: Collection[int] | None = None) -> EnrollmentQuerySet:
    """Those of them in which there is something to do: not complete, and not done as far as there are lessons."""
    return heard(at, people).filter(~Enrollment.done_so_far_q(), completed_at=None)


def sample_of(assignment: Assignment, at: datetime | None = None) -> Words:
    """What asking a team will say to each person."""
    due_on = assignment.due_day(at or timezone.now())
    course, path = assignment.course, assignment.path
    return Asked(Facts(0, 0, course.key, course.title, path.title, due_on, cycle=1)).words()


def stage_of(due_on: date, today: date) -> int | None:
    """Which reminder is the present one, in days from the due day; None before the first and after the last."""
    days = (today - due_on).days
    if days < BEFORE or days >= LAST + EVERY:
        return None
    return BEFORE if days < 0 else days // EVERY * EVERY


def requests_and_reminders(at: datetime, people: Collection[int] | None = None) -> Iterator[Asked | Reminder]:
    """To who was asked of late and has not begun, and to who has something due; one query."""
    today = site_day(at)
    window = (today - timedelta(days=LAST + EVERY - 1), today - timedelta(days=BEFORE))
    is_new = Q(started_at=None, enrolled_at__gt=at - FRESH)
    rows = to_do(at, people).filter(is_new | Q(due_on__range=window), enrolled_at__lte=at).order_by()
    for *row, enrolled_at, started_at, wants_all in rows.values_list(
        *COLUMNS, "enrolled_at", "started_at", "user__mail_reminders"
    ):
        facts = Facts(*row)
        if started_at is None and enrolled_at > at - FRESH:
            yield Asked(facts)
        if facts.due_on is None or (stage := stage_of(facts.due_on, today)) is None:
            continue
        knows = stage == BEFORE and site_day(enrolled_at) > facts.due_on - NOTICE
        if not knows and (wants_all or stage == 0):
            yield reminder_of(facts, stage, today)


def reminder_of(facts: Facts, stage: int, today: date) -> Reminder:
    """A changed due day makes other reminders: these are about the new one."""
    return Reminder(facts, f"{facts.due_on}{stage:+d}", stage=stage, is_today=facts.due_on == today)


def nudges(at: datetime, people: Collection[int] | None = None) -> Iterator[Nudge]:
    """What managers asked to be written, where there still is something to do."""
    rows = News.objects.filter(kind=News.Kind.NUDGE, at__gt=at - FRESH, at__lte=at)
    return nudges_of(at, rows if people is None else rows.filter(recipient__in=people))


def nudges_of(at: datetime, rows: Any) -> Iterator[Nudge]:
    asked_for = list(rows.order_by("at").values_list("recipient", "about", "edition", "by__name"))
    if not asked_for:
        return
    open_ones = undone(at, {recipient for recipient, *_rest in asked_for})
    known = {row[1]: Facts(*row) for row in open_ones.order_by().values_list(*COLUMNS)}
    for recipient, about, edition, by in asked_for:
        facts = known.get(about)
        if facts and facts.person == recipient:
            is_late = facts.due_on is not None and facts.due_on < site_day(at)
            yield Nudge(facts, edition=edition, by=by or "", is_late=is_late)


def undone(at: datetime, people: Collection[int] | None = None) -> EnrollmentQuerySet:
    """Those in which somebody can be reminded by a person: something to do for the first time, or again."""
    again = Q(completed_at__isnull=False, current_at__lt=F("path__redo_at"))
    return heard(at, people).filter(again | (Q(completed_at=None) & ~Enrollment.done_so_far_q()))


# --- To be done again ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Redone:
    """A lesson that somebody did before it was published to be done again, and not since."""

    facts: Facts
    completed_at: datetime | None
    redo_at: datetime | None
    wants_all: bool
    title: str
    due_on: date | None


def redone_lessons(at: datetime, people: Collection[int] | None = None) -> dict[int, list[Redone]]:
    """By enrollment. Two queries, or one if nothing was published to be done again of late."""
    revisions = LessonRevision.objects.filter(effect=LessonRevision.Effect.REDO, published_at__lte=at).filter(
        Q(published_at__gt=at - FRESH) | Q(redo_due_on__gt=site_day(at) - timedelta(days=LAST + EVERY))
    )
    due = {(lesson, level): on for lesson, level, on in revisions.values_list("lesson", "redo_level", "redo_due_on")}
    found: dict[int, list[Redone]] = defaultdict(list)
    if not due:
        return found
    level = F("lesson__published_revision__redo_level")
    again = Completion.objects.filter(enrollment=OuterRef("enrollment"), lesson=OuterRef("lesson"))
    steps = PathStep.objects.required_of(OuterRef("enrollment__path"), OuterRef("enrollment__enrolled_at"))
    rows = Completion.objects.filter(
        Exists(steps.filter(lesson=OuterRef("lesson"))),
        ~Exists(again.filter(redo_level__gte=OuterRef("lesson__published_revision__redo_level"))),
        lesson__in={lesson for lesson, _level in due},
        enrollment__in=heard(at, people),
        redo_level__lt=level,
    )
    extra = ("completed_at", "path__redo_at", "user__mail_reminders")
    names = [f"enrollment__{name}" for name in (*COLUMNS, *extra)]
    names += ["lesson_id", "lesson__published_revision__title", "lesson__published_revision__redo_level"]
    for row in rows.order_by("lesson_id").values_list(*names).distinct():
        facts, (completed_at, redo_at, wants_all, lesson, title, now) = Facts(*row[: len(COLUMNS)]), row[len(COLUMNS) :]
        if (lesson, now) in due:
            one = Redone(facts, completed_at, redo_at, wants_all, title, due[lesson, now])
            found[facts.enrollment].append(one)
    return found


def redos(at: datetime, redone: dict[int, list[Redone]]) -> Iterator[Redo]:
    """That lessons are to be done again, all of one enrollment in one piece."""
    for lessons in redone.values():
        first = lessons[0]
        if first.redo_at and first.redo_at > at - FRESH:
            yield Redo(
                with_due(lessons),
                edition=f"{first.redo_at:%Y-%m-%dT%H:%M:%S}",
                lessons=tuple(one.title for one in lessons),
            )


def redo_reminders(at: datetime, redone: dict[int, list[Redone]]) -> Iterator[Reminder]:
    """Like other reminders, for people who had completed; the others have the due day of what they are asked."""
    today = site_day(at)
    for lessons in redone.values():
        first, facts = lessons[0], with_due(lessons)
        due_on = facts.due_on
        if first.completed_at is None or due_on is None:
            continue
        stage = stage_of(due_on, today)
        if stage is not None and (first.wants_all or stage == 0):
            yield reminder_of(facts, stage, today)


def with_due(lessons: list[Redone]) -> Facts:
    """The facts of the enrollment with the first day by which something is to be done again."""
    return lessons[0].facts._replace(due_on=min((one.due_on for one in lessons if one.due_on), default=None))


# --- Done, and changed -----------------------------------------------------------------------------------------------


def certificates(at: datetime, people: Collection[int] | None = None) -> Iterator[NewCertificate]:
    new = Certificate.objects.valid().filter(issued_at__gt=at - FRESH, issued_at__lte=at)
    new = new.filter(enrollment__user__is_active=True, enrollment__user__mail_news=True)
    if people is not None:
        new = new.filter(enrollment__user__in=people)
    for one in new.select_related("enrollment"):
        yield NewCertificate(one.enrollment.user_id, one.pk, one.course_title, one.get_absolute_url())


def changes(at: datetime, people: Collection[int] | None = None) -> Iterator[Change]:
    """Lessons published with effect *announce*, for who completed an earlier text; of several the last."""
    later = LessonRevision.objects.filter(lesson=OuterRef("lesson"), published_at__lte=at)
    later = later.filter(number__gt=OuterRef("number")).exclude(effect=LessonRevision.Effect.SILENT)
    announced = LessonRevision.objects.filter(
        Lesson.published_q("lesson__"),
        ~Exists(later),
        effect=LessonRevision.Effect.ANNOUNCE,
        published_at__gt=at - FRESH,
        published_at__lte=at,
    )
    for revision in announced.select_related("lesson__course", "lesson__published_revision"):
        lesson = revision.lesson
        done = lesson.completions.filter(heard_q("enrollment__"), revision__number__lt=revision.number)
        done = done.filter(Enrollment.current_q("enrollment__"), enrollment__user__mail_news=True)
        if people is not None:
            done = done.filter(enrollment__user__in=people)
        for person in done.order_by().values_list("enrollment__user", flat=True).distinct():
            yield Change(person, revision.pk, lesson.pk, lesson.title, revision.note, lesson.get_absolute_url())
