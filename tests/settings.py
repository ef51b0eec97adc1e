"""The project's own settings, as the demo runs them, with a database and files of the tests' own."""

import os
import tempfile

os.environ["SECRET_KEY"] = "tests-only-" + "k3y" * 20
os.environ["DATA_DIR"] = os.environ.get("TEST_DATA_DIR") or tempfile.mkdtemp(prefix="workshop-tests-")
os.environ["DEMO"] = "1"
os.environ.pop("DEBUG", None)

from accounts.hashers import Argon2Hasher
from config.settings import *  # noqa: F403

STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_AUTOREFRESH = True
WHITENOISE_USE_FINDERS = True
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):  # noqa: F405
    # A file, so that threads have connections and locks of their own, as in real life; in memory they share one.
    DATABASES["default"]["TEST"] = {"NAME": str(DATA_DIR / "test.sqlite3")}  # noqa: F405

Argon2Hasher.time_cost, Argon2Hasher.memory_cost = 1, 8  # the same algorithm, a hundred times faster
