from desk.earlier import CreditAdmin
from desk.lessons import LessonAdmin
from desk.people import PersonAdmin

__all__ = ["CreditAdmin", "LessonAdmin", "PersonAdmin"]
