"""Django's settings, made from what the operator set (`environment.py`)."""

import sys
from typing import Any

import dj_database_url
from csp.constants import NONE, SELF

from statuspage.broker import broker_url
from statuspage.environment import (
    BASE_DIR,
    LANGUAGE_NAMES,
    WrongSettings,
    read_environment,
    read_mail_server,
    read_sms_account,
)
from statuspage.secret import read_or_make_secret

try:
    environment = read_environment()
    DATA_DIR = environment.make_data_dir()
except WrongSettings as error:
    sys.exit(str(error))

DEBUG = False
PRODUCTION = environment.production
SECRET_KEY = environment.secret_key or read_or_make_secret(DATA_DIR / "secret_key")

SITE_URL = environment.site_url
ALLOWED_HOSTS = list(environment.allowed_hosts)
TRUSTED_PROXIES = environment.trusted_proxies
OUTBOUND_ALLOW = tuple(map(str, environment.outbound_allow))
NAMESERVERS = environment.nameservers
FIRST_PAGE_TIME_ZONE = environment.time_zone
FIRST_PAGE_LANGUAGES = environment.languages

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "django_htmx",
    "incidents.apps.IncidentsConfig",
    "statuspage.apps.WiringConfig",
]
MIDDLEWARE = [
    "statuspage.hosts.accept_pages",
    "statuspage.proxies.trust_proxies",
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "incidents.console.language.SignInLanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "csp.middleware.CSPMiddleware",
    "incidents.public.gate.guard_private_pages",
]
ROOT_URLCONF = "statuspage.urls"
WSGI_APPLICATION = "statuspage.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]


def _database(url: str) -> dict[str, Any]:
    """SQLite begins every transaction with its write lock: one that reads first and then writes fails
    at once otherwise, whatever the timeout."""
    parsed: dict[str, Any] = dict(dj_database_url.parse(url))
    if parsed["ENGINE"] == "django.db.backends.sqlite3":
        pragmas = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
        parsed["OPTIONS"] = {"transaction_mode": "IMMEDIATE", "timeout": 20, "init_command": pragmas}
    else:
        parsed |= {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}
    return parsed


DATABASES = {"default": _database(environment.database_url or f"sqlite:///{DATA_DIR / 'statuspage.sqlite3'}")}
# Sessions and rate limits stay in the database, so that staff can sign in while Redis is down.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "django_cache",
        # By default a third is thrown away beyond 300: guesses at many accounts would wipe out what
        # counts the guesses at one.
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    },
}

USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
LANGUAGES = list(LANGUAGE_NAMES.items())
LOCALE_PATHS = [BASE_DIR / "incidents" / "locale"]

STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
# Commands render pages too, perhaps before anything was collected: then the plain address serves.
WHITENOISE_MANIFEST_STRICT = False

AUTH_USER_MODEL = "incidents.Staff"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/console/"
ACCOUNT_ADAPTER = "incidents.console.accounts.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
# Guesses at a private page's password; a guess at an account has limits of allauth's own.
ACCOUNT_RATE_LIMITS = {"enter_page": "10/5m/ip,100/5m/key"}
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
# Else whoever types an address into the form for forgotten passwords has us write to it.
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_SUBJECT_PREFIX = f"[{environment.site_host}] "
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if SITE_URL.startswith("https://") else "http"

_https = SITE_URL.startswith("https://")
SESSION_COOKIE_AGE = 30 * 60  # from the last thing the person did: see incidents.console.access
SESSION_COOKIE_SECURE = _https
SESSION_COOKIE_NAME = "__Host-session" if _https else "session"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_USE_SESSIONS = True
LANGUAGE_COOKIE_SECURE = _https
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if PRODUCTION else 0
SECURE_CONTENT_TYPE_NOSNIFF = True
# Addresses of ours carry tokens, so other sites learn nothing. Not "no-referrer": under it browsers
# send "Origin: null" with our own forms, and the CSRF check refuses them.
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "connect-src": [SELF],
        "font-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "object-src": [NONE],
        "frame-ancestors": [NONE],
    }
}

PUBLISHED_DIR = DATA_DIR / "published"
PUBLISHED_PRIVATE_DIR = DATA_DIR / "published-private"

KEPT_DIR = DATA_DIR / "kept"  # uploads that wait for a second click

MAIL_SERVER = read_mail_server(environment.email_url) if environment.email_url else None
MAIL_DIR = DATA_DIR / "mail"
MAIL_RATES = environment.mail_rates
BOUNCE_DOMAIN = environment.bounce_domain
MAIL_WEBHOOK_SECRET = environment.mail_webhook_secret
MAIL_WEBHOOK_KEY = environment.mail_webhook_key
DKIM_KEY_FILE = environment.dkim_key_file
DKIM_SELECTOR = environment.dkim_selector
DEFAULT_FROM_EMAIL = SERVER_EMAIL = environment.default_from_email
SMS_ACCOUNT = read_sms_account(environment.sms_url) if environment.sms_url else None
# Private networks where subscribers' endpoints may lie: none. Only tests have servers of their own there.
ENDPOINTS_ALLOW: tuple[str, ...] = ()
if MAIL_SERVER:
    EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    EMAIL_HOST = MAIL_SERVER.host
    EMAIL_PORT = MAIL_SERVER.port
    EMAIL_HOST_USER = MAIL_SERVER.user
    EMAIL_HOST_PASSWORD = MAIL_SERVER.password
    EMAIL_USE_TLS = MAIL_SERVER.tls == "starttls"
    EMAIL_USE_SSL = MAIL_SERVER.tls == "ssl"
    EMAIL_TIMEOUT = 30
else:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = MAIL_DIR / "accounts"

CELERY_BROKER_URL = broker_url(redis_url=environment.redis_url, data_dir=DATA_DIR)

LOCATION = environment.location
LOCATIONS = environment.all_locations
ALIVE_URL = environment.alive_url

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "statuspage.logs.LineFormatter"}},
    "filters": {"no_traceback": {"()": "statuspage.logs.WithoutTraceback"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        "django.security.DisallowedHost": {"filters": ["no_traceback"]},
        "django.server": {"handlers": [], "level": "INFO", "propagate": True},
        # Two lines a task, a task every few seconds: they would bury everything else.
        "celery.worker.strategy": {"level": "WARNING"},
        "celery.app.trace": {"level": "WARNING"},
        # Checks go on while the next message for them expires, as it should.
        "celery.worker.request": {"level": "WARNING"},
        "celery.beat": {"level": "WARNING"},
    },
}
