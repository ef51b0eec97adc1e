from quizzes.admin.questions import QuestionAdmin
from quizzes.admin.quizzes import QuizAdmin
from quizzes.admin.retakes import RetakeChangeAdmin

__all__ = ["QuestionAdmin", "QuizAdmin", "RetakeChangeAdmin"]
