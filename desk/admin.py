from desk.files.pages import StagedFileAdmin
from desk.lessons import LessonAdmin
from desk.people import PersonAdmin

__all__ = ["LessonAdmin", "PersonAdmin", "StagedFileAdmin"]
