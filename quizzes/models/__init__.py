from quizzes.models.attempt import Answer, Attempt, CheckAnswer, Regrade, RetakeChange
from quizzes.models.quiz import LessonCheck, PoolItem, Question, QuestionRevision, Quiz

__all__ = [
    "Answer",
    "Attempt",
    "CheckAnswer",
    "LessonCheck",
    "PoolItem",
    "Question",
    "QuestionRevision",
    "Quiz",
    "Regrade",
    "RetakeChange",
]
