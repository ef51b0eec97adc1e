"""A certificate as progress makes one, for tests."""

from __future__ import annotations

from courses import progress
from courses.models import Certificate, Completion, Enrollment
from tests.builders import enroll, make_course, make_person


def finish(enrollment: Enrollment) -> Enrollment:
    """Complete all that is required, and give the enrollment as it stands then."""
    for step in enrollment.path.steps.select_related("lesson__published_revision").order_by("position"):
        progress.complete_lesson(
            enrollment, step.lesson, step.lesson.published_revision, Completion.How.READ, enrollment.enrolled_at
        )
    enrollment.refresh_from_db()
    return enrollment


def certified(name: str = "Ada Moreau", title: str = "Course service") -> Certificate:
    """The certificate of a person of this name, who is in no team."""
    course = make_course(readings=1, quiz=False)
    course.title = title
    course.save()
    return finish(enroll(make_person(name, email="certified@example.com"), course)).certificate
