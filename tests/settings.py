"""The project's own settings, as the demo runs them, with a database and files of the tests' own."""

import os
import tempfile

os.environ["SECRET_KEY"] = "tests-only-" + "k3y" * 20
os.environ["DATA_DIR"] = os.environ.get("TEST_DATA_DIR") or tempfile.mkdtemp(prefix="workshop-tests-")
os.environ["DEMO"] = "1"
os.environ.pop("DEBUG", None)

from config.settings import *  # noqa: E402, F403

STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_AUTOREFRESH = True
WHITENOISE_USE_FINDERS = True
