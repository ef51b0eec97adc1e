from courses.admin.assignments import AssignmentAdmin
from courses.admin.content import ModuleAdmin
from courses.admin.enrollments import EnrollmentAdmin
from courses.admin.paths import PathAdmin
from courses.admin.renewals import RenewalAdmin

__all__ = [
    "AssignmentAdmin",
    "EnrollmentAdmin",
    "ModuleAdmin",
    "PathAdmin",
    "RenewalAdmin",
]
