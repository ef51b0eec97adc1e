from quizzes.models.attempt import Answer, Attempt, CheckAnswer, Inspection, Regrade, RetakeChange
from quizzes.models.quiz import LessonCheck, PoolItem, Question, QuestionRevision, Quiz

__all__ = [
    "Answer",
    "Attempt",
    "CheckAnswer",
    "Inspection",
    "LessonCheck",
    "PoolItem",
    "Question",
    "QuestionRevision",
    "Quiz",
    "Regrade",
    "RetakeChange",
]
