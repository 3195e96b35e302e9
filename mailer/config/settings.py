"""Django's settings. Everything that differs between installations comes from environment.py."""

import os
import sys
from pathlib import Path
from urllib.parse import urlsplit

from mailer.config import environment, sentry
from mailer.config.logs import default_level, logging_config

ENVIRONMENT = environment.read(os.environ)
ROOT = Path(__file__).resolve().parents[2]

SECRET_KEY = ENVIRONMENT.secret_key
SECRET_KEY_FALLBACKS = list(ENVIRONMENT.secret_key_fallbacks)
DEBUG = ENVIRONMENT.debug
PUBLIC_URL = ENVIRONMENT.public_url
_public = urlsplit(PUBLIC_URL)
ALLOWED_HOSTS = [_public.hostname or "", *ENVIRONMENT.allowed_hosts]
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]

INSTALLED_APPS = [
    "unfold",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "subscribers",
    "mailer.issues",
    "mailer.delivery",
    "mailer.tracking",
    "mailer.staff",
    "mailer.local",
    "mailer.doctor",
]

MIDDLEWARE = [
    "mailer.config.request_id.with_request_id",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "mailer.config.urls"
WSGI_APPLICATION = "mailer.config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

DATABASES = {"default": environment.database(ENVIRONMENT.database_url)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": ENVIRONMENT.redis_url},
}
SESSION_ENGINE = "django.contrib.sessions.backends.db"
LOGIN_REDIRECT_URL = "admin:index"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]

LANGUAGE_CODE = "en-gb"
TIME_ZONE = ENVIRONMENT.time_zone
USE_TZ = True
FORMAT_MODULE_PATH = "mailer.config.formats"
# The readers' pages and letters; the site of the staff is in English.
LOCALE_PATHS = [ROOT / "locale"]

STATIC_URL = "static/"
STATICFILES_DIRS = [ROOT / "static"]
# Pages find their styles without a collectstatic step; WhiteNoise serves them from where they lie.
WHITENOISE_USE_FINDERS = True

SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
if _public.scheme == "https":
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SECURE_HSTS_SECONDS = 31_536_000
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# A post of the event webhook is at most 768 KB; one with many events in it is still one post.
DATA_UPLOAD_MAX_MEMORY_SIZE = 4 * 1024 * 1024

LOGGING_CONFIG = None
logging_config(ENVIRONMENT.log_level or default_level(sys.argv))
if ENVIRONMENT.sentry_dsn:
    sentry.start(ENVIRONMENT.sentry_dsn)

UNFOLD = {
    "SITE_TITLE": "mailer",
    "SITE_HEADER": "mailer",
    "SITE_SUBHEADER": "Newsletters",
    "SITE_SYMBOL": "mail",
    "SITE_URL": None,
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": f"/{STATIC_URL}icon.svg"}],
    "STYLES": [f"/{STATIC_URL}staff.css"],
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "SIDEBAR": {"navigation": "mailer.staff.sidebar.navigation"},
    "ENVIRONMENT": "mailer.staff.sidebar.banner",
    "BORDER_RADIUS": "8px",
    "COLORS": {
        # The teal of the public pages; 600 carries white text.
        "primary": {
            "50": "oklch(97.5% .012 222)",
            "100": "oklch(94.5% .025 222)",
            "200": "oklch(88% .05 222)",
            "300": "oklch(79% .075 222)",
            "400": "oklch(69% .09 222)",
            "500": "oklch(57% .085 222)",
            "600": "oklch(46% .07 222)",
            "700": "oklch(40% .06 222)",
            "800": "oklch(35% .05 222)",
            "900": "oklch(31% .042 222)",
            "950": "oklch(23% .033 222)",
        },
    },
}
