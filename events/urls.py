from django.urls import path

from events import views

app_name = "events"

urlpatterns = [
    path("", views.sessions, name="sessions"),
    path("<int:session>/", views.session, name="session"),
    path("<int:session>/register/", views.register, name="register"),
    path("<int:session>/cancel/", views.cancel, name="cancel"),
    path("<int:session>/calendar.ics", views.calendar_file, name="calendar"),
    path("<int:session>/attendance/", views.attendance, name="attendance"),
    path("<int:session>/participants.csv", views.participants_csv, name="participants"),
]
