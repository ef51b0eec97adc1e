from courses.admin.again import RenewalAdmin
from courses.admin.asking import AssignmentAdmin, EnrollmentAdmin
from courses.admin.content import CompanyFactAdmin, CourseAdmin, ModuleAdmin, PathAdmin

__all__ = [
    "AssignmentAdmin",
    "CompanyFactAdmin",
    "CourseAdmin",
    "EnrollmentAdmin",
    "ModuleAdmin",
    "PathAdmin",
    "RenewalAdmin",
]
