from django.urls import path

from reports import views

app_name = "reports"

urlpatterns = [
    path("", views.team, name="team"),
    path("team.csv", views.team_csv, name="team_csv"),
]
