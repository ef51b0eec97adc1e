"""What the two first pages show: the public home, and My learning."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from functools import cached_property, lru_cache
from statistics import median
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.safestring import SafeString

from accounts import mailing
from accounts.mailing import Piece, Words
from accounts.models import User
from accounts.statements import Prepared
from courses import markdown, reminding
from courses.models import Certificate, Course, Enrollment, Lesson, Module
from courses.models.enrollment import site_day
from courses.models.path import REFRESHER
from events import coming, telling
from learn.course_map import CourseMap, LessonRow, course_map
from learn.told import Told, told_of, with_changes
from quizzes.models import Inspection
from reports import team
from reports.seen import Sight, never_seen, seen
from reports.standing import STANDINGS, Standing


@dataclass(frozen=True)
class Comparison:
    """Two answers to the same sentence: `opening` is what both sides share, if they do."""

    opening: SafeString | None
    weak: Sequence[SafeString]
    strong: Sequence[SafeString]


@dataclass(frozen=True)
class PublicModule:
    module: Module
    minutes: int


@dataclass(frozen=True)
class Card:
    """One course a person is asked to take, with where to go on."""

    enrollment: Enrollment
    map: CourseMap
    standing: Standing
    certificate: Certificate | None = None
    told: Told = field(default_factory=Told)
    earlier: Certificate | None = None  # of the cycle before

    @property
    def is_again(self) -> bool:
        """Whether the person completed this course before, and is asked once more."""
        return self.enrollment.cycle > 1 and not self.enrollment.is_complete

    @property
    def is_refresher(self) -> bool:
        return self.enrollment.path.key == REFRESHER

    @cached_property
    def next(self) -> LessonRow | None:
        """Where to go on; nowhere once the course is closed."""
        return self.map.next if self.enrollment.is_open() else None

    @property
    def next_module(self) -> Module | None:
        return self.map.module_of(self.next) if self.next else None


def team_sentence(user: User | AnonymousUser) -> str | None:
    """Where the teams of a manager stand; asked only for people whom the session knows as managers."""
    if not user.is_authenticated or not getattr(user, "is_manager", False):
        return None
    return team.team_sentence(user)


def own_enrollments(user: User | AnonymousUser, at: datetime | None = None) -> list[Enrollment]:
    """The current enrollments of a person, with the state that their manager sees, and what there is to tell."""
    if not user.is_authenticated:
        return []
    found = asked_of(site_day(at))(user=user.pk)
    for enrollment in found:
        enrollment.user = user
    return found


def own_enrollment(user: User | AnonymousUser, course: Course) -> Enrollment | None:
    """The one in this course."""
    return next((one for one in own_enrollments(user) if one.course_id == course.pk), None)


@lru_cache(maxsize=8)
def asked_of(day: date) -> Prepared:
    """The query, which is another one each day."""
    noon = datetime.combine(day, time(12), timezone.get_default_timezone())  # all that is asked of it is its day

    def enrollments(user: int) -> QuerySet[Enrollment]:
        own = with_changes(team.asked(User.objects.filter(pk=user).order_by(), noon))
        return own.select_related("course", "path").order_by("due_on", "pk")

    return Prepared(enrollments)


@Prepared
def certificates_of(user: int) -> QuerySet[Certificate]:
    return Certificate.objects.of(User(pk=user)).select_related("enrollment")


@dataclass(frozen=True)
class Panel:
    """News on the screen; `keys` name it in the form that says "Got it"."""

    words: Sequence[Words]
    keys: Sequence[str]


def news_of(user: User | AnonymousUser, at: datetime | None = None) -> list[Piece]:
    """What somebody without an e-mail address was not told yet; others get it by mail."""
    if not user.is_authenticated or user.email:
        return []
    at = at or timezone.now()
    found = [*reminding.pieces(at, [user.pk]), *telling.pieces(at, [user.pk])]
    return mailing.untold(found, mailing.told(at, [user.pk]))


def name_of(piece: Piece) -> str:
    return f"{piece.kind}:{piece.about}:{piece.edition}"


def panel_of(user: User | AnonymousUser) -> Panel:
    pieces = news_of(user)
    return Panel(mailing.words_of(pieces), [name_of(piece) for piece in pieces])


def got_it(user: User | AnonymousUser, names: Collection[str]) -> None:
    """Note that a person read what stood on the page; what is new since then stays."""
    if user.is_authenticated:
        mailing.mark_seen(user, [piece for piece in news_of(user) if name_of(piece) in names])


def by_urgency(card: Card) -> tuple[bool, int, date]:
    """Courses with something to do come first, the most urgent before all."""
    return card.next is None, list(Standing).index(card.standing), card.enrollment.due_on or date.max


def my_learning(user: User | AnonymousUser) -> dict[str, Any]:
    certificates = certificates_of(user=user.pk) if user.is_authenticated else []
    earned = {certificate.enrollment_id: certificate for certificate in certificates}
    own = own_enrollments(user)
    told = told_of(own)
    cards = [
        Card(
            enrollment,
            course_map(user, enrollment.course, enrollment, with_objectives=False),
            STANDINGS[enrollment.place],  # type: ignore[attr-defined]  # annotated by the report
            earned.get(enrollment.pk),
            told[enrollment.pk],
            earlier_of(enrollment, certificates),
        )
        for enrollment in own
    ]
    cards.sort(key=by_urgency)
    return {
        "news": panel_of(user),
        "cards": cards,
        "courses": [] if cards else list(Course.objects.visible_to(user)),
        "certificates": certificates,
        "team_sentence": team_sentence(user),
        "sessions": coming.of(user),
    }


def earlier_of(enrollment: Enrollment, certificates: Iterable[Certificate]) -> Certificate | None:
    """The last certificate of the same course from an earlier cycle."""
    own = [one for one in certificates if one.enrollment.course_id == enrollment.course_id]
    before = [one for one in own if one.enrollment.cycle < enrollment.cycle]
    return max(before, key=lambda one: one.enrollment.cycle, default=None)


def manager_view(user: User | AnonymousUser) -> dict[str, Any]:
    """Oneself exactly as a manager gets to see one, from the function that makes their page; and who opened answers."""
    if not user.is_authenticated:
        return {}
    return {
        "seen": seen(user, Sight.of_manager()),
        "never": never_seen(),
        "looks": looks_at(user),
    }


def looks_at(user: User) -> QuerySet[Inspection]:
    """When HR opened somebody's answers, the newest first."""
    looks = Inspection.objects.filter(attempt__enrollment__user=user)
    return looks.select_related("by", "attempt__quiz__lesson__published_revision").defer(
        "attempt__quiz__lesson__published_revision__body"
    )


def public_home() -> dict[str, Any]:
    """The course of the open sample lesson, or the first: modules with true minutes, and a dialogue."""
    sample = (
        Lesson.objects.published()
        .filter(is_sample=True)
        .select_related("course", "published_revision")
        .order_by("course__pk")
        .first()
    )
    course = sample.course if sample else Course.objects.order_by("pk").first()
    taken = minutes_taken(course) if course else []
    modules = public_modules(course, taken) if course else []
    minutes = sum(minutes for _module, minutes in taken)
    return {
        "sample": sample,
        "comparison": comparison_of(sample) if sample else None,
        "public_course": course,
        "modules": modules,
        "minutes": minutes,
        "hours": in_hours(minutes),
        "piece": round(median(minutes for _module, minutes in taken)) if taken else 0,
        "ready": sum(row.module.is_ready for row in modules),
        "never": never_seen(),
        "sessions": coming.public(),
    }


def minutes_taken(course: Course) -> list[tuple[int, int]]:
    """Module and minutes of each lesson that counts."""
    lessons = Lesson.objects.published().filter(course=course, required=True).order_by()
    return list(lessons.values_list("module", "published_revision__minutes"))


def in_hours(minutes: int) -> str:
    """In halves, as one would say it: 9½."""
    halves = round(minutes / 30)
    return f"{halves // 2 or ''}{'½' if halves % 2 else ''}"


def public_modules(course: Course, taken: list[tuple[int, int]]) -> list[PublicModule]:
    """Titles and minutes are public; nothing of a lesson is."""
    minutes = Counter[int]()
    for module, number in taken:
        minutes[module] += number
    modules = course.modules.order_by("position").select_related("illustration")
    return [PublicModule(module, minutes[module.pk]) for module in modules]


def comparison_of(sample: Lesson) -> Comparison | None:
    """The first turns of the sample's dialogue, gone wrong and better."""
    found = markdown.first_comparison(sample.published_revision.body) if sample.published_revision else None
    if found is None:
        return None
    weak, strong = found
    if len(weak) > 1 and weak[0] == strong[0]:
        return Comparison(weak[0], weak[1:], strong[1:])
    return Comparison(None, weak, strong)
