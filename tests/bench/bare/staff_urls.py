from django.contrib import admin
from django.urls import path

from tests.bench.bare.models import Note

site = admin.AdminSite()
site.register(Note)

urlpatterns = [path("admin/", site.urls)]
