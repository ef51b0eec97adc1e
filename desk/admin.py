from desk.lessons import LessonAdmin
from desk.people import PersonAdmin
from desk.pictures import ImageAdmin
from desk.requests import PublishRequestAdmin

__all__ = ["ImageAdmin", "LessonAdmin", "PersonAdmin", "PublishRequestAdmin"]
