from courses.admin.again import RenewalAdmin
from courses.admin.asking import AssignmentAdmin
from courses.admin.content import CompanyFactAdmin, ModuleAdmin
from courses.admin.enrollments import EnrollmentAdmin
from courses.admin.paths import PathAdmin

__all__ = [
    "AssignmentAdmin",
    "CompanyFactAdmin",
    "EnrollmentAdmin",
    "ModuleAdmin",
    "PathAdmin",
    "RenewalAdmin",
]
