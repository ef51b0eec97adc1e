"""The index of the staff pages: what one can do here, in plain words, by permission."""

from dataclasses import dataclass, field

from django.contrib.auth.models import AnonymousUser
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from courses.models import Course, PublishRequest
from quizzes.models import Quiz


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
        groups.append(TaskGroup(_("The course"), editing()))
    if user.has_perm("accounts.change_user"):
        groups.append(TaskGroup(_("People and teams"), every_month()))
        groups.append(TaskGroup(_("Now and then"), now_and_then()))
    if user.has_perm("courses.change_publishrequest"):
        groups.append(TaskGroup(_("Waiting for you"), confirming(user)))
    if user.has_perm("notices.view_heartbeat"):
        groups.append(TaskGroup(_("The service"), operating()))
    return groups


def editing() -> list[Task]:
    tasks = [
        Task(
            _("Open “%(course)s”") % {"course": course.title},
            _("Its modules and lessons: write, look at it as a learner does, publish."),
            reverse("admin:courses_course_change", args=[course.pk]),
        )
        for course in Course.objects.all()
    ]
    quizzes = Quiz.objects.select_related("lesson__published_revision")
    quizzes = quizzes.order_by("lesson__module__position", "lesson__position")
    tasks += [
        Task(
            _("Questions of “%(quiz)s”") % {"quiz": quiz.lesson.title},
            _("What the quiz asks, how many questions it draws, and how many right answers it takes."),
            reverse("admin:quizzes_quiz_change", args=[quiz.pk]),
        )
        for quiz in quizzes
    ]
    tasks.append(
        Task(
            _("Find a question"),
            _("Every question of the quizzes and of the checks in lessons, to search and filter."),
            reverse("admin:quizzes_question_changelist"),
        )
    )
    tasks.append(analysis())
    tasks.append(
        Task(
            _("Write what holds at your company"),
            _("How long things can come back, whom to call, what to say: shown in lessons at once."),
            reverse("admin:courses_companyfact_changelist"),
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
            _("Look at the paths"),
            _("Which lessons different groups of people are asked to take, and in what order."),
            reverse("admin:courses_path_changelist"),
        )
    )
    return tasks


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
            _("Notices"),
            _("What was sent, what waits, and what could not be delivered and why."),
            reverse("admin:notices_notice_changelist"),
        ),
    ]
