from desk.audit import AuditAdmin
from desk.lessons import LessonAdmin
from desk.people import PersonAdmin

__all__ = ["AuditAdmin", "LessonAdmin", "PersonAdmin"]
