"""Our middleware, database and server; nothing else of ours."""

from config.settings import (  # noqa: F401
    AUTH_USER_MODEL,
    CONTENT_SECURITY_POLICY,
    CSRF_COOKIE_HTTPONLY,
    DATA_DIR,
    DATABASES,
    DEFAULT_AUTO_FIELD,
    LOGGING,
    LOGIN_URL,
    MESSAGE_STORAGE,
    MIDDLEWARE,
    SECRET_KEY,
    STATIC_ROOT,
    STATIC_URL,
    STORAGES,
    TIME_ZONE,
    WHITENOISE_MAX_AGE,
)

DEBUG = DEMO = False
LOCAL = True
ALLOWED_HOSTS = ["127.0.0.1"]
ROOT_URLCONF = "tests.bench.bare.urls"
WSGI_APPLICATION = "tests.bench.bare.wsgi.application"
AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
INSTALLED_APPS = [
    "tests.bench.bare",
    "accounts",  # the person, and the middleware that knows them
    "notices",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
USE_TZ = True
