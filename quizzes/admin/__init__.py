from quizzes.admin.questions import QuestionAdmin, QuizAdmin
from quizzes.admin.retakes import RetakeChangeAdmin

__all__ = ["QuestionAdmin", "QuizAdmin", "RetakeChangeAdmin"]
