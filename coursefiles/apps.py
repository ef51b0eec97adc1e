from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CoursefilesConfig(AppConfig):
    name = "coursefiles"
    verbose_name = _("Course files")
