"""Django as its documentation says: persistent connections, no middleware that a webhook does not need."""

import os
from urllib.parse import parse_qs, unquote, urlsplit

_URL = urlsplit(os.environ["BENCH_DATABASE_URL"])
WEBHOOK_SECRET = os.environ["BENCH_SECRET"]

SECRET_KEY = "not used: no session, no cookie"  # noqa: S105
DEBUG = False
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "bench.peers.django_app.urls"
WSGI_APPLICATION = "bench.peers.django_app.wsgi.application"
INSTALLED_APPS = ["bench.peers.django_app"]
MIDDLEWARE: list[str] = []
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

if _URL.scheme == "sqlite":
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": _URL.path[1:],
            "OPTIONS": {
                "timeout": 30,
                "transaction_mode": "IMMEDIATE",
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
            },
            "CONN_MAX_AGE": None,
        }
    }
else:
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": _URL.path[1:],
            "USER": unquote(_URL.username or ""),
            "PASSWORD": unquote(_URL.password or ""),
            "HOST": parse_qs(_URL.query).get("host", [_URL.hostname or ""])[0],
            "PORT": _URL.port or "",
            "CONN_MAX_AGE": None,
        }
    }
