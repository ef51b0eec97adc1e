from quizzes.admin.quizzes import QuizAdmin
from quizzes.admin.retakes import RetakeChangeAdmin

__all__ = ["QuizAdmin", "RetakeChangeAdmin"]
