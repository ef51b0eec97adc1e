"""The site's own settings, for the process that measures: beside the database, its small twin."""

from config.settings import *  # noqa: F403
from config.settings import DATABASES, INSTALLED_APPS, env

INSTALLED_APPS = [*INSTALLED_APPS, "tests.bench.bare"]
DATABASES["small"] = {**DATABASES["default"], "NAME": env.str("BENCH_SMALL")}
