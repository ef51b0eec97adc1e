from django.contrib import admin
from django.urls import include, path

from config import health

urlpatterns = [
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("accounts/", include("accounts.urls")),
    path("reports/", include("reports.urls")),
    path("admin/", admin.site.urls),
    path("sessions/", include("events.urls")),
    path("", include("quizzes.urls")),
    path("", include("learn.urls")),
]

handler400 = "config.errors.bad_request"
handler403 = "config.errors.permission_denied"
handler404 = "config.errors.not_found"
handler500 = "config.errors.server_error"
