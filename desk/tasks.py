"""The index of the staff pages: what one can do here, in plain words, by permission."""

from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import Count, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from courses.models import Course, Flag, PublishRequest
from desk import answers


@dataclass(frozen=True)
class Task:
    title: str
    sentence: str
    url: str


@dataclass
class TaskGroup:
    title: str
    tasks: list[Task] = field(default_factory=list)


def tasks_for(user: User | AnonymousUser) -> list[TaskGroup]:
    """The tasks of all roles this person has, in groups; the same few queries however much there is."""
    groups = []
    if user.has_perm("courses.change_lesson"):
        groups.append(TaskGroup(_("The course"), [*answered(user), *editing()]))
    if user.has_perm("accounts.change_user"):
        groups.append(TaskGroup(_("People and teams"), every_month()))
        groups.append(TaskGroup(_("Now and then"), now_and_then()))
    if user.has_perm("courses.change_publishrequest"):
        groups.append(TaskGroup(_("Waiting for you"), confirming(user)))
    if user.has_perm("notices.view_heartbeat"):
        groups.append(TaskGroup(_("The service"), operating()))
    return groups


def answered(user: User | AnonymousUser) -> list[Task]:
    """What became of what this person asked to publish."""
    found = answers.lately(user, timezone.now()) if isinstance(user, User) else []
    return [Task(*answers.said(request), answers.url_of(request)) for request in found]


def editing() -> list[Task]:
    tasks = [
        Task(
            _("Open “%(course)s”") % {"course": course.title},
            _("Modules, lessons and quizzes on one page: what is published, what needs a look, what comes after what."),
            reverse("admin:courses_course_home", args=[course.pk]),
        )
        for course in Course.objects.all()
    ]
    tasks.append(
        Task(
            _("Find a question"),
            _("Every question of the quizzes and of the checks in lessons, to search and filter."),
            reverse("admin:quizzes_question_changelist"),
        )
    )
    tasks.append(analysis())
    tasks += company_facts()
    tasks.append(
        Task(
            _("What readers flagged"),
            flagged(Flag.objects.open().count()),
            reverse("admin:courses_flag_changelist") + "?state=open",
        )
    )
    tasks.append(
        Task(
            _("Pictures"),
            _("Upload one, say what it shows, see which lessons show it, replace it."),
            reverse("admin:courses_image_changelist"),
        )
    )
    tasks.append(
        Task(
            _("Paths"),
            _("Which lessons different groups of people are asked to take, and in what order. You can change both."),
            reverse("admin:courses_path_changelist"),
        )
    )
    return [*tasks, course_files()]


def course_files() -> Task:
    return Task(
        _("Course files"),
        _("Take a whole course as a ZIP, bring one in, compare with a new release, copy a course, start one."),
        reverse("admin:courses_bundle_changelist"),
    )


def company_facts() -> list[Task]:
    """A page for each course that leaves something to the company."""
    own = Count("facts", filter=~Q(facts__text=""))
    courses: Any = Course.objects.annotate(all_facts=Count("facts"), own_facts=own).filter(all_facts__gt=0)
    return [
        Task(
            _("What holds at your company")
            if len(courses) == 1
            else _("What holds at your company, in “%(course)s”") % {"course": course.title},
            _("How long things can come back, whom to call: shown in lessons at once. %(done)d of %(all)d filled in.")
            % {"done": course.own_facts, "all": course.all_facts},
            reverse("admin:desk_facts", args=[course.pk]),
        )
        for course in courses
    ]


def flagged(n: int) -> str:
    if not n:
        return _("Nothing is open now.")
    words = ngettext(
        "%(n)d time a reader found something unclear or out of date.",
        "%(n)d times a reader found something unclear or out of date.",
        n,
    )
    return words % {"n": n}


def analysis() -> Task:
    return Task(
        _("How people answer"),
        _("Which questions are too easy, too hard, or have an option nobody picks. Counts only, no names."),
        reverse("reports:analyses"),
    )


def every_month() -> list[Task]:
    """In the order in which one needs them: bring in, invite, ask, who is late, excuse, take the report along."""
    taking = reverse("admin:courses_enrollment_changelist")
    return [
        Task(
            _("Bring people in from a file"),
            _("New people, movers and leavers from your own system, after a look at what would happen."),
            reverse("admin:accounts_stagedfile_add"),
        ),
        Task(
            _("Bring in a person"),
            _("Give them a name, an e-mail address or a staff number, and a team."),
            reverse("admin:accounts_user_add"),
        ),
        Task(
            _("Invite people"),
            _("A mail with a link for everybody of a team who has not come yet. You first see how many that are."),
            reverse("admin:invite"),
        ),
        Task(
            _("Ask a team"),
            _("Ask everybody in a team to take a path by a day. You first see how many people that reaches."),
            reverse("admin:courses_assignment_add"),
        ),
        Task(
            _("Who is late"),
            _("Everybody whose due day is over and whose clock runs."),
            f"{taking}?state=overdue",
        ),
        Task(
            _("Excuse somebody"),
            _("For a long absence or another role; or stop the clock for a while. Find the person, then choose."),
            taking,
        ),
        Task(
            _("Give more time"),
            _("Set another due day for one person, or for all that a team or a state finds."),
            taking,
        ),
        Task(
            _("Take the report with you"),
            _("Who stands where, of everybody or of one team, with a file for a spreadsheet."),
            reverse("reports:team"),
        ),
        Task(
            _("Compare the teams"),
            _("How many of each team and of all below it stand where, from the top down to a single shop."),
            reverse("reports:organization"),
        ),
    ]


def now_and_then() -> list[Task]:
    return [
        Task(
            _("Let somebody try the final again"),
            _("Sooner than after 24 hours, or with a limit; with your reason, which stays."),
            reverse("admin:quizzes_retakechange_changelist"),
        ),
        Task(
            _("Live sessions"),
            _("Webinars and classroom sessions: plan one, move it, see who comes."),
            reverse("admin:events_livesession_changelist"),
        ),
        Task(
            _("Ask again after a time"),
            _("Let certificates of a path expire, and ask for a refresher before that. Off unless you turn it on."),
            reverse("admin:courses_renewal_changelist"),
        ),
        Task(
            _("Bring earlier completions"),
            _("Credit what people did in another system, from a file. You first see what it would do."),
            reverse("admin:courses_credit_add"),
        ),
        *letting_in(),
        Task(
            _("Somebody leaves, or asks for their data"),
            _("Find the person: let them leave, download what is kept about them, or erase it for good."),
            reverse("admin:accounts_user_changelist"),
        ),
        analysis(),
        Task(
            _("Teams"),
            _("The tree of teams: add one, rename it, move it under another, make two into one."),
            reverse("admin:accounts_team_changelist"),
        ),
        Task(
            _("What is mailed"),
            _("Reminders and other mails: what was sent, what waits and why, and which addresses bounce."),
            reverse("admin:notices_notice_changelist"),
        ),
        Task(
            _("What was asked of teams"),
            _("Earlier requests, with their dates and how many people each one reached."),
            reverse("admin:courses_assignment_changelist"),
        ),
        Task(
            _("What staff did"),
            _("The audit list: who changed what and when, with filters and as a file."),
            reverse("admin:admin_logentry_changelist"),
        ),
    ]


def letting_in() -> list[Task]:
    return [
        Task(
            _("Who has not come yet"),
            _("People who never signed in, when they were invited and how; invite them again."),
            reverse("admin:not_come"),
        ),
        Task(
            _("Print sign-in slips for a team"),
            _("For people without e-mail: one page to print and cut, a slip for each."),
            reverse("accounts:slip_sheets"),
        ),
        Task(
            _("Print a sign-in slip"),
            _("For one person without e-mail, or who cannot sign in: find the person, then print."),
            reverse("admin:accounts_user_changelist"),
        ),
    ]


def confirming(user: User | AnonymousUser) -> list[Task]:
    waiting = PublishRequest.objects.waiting().exclude(asked_by=user.pk).count()
    sentence = ngettext(
        "%(n)d change of a lesson touches many people and waits for a second person.",
        "%(n)d changes of lessons touch many people and wait for a second person.",
        waiting,
    )
    return [
        Task(
            _("Confirm what is published"),
            sentence % {"n": waiting} if waiting else _("No change of a lesson waits for a second person now."),
            reverse("admin:courses_publishrequest_changelist") + "?state=waiting",
        )
    ]


def operating() -> list[Task]:
    return [
        Task(
            _("Is everything running?"),
            _("Sender, nightly work, last backup, versions, room on the disk, and what could not be sent."),
            reverse("admin:sender"),
        ),
        Task(
            _("What is mailed"),
            _("What was sent, what waits, and what could not be delivered and why."),
            reverse("admin:notices_notice_changelist"),
        ),
    ]
