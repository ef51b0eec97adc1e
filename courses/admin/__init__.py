from courses.admin.again import RenewalAdmin
from courses.admin.asking import AssignmentAdmin
from courses.admin.content import ModuleAdmin
from courses.admin.enrollments import EnrollmentAdmin
from courses.admin.paths import PathAdmin

__all__ = [
    "AssignmentAdmin",
    "EnrollmentAdmin",
    "ModuleAdmin",
    "PathAdmin",
    "RenewalAdmin",
]
