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
        groups.append(TaskGroup(_("People and teams"), people()))
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


def people() -> list[Task]:
    late = reverse("admin:courses_enrollment_changelist") + "?state=overdue"
    return [
        Task(
            _("Bring in a person"),
            _("Give them a name, an e-mail address or a staff number, and a team."),
            reverse("admin:accounts_user_add"),
        ),
        Task(
            _("Ask a team"),
            _("Ask everybody in a team to take a path by a day. You first see how many people that reaches."),
            reverse("admin:courses_assignment_add"),
        ),
        Task(
            _("Who is late"),
            _("Everybody whose due day is over; give more time where there is a reason."),
            late,
        ),
        Task(
            _("Let somebody try the final again"),
            _("Sooner than after 24 hours, or with a limit; with your reason, which stays."),
            reverse("admin:quizzes_retakechange_changelist"),
        ),
        analysis(),
        Task(
            _("Print a sign-in slip"),
            _("For somebody without e-mail, or who cannot sign in: find the person, then print."),
            reverse("admin:accounts_user_changelist"),
        ),
        Task(
            _("Teams"),
            _("The tree of teams: add one, rename it, move it under another."),
            reverse("admin:accounts_team_changelist"),
        ),
        Task(
            _("What was asked of teams"),
            _("Earlier requests, with their dates and how many people each one reached."),
            reverse("admin:courses_assignment_changelist"),
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
            _("Is the sender running?"),
            _("Whether mail goes out: when the sender was last heard from, and how many notices wait."),
            reverse("admin:sender"),
        ),
        Task(
            _("Notices"),
            _("What was sent, what waits, and what could not be delivered and why."),
            reverse("admin:notices_notice_changelist"),
        ),
    ]
