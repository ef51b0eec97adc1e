from django.urls import path

from learn import as_read, images, views

app_name = "learn"

LESSON = "courses/<slug:course>/<slug:lesson>/"

urlpatterns = [
    path("", views.home, name="home"),
    path("search/", views.search, name="search"),
    path("my/news/", views.got_it, name="got_it"),
    path("my/what-my-manager-sees/", views.what_manager_sees, name="what_manager_sees"),
    path("my/data/", views.data, name="data"),
    path("my/certificates/<slug:code>/", views.certificate, name="certificate"),
    path("my/certificates/<slug:code>/<slug:paper>.pdf", views.certificate_pdf, name="certificate_pdf"),
    path("certificates/", views.find_certificate, name="find_certificate"),
    path("certificates/<str:code>/", views.check_certificate, name="check_certificate"),
    path("courses/<slug:course>/", views.outline, name="outline"),
    path("courses/<slug:course>/module/<slug:module>/", views.module, name="module"),
    path("courses/<slug:course>/images/<slug:name>.webp", images.image, name="image"),
    path("texts/<int:revision>/", as_read.page, name="as_read"),
    path(LESSON, views.lesson, name="lesson"),
    path(LESSON + "complete/", views.complete, name="complete"),
    path(LESSON + "check/", views.check, name="check"),
    path(LESSON + "flag/", views.flag, name="flag"),
]
