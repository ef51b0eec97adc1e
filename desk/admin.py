from desk.audit import AuditAdmin
from desk.earlier import CreditAdmin
from desk.files.pages import StagedFileAdmin
from desk.lessons import LessonAdmin
from desk.people import PersonAdmin
from desk.teams import TeamAdmin

__all__ = ["AuditAdmin", "CreditAdmin", "LessonAdmin", "PersonAdmin", "StagedFileAdmin", "TeamAdmin"]
