"""All settings, read from the environment; the table of them is in docs/operators/settings.md.

Three ways to run: production (the default, https only), the demo (`DEMO=1`: production, but plain http on this machine
alone) and development (`DEBUG=1`). A setting that is missing or makes no sense stops the start with a sentence on it.
"""

import tomllib
import zoneinfo
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _
from environs import Env

env = Env()

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = env.path("DATA_DIR", BASE_DIR / "var").resolve()

VERSION: str = tomllib.loads((BASE_DIR / "pyproject.toml").read_text())["project"]["version"]

DEBUG = env.bool("DEBUG", default=False)
DEMO = env.bool("DEMO", default=False)
LOCAL = DEBUG or DEMO  # plain http, on this machine only

if DEBUG and DEMO:
    raise ImproperlyConfigured(
        "DEBUG and DEMO are both on. Choose one: DEMO shows the product, DEBUG is for developing it."
    )


def secret_key() -> str:
    """The signing key: `SECRET_KEY`, or the file that `make` writes into the data directory.

    Raises ImproperlyConfigured if there is neither, or if the key is too short to be a secret.
    """
    key = env.str("SECRET_KEY", default="")
    file = DATA_DIR / "secret_key"
    if not key and file.is_file():
        key = file.read_text().strip()
    if not key:
        raise ImproperlyConfigured(f"No secret key. Set SECRET_KEY, or let `make secret` write one to {file}.")
    if len(key) < 50 or len(set(key)) < 5 or key.startswith("django-insecure-"):
        raise ImproperlyConfigured(
            "SECRET_KEY is too weak: take 50 characters or more, made at random (`make secret`)."
        )
    return key


SECRET_KEY = secret_key()
SECRET_KEY_FALLBACKS: list[str] = env.list("SECRET_KEY_FALLBACKS", default=[])

BIND = env.str("BIND", default="127.0.0.1")  # `manage.py serve` listens here; nginx in front speaks https
PORT = env.int("PORT", default=8000)
WORKERS = env.int("WORKERS", default=0)  # 0: one for each core

BASE_URL = env.str("BASE_URL", default=f"http://127.0.0.1:{PORT}" if LOCAL else "").rstrip("/")
_site = urlsplit(BASE_URL)
if not _site.hostname or _site.path or (not LOCAL and _site.scheme != "https"):
    raise ImproperlyConfigured(
        "BASE_URL is the address people use, such as https://workshop.example.com. Set it, https and no path."
    )

LOOPBACK = ["127.0.0.1", "localhost", "[::1]"]
ALLOWED_HOSTS = LOOPBACK if LOCAL else env.list("ALLOWED_HOSTS", default=[_site.hostname])
CSRF_TRUSTED_ORIGINS = [] if LOCAL else [BASE_URL]
if "*" in ALLOWED_HOSTS:
    raise ImproperlyConfigured("ALLOWED_HOSTS must name the hosts; `*` lets anybody forge the address in mails.")

INSTALLED_APPS = [
    "config",
    "demo",
    "desk",
    "learn",
    "reports",
    "coursefiles",
    "events",
    "quizzes",
    "courses",
    "accounts",
    "notices",
    "desk.apps.StaffSiteConfig",  # django.contrib.admin with our site
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.forms",  # the widget templates, for FORM_RENDERER
    "crispy_forms",
    "crispy_bootstrap5",
    "csp",
]

MIDDLEWARE = [
    "config.middleware.request_id",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "config.middleware.private_pages",
    "config.middleware.no_nul",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.middleware.session_limits",
    "accounts.middleware.SignInRequired",
    "accounts.middleware.preferences",
    "django.contrib.messages.middleware.MessageMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "builtins": ["config.inlining"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "config.context.site",
            ],
        },
    },
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
CRISPY_ALLOWED_TEMPLATE_PACKS = "bootstrap5"
CRISPY_TEMPLATE_PACK = "bootstrap5"
CRISPY_FAIL_SILENTLY = False

# --- Data ------------------------------------------------------------------------------------------------------------

SQLITE_OPTIONS = {
    "transaction_mode": "IMMEDIATE",  # DEFERRED fails with "database is locked" as soon as two people write
    "timeout": 20,
    "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=FULL;PRAGMA foreign_keys=ON;",
}

# Planning a query of ours takes PostgreSQL three times as long as running it: plan those that are asked again once.
PREPARED = {"server_side_binding": True, "prepare_threshold": 5}
# Reports are long queries of cheap parts: compiling one took eight seconds, asking it a third of one.
NO_JIT = "-c jit=off"


def database() -> dict[str, Any]:
    """`DATABASE_URL`, or SQLite in the data directory."""
    config: dict[str, Any] = dict(
        env.dj_db_url("DATABASE_URL", f"sqlite:///{DATA_DIR / 'db.sqlite3'}", conn_max_age=600, conn_health_checks=True)
    )
    if config["ENGINE"].endswith("sqlite3"):
        config["OPTIONS"] = SQLITE_OPTIONS
    elif config["ENGINE"].endswith("postgresql"):
        config["OPTIONS"] = {"connect_timeout": 5, **config.get("OPTIONS", {})}
        if env.bool("DATABASE_POOLER", default=False):  # each transaction may meet another connection of the server
            config["DISABLE_SERVER_SIDE_CURSORS"] = True
        else:
            config["OPTIONS"] |= PREPARED
            config["OPTIONS"].setdefault("options", NO_JIT)
    else:
        raise ImproperlyConfigured(
            "DATABASE_URL must start with sqlite:// or postgresql://; no other database is tested."
        )
    return config


DATABASES = {"default": database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
MEDIA_ROOT = env.path("MEDIA_ROOT", DATA_DIR / "media")
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000_000  # a lesson is 6 kB; nobody types a megabyte
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1000
FILE_MAX_MB = env.int("FILE_MAX_MB", default=50)  # of a file of people; it goes to the disk and not into memory

# --- People ----------------------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["accounts.backends.PersonBackend"]
LOGIN_URL = "accounts:sign_in"
LOGIN_REDIRECT_URL = "learn:home"
LOGOUT_REDIRECT_URL = "learn:home"
PASSWORD_HASHERS = ["accounts.hashers.Argon2Hasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 8}},
    {"NAME": "accounts.validators.MaximumLengthValidator", "OPTIONS": {"max_length": 128}},
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ["name", "email", "staff_number"]},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
PASSWORD_RESET_TIMEOUT = 60 * 60  # an hour, in seconds
PROXY_COUNT = env.int("PROXY_COUNT", default=0)  # trusted proxies in front, for the address that is counted at sign-in

SESSION_ENGINE = "accounts.session_store"
SESSION_COOKIE_AGE = 60 * 60 * 24 * 14
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "config.errors.csrf_failure"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

# --- The browser -----------------------------------------------------------------------------------------------------

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "manifest-src": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'none'"],
        "object-src": ["'none'"],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"

if not LOCAL:
    SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=True)
    SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]  # asked by the proxy and the monitor over plain http
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if PROXY_COUNT else None
    SECURE_HSTS_SECONDS = 60 * 60 * 24 * 365
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = env.bool("SECURE_HSTS_PRELOAD", default=True)
    SESSION_COOKIE_SECURE = True
    SESSION_COOKIE_NAME = "__Host-session"
    CSRF_COOKIE_SECURE = True
    CSRF_COOKIE_NAME = "__Host-csrf"

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = DATA_DIR / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "config.static.StaticStorage"},
}
WHITENOISE_MAX_AGE = 60 * 60

# --- Language and time -----------------------------------------------------------------------------------------------

LANGUAGE_CODE = "en-us"
LANGUAGES = [("en-us", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = env.str("TIME_ZONE", default="Europe/Paris" if LOCAL else "UTC")
if TIME_ZONE not in zoneinfo.available_timezones():
    raise ImproperlyConfigured(f"TIME_ZONE is {TIME_ZONE}, which is not a time zone. Choose one such as Europe/Paris.")
USE_TZ = True

# --- Mail ------------------------------------------------------------------------------------------------------------

_mail = env.dj_email_url("EMAIL_URL", default=f"file:///{DATA_DIR / 'mail'}" if LOCAL else "smtp://localhost:25")
if "EMAIL_BACKEND" not in _mail:
    raise ImproperlyConfigured("EMAIL_URL must be such as smtp+tls://user:password@mail.example.com:587.")
EMAIL_BACKEND = _mail["EMAIL_BACKEND"]
EMAIL_FILE_PATH = DATA_DIR / "mail"
EMAIL_HOST = _mail["EMAIL_HOST"]
EMAIL_PORT = _mail["EMAIL_PORT"]
EMAIL_HOST_USER = _mail["EMAIL_HOST_USER"]
EMAIL_HOST_PASSWORD = _mail["EMAIL_HOST_PASSWORD"]
EMAIL_USE_TLS = _mail["EMAIL_USE_TLS"]
EMAIL_USE_SSL = _mail["EMAIL_USE_SSL"]
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="Workshop <workshop@localhost>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL

LETTERS_AN_HOUR = env.int("LETTERS_AN_HOUR", default=1200)
LETTER_REFRESH = "desk.mailing.refresh"  # asked for each letter just before it goes: is what it says still so?

# --- This site -------------------------------------------------------------------------------------------------------

SITE_NAME = env.str("SITE_NAME", default="Workshop")
MANAGERS_SEE_SCORES = env.bool("MANAGERS_SEE_SCORES", default=False)  # answers they never see

# After somebody left, in months; 0 keeps for ever.
RETAIN_ANSWERS_MONTHS = env.int("RETAIN_ANSWERS_MONTHS", default=12)
RETAIN_RECORD_MONTHS = env.int("RETAIN_RECORD_MONTHS", default=36)
for _name, _months in {
    "RETAIN_ANSWERS_MONTHS": RETAIN_ANSWERS_MONTHS,
    "RETAIN_RECORD_MONTHS": RETAIN_RECORD_MONTHS,
}.items():
    if not 0 <= _months <= 1200:
        raise ImproperlyConfigured(f"{_name} is {_months}. It is a number of months up to 1200; 0 keeps for ever.")

DEMO_PASSWORD = env.str("DEMO_PASSWORD", default="workshop-demo")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"request_id": {"()": "config.logs.RequestId"}},
    "formatters": {
        "json": {"()": "config.logs.JsonFormatter"},
        "plain": {"format": "%(levelname)s %(name)s [%(request_id)s] %(message)s"},
    },
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": "plain" if LOCAL else "json",
            "filters": ["request_id"],
        }
    },
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        "django.server": {"handlers": ["console"], "level": "INFO", "propagate": False},
    },
}
