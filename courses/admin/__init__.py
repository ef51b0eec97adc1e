from courses.admin.again import RenewalAdmin
from courses.admin.asking import AssignmentAdmin
from courses.admin.content import CourseAdmin, ModuleAdmin, PathAdmin
from courses.admin.enrollments import EnrollmentAdmin

__all__ = [
    "AssignmentAdmin",
    "CourseAdmin",
    "EnrollmentAdmin",
    "ModuleAdmin",
    "PathAdmin",
    "RenewalAdmin",
]
