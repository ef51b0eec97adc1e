from courses.admin.asking import AssignmentAdmin, EnrollmentAdmin
from courses.admin.content import CourseAdmin, ModuleAdmin, PathAdmin

__all__ = ["AssignmentAdmin", "CourseAdmin", "EnrollmentAdmin", "ModuleAdmin", "PathAdmin"]
