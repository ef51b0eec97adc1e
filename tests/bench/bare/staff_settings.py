"""The bare project with Django's own admin, as it comes."""

from tests.bench.bare.settings import *  # noqa: F403
from tests.bench.bare.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "django.contrib.admin"]
ROOT_URLCONF = "tests.bench.bare.staff_urls"
WSGI_APPLICATION = "tests.bench.bare.staff_wsgi.application"
