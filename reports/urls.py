from django.urls import path

from reports import more_time, person, views

app_name = "reports"

urlpatterns = [
    path("", views.team, name="team"),
    path("team.csv", views.team_csv, name="team_csv"),
    path("people/<int:person>/", person.page, name="person"),
    path("people/<int:enrollment>/more-time/", more_time.page, name="more_time"),
    path("questions/", views.analyses, name="analyses"),
    path("questions/<slug:course>/", views.analysis, name="analysis"),
    path("questions/<slug:course>/<slug:question>/", views.question, name="question"),
]
