from django.urls import path

from quizzes import views

app_name = "quizzes"

QUIZ = "courses/<slug:course>/<slug:lesson>/quiz/"

urlpatterns = [
    path(QUIZ, views.start, name="start"),
    path(f"{QUIZ}<int:number>/", views.attempt, name="attempt"),
    path(f"{QUIZ}<int:number>/close/", views.close, name="close"),
    path(f"{QUIZ}<int:number>/<int:position>/", views.question, name="question"),
]
