from django.urls import path

from tests.bench.bare import views

urlpatterns = [path("", views.page, name="page"), path("write/", views.write)]
