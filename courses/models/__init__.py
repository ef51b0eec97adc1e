from courses.models.assignment import Assignment, EnrollmentChange
from courses.models.bundle import Bundle, LoadedUnit
from courses.models.course import Course, Module, Objective, Skill
from courses.models.credit import Credit
from courses.models.enrollment import Certificate, Completion, Enrollment, State
from courses.models.fact import CompanyFact
from courses.models.flag import Flag
from courses.models.image import Image
from courses.models.lesson import Diagram, Lesson, LessonRevision
from courses.models.path import ExtraStep, Path, PathStep
from courses.models.publication import PublishRequest
from courses.models.renewal import Renewal

__all__ = [
    "Assignment",
    "Bundle",
    "Certificate",
    "CompanyFact",
    "Completion",
    "Course",
    "Credit",
    "Diagram",
    "Enrollment",
    "EnrollmentChange",
    "ExtraStep",
    "Flag",
    "Image",
    "Lesson",
    "LessonRevision",
    "LoadedUnit",
    "Module",
    "Objective",
    "Path",
    "PathStep",
    "PublishRequest",
    "Renewal",
    "Skill",
    "State",
]
