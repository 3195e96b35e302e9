"""Django's settings. Everything that differs between installations comes from environment.py."""

import os
import sys
from pathlib import Path
from urllib.parse import urlsplit

from django.urls import reverse_lazy

from mailer.config import environment, sentry
from mailer.config.logs import default_level, logging_config
from mailer.config.storage import pictures

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
    "django.contrib.admin.apps.SimpleAdminConfig",  # its pages are loaded by urls.py, for who serves them
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "subscribers",
    "mailer.issues",
    "mailer.delivery",
    "mailer.tracking",
    "mailer.archive",
    "mailer.staff",
    "mailer.local",
    "mailer.doctor",
]

MIDDLEWARE = [
    "mailer.config.request_id.with_request_id",
    "mailer.config.content_policy.with_content_policy",
    "mailer.config.indexing.with_noindex",
    "mailer.config.nul.NulIsRefused",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "mailer.staff.accounts.own_pages.with_own_pages",
    "allauth.account.middleware.AccountMiddleware",
    "mailer.staff.accounts.second_factor.with_second_factor",
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
                "mailer.staff.accounts.context.of_the_site",
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
# As far as a browser keeps it: who does not ask to be remembered is signed out when it is closed.
SESSION_COOKIE_AGE = 14 * 24 * 3600
SESSION_COOKIE_HTTPONLY = True
# The other is not HttpOnly: scripts of the issue builder read it, for who signs in again in another tab has a new one.
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "admin:index"
LOGOUT_REDIRECT_URL = "account_login"
AUTHENTICATION_BACKENDS = ["mailer.staff.access.backend.RoleBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]

# Sign-in by django-allauth: nobody makes an account of their own, administrators invite.
ACCOUNT_ADAPTER = "mailer.staff.accounts.adapters.AccountAdapter"
ACCOUNT_FORMS = {"login": "mailer.staff.accounts.forms.LoginForm"}
ACCOUNT_LOGIN_METHODS = {"email", "username"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_LOGIN_ON_PASSWORD_RESET = True
ACCOUNT_RATE_LIMITS = {
    "login": "30/m/ip",
    # By account and address together (AccountAdapter): no stranger closes an account to whom it belongs.
    "login_failed": "10/m/ip,5/5m/key",
    # By account alone, for who guesses from many addresses.
    "login_failed_anywhere": "100/h/key",
    "reset_password": "10/m/ip,3/10m/key",
}
PASSWORD_RESET_TIMEOUT = 3 * 24 * 3600
MFA_ADAPTER = "mailer.staff.accounts.adapters.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", "webauthn"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_ALLOW_UNVERIFIED_EMAIL = True  # addresses are administrators' to give
MFA_TOTP_ISSUER = "mailer"
MFA_TOTP_TOLERANCE = 1
# Browsers know passkeys over https, and on this machine.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = _public.scheme == "http"
SOCIALACCOUNT_ADAPTER = "mailer.staff.accounts.adapters.ProviderAdapter"
SOCIALACCOUNT_PROVIDERS = {}
if ENVIRONMENT.oidc_server:
    SOCIALACCOUNT_PROVIDERS["openid_connect"] = {
        "OAUTH_PKCE_ENABLED": True,
        "APPS": [
            {
                "provider_id": "sso",
                "name": ENVIRONMENT.oidc_name,
                "client_id": ENVIRONMENT.oidc_client_id,
                "secret": ENVIRONMENT.oidc_secret,
                "settings": {"server_url": ENVIRONMENT.oidc_server},
            }
        ],
    }
EMAIL_BACKEND = "mailer.staff.accounts.mail.SendGridBackend"
DEFAULT_FROM_EMAIL = ENVIRONMENT.staff_mail_from or ""

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

# Pictures of stories. What a reader gets is served by mailer/issues/images/serve.py, or by the bucket.
MEDIA_ROOT = ROOT / ENVIRONMENT.media_root
MEDIA_URL = "/media/"
STORAGES = {
    "default": pictures(ENVIRONMENT),
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}

SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
if _public.scheme == "https":
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    # Not for names below: the domain's owner may run others there, such as a sender's link domain, without TLS.
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
    "STYLES": [f"/{STATIC_URL}{name}" for name in ("staff.css", "staff/parts.css", "staff/frame.css")],
    "SCRIPTS": [f"/{STATIC_URL}staff/reach.js"],
    "ACCOUNT": {"navigation": [{"title": "Account", "link": reverse_lazy("staff_account")}]},
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "SIDEBAR": {"navigation": "mailer.staff.sidebar.navigation", "show_search": True, "command_search": True},
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
