from desk.audit import AuditAdmin
from desk.bundles import BundleAdmin
from desk.course_home import CourseAdmin
from desk.earlier import CreditAdmin
from desk.files.pages import StagedFileAdmin
from desk.flags import FlagAdmin
from desk.lessons import LessonAdmin
from desk.people import PersonAdmin
from desk.pictures import ImageAdmin
from desk.questions import QuestionAdmin
from desk.requests import PublishRequestAdmin
from desk.teams import TeamAdmin

__all__ = [
    "AuditAdmin",
    "BundleAdmin",
    "CourseAdmin",
    "CreditAdmin",
    "FlagAdmin",
    "ImageAdmin",
    "LessonAdmin",
    "PersonAdmin",
    "PublishRequestAdmin",
    "QuestionAdmin",
    "StagedFileAdmin",
    "TeamAdmin",
]
