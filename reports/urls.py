from django.urls import path

from reports import answers, by_team, export, grid, more_time, objectives, person, remind, time_for_many, views

app_name = "reports"

urlpatterns = [
    path("", views.team, name="team"),
    path("grid/", grid.page, name="grid"),
    path("remind/", remind.page, name="remind"),
    path("more-time/", time_for_many.page, name="time_for_many"),
    path("team.csv", export.team, {"kind": "csv"}, name="team_csv"),
    path("team.xlsx", export.team, {"kind": "xlsx"}, name="team_xlsx"),
    path("organization/", by_team.page, name="organization"),
    path("organization.csv", by_team.file, {"kind": "csv"}, name="organization_csv"),
    path("organization.xlsx", by_team.file, {"kind": "xlsx"}, name="organization_xlsx"),
    path("people/<int:person>/", person.page, name="person"),
    path("people/<int:person>/record/", person.record, name="record"),
    path("people/<int:person>/attempts/<int:attempt>/", answers.page, name="answers"),
    path("people/<int:enrollment>/more-time/", more_time.page, name="more_time"),
    path("objectives/", objectives.page, name="objectives"),
    path("questions/", views.analyses, name="analyses"),
    path("questions/<slug:course>/", views.analysis, name="analysis"),
    path("questions/<slug:course>/<slug:question>/", views.question, name="question"),
]
