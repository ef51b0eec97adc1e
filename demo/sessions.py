"""The live sessions of the demo company: one was, with who came; two are to come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from accounts.models import Team, User
from courses.models import Course
from demo.moments import moment
from events import attendance, registering
from events.models import LiveSession


@dataclass(frozen=True)
class Planned:
    """A session so many days ahead (behind, if negative), for a team or for everybody on the course."""

    title: str
    text: str
    days: int
    hour: int
    minutes: int
    trainer: str
    team: str = ""
    place: str = ""
    link: str = ""
    seats: int | None = None
    is_public: bool = False
    registered: tuple[str, ...] = ()
    came: tuple[str, ...] = ()


SESSIONS = [
    Planned(
        "The first sentence after a mistake",
        "We say it aloud, in pairs, until it comes by itself. **Bring one sentence** a customer said to you last week.",
        days=-8,
        hour=9,
        minutes=60,
        trainer="Mia Duval",
        team="Shop Lyon",
        place="Shop Lyon, room behind the counter",
        seats=8,
        registered=("Karim Haddad", "Ada Moreau", "Noor van Dijk", "Abena Owusu", "Luc Perrin", "Marta Kowalczyk"),
        came=("Karim Haddad", "Ada Moreau", "Noor van Dijk", "Abena Owusu", "Marta Kowalczyk"),
    ),
    Planned(
        "Calm on the phone: three calls, heard together",
        "We listen to three recorded calls and stop where they turn. Then each of us says the next sentence.\n\n"
        "- No preparation needed\n- Microphone on, please; camera as you like",
        days=6,
        hour=14,
        minutes=75,
        trainer="Idris Mbaye",
        link="https://meet.example.com/calm-on-the-phone",
        seats=4,
        registered=("Rajesh Iyer", "Jun Nakagawa", "Charlotte Meunier", "Andrei Popescu", "Keiko Tanabe"),
    ),
    Planned(
        "Open hour: bring your hardest customer",
        "Half an hour of questions, half an hour of trying it out. Everybody is welcome.",
        days=13,
        hour=17,
        minutes=60,
        trainer="Mia Duval",
        link="https://meet.example.com/open-hour",
        is_public=True,
        registered=("Ibrahim Sylla", "Yasmine Cherif"),
    ),
]


def make(course: Course, teams: dict[str, Team], people: dict[str, User], now: datetime) -> None:
    """Plan them a month ago, register people in the order given, and let the trainer tick who came."""
    for place, planned in enumerate(SESSIONS):
        session = _plan(planned, course, teams, people, now)
        for minute, name in enumerate(planned.registered):
            registering.register(session, people[name], moment(now, 12 - place, 8, minute))
        came = [people[name].pk for name in planned.came]
        if came:
            attendance.tick(session, came, [], people[planned.trainer], session.ends_at)


def _plan(
    planned: Planned, course: Course, teams: dict[str, Team], people: dict[str, User], now: datetime
) -> LiveSession:
    starts = moment(now, -planned.days, planned.hour)
    session = LiveSession.objects.create(
        title=planned.title,
        text=planned.text,
        starts_at=starts,
        ends_at=starts + timedelta(minutes=planned.minutes),
        place=planned.place,
        link=planned.link,
        seats=planned.seats,
        is_public=planned.is_public,
        course=None if planned.team or planned.is_public else course,
        created_at=moment(now, 30, 9),
        created_by=people["Hana Sato"],
    )
    session.teams.set([teams[planned.team]] if planned.team else [])
    session.trainers.set([people[planned.trainer]])
    return session
