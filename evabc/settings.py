"""Django settings. Values that differ from machine to machine come from ``env.py``."""

import zoneinfo
from urllib.parse import urlsplit

from celery.schedules import crontab
from csp.constants import NONCE, NONE, SELF
from django_guid.integrations import CeleryIntegration

from evabc import env
from evabc.ops.logging import configuration

# British Columbia stopped changing its clocks in 2026; the system's zone data may not know that,
# and zoneinfo prefers the system's. Only the pinned tzdata package counts.
zoneinfo.reset_tzpath(to=())

BASE_DIR = env.BASE_DIR
VERSION = env.VERSION
LOCAL = env.flag("EVABC_LOCAL")  # `make run`: one machine, sample data, emails in files
DATA_DIR = env.data_dir()
DEV = LOCAL and env.flag(
    "EVABC_DEV"
)  # `make dev`: the same with DEBUG, reload and the debug toolbar
SECRET_KEY = env.secret_key(local=LOCAL, folder=DATA_DIR)
PORTAL_URL = env.portal_url(local=LOCAL)
DEBUG = DEV
SECOND_FACTOR_REQUIRED = env.flag("EVABC_SECOND_FACTOR") or not LOCAL

PORTAL_HOST = urlsplit(PORTAL_URL).hostname or ""
PORTAL_IS_HTTPS = PORTAL_URL.startswith("https://")
# localhost is for health checks. Links in emails use PORTAL_URL, never the request's host.
ALLOWED_HOSTS = [PORTAL_HOST, "localhost", "127.0.0.1"]
CSRF_TRUSTED_ORIGINS = [PORTAL_URL]

INSTALLED_APPS = [
    "evabc.apps.EvabcConfig",
    "communities.apps.CommunitiesConfig",
    "membership.apps.MembershipConfig",
    # By its class: the plain name could load PyPI's library of the same name.
    "requests.apps.JoinRequestsConfig",
    "evabc.apps.StaffAdminConfig",
    "django.forms",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "crispy_forms",
    "crispy_bootstrap5",
    "django_guid",
    "django_htmx",
    "csp",
]

MIDDLEWARE = [
    "evabc.ops.metrics.RequestMetricsMiddleware",
    "evabc.caching.PublicPageCacheMiddleware",
    "django_guid.middleware.guid_middleware",
    "evabc.middleware.AccessLogMiddleware",
    "evabc.middleware.SecurityHeadersMiddleware",
    # Before those that answer by themselves: redirects to https and static files have the policy too.
    "csp.middleware.CSPMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "evabc.middleware.PrivateResponseMiddleware",
    "membership.accounts.middleware.SessionExpiryMiddleware",
    "membership.accounts.middleware.NewSessionKeyMiddleware",
    "membership.accounts.middleware.SecondFactorMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "evabc.middleware.RejectNullBytesMiddleware",
    "evabc.limits.RateLimitMiddleware",
]

if DEV:
    INSTALLED_APPS += ["debug_toolbar"]
    MIDDLEWARE.insert(0, "debug_toolbar.middleware.DebugToolbarMiddleware")
    INTERNAL_IPS = ["127.0.0.1"]

ROOT_URLCONF = "evabc.urls"
WSGI_APPLICATION = "evabc.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "evabc.context_processors.portal",
            ],
        },
    },
]

FORM_RENDERER = "membership.accounts.typed.TypedAgainRenderer"
CSRF_FAILURE_VIEW = "membership.accounts.typed.form_of_an_old_page"
# Not in a cookie: messages name people.
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

DATABASES = {"default": env.database(DATA_DIR, local=LOCAL)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# SQLite leaves out the columns that an index only carries along, which nothing depends on.
SILENCED_SYSTEM_CHECKS = ["models.W040"]

REDIS_URL = env.text("REDIS_URL", needed=not LOCAL)
CACHES = {
    # Shared by all processes, for rate limits and used codes.
    "default": {
        "BACKEND": "evabc.caching.FailOpenRedisCache",
        "LOCATION": REDIS_URL,
        "VERSION": 2,  # earlier entries are pickled objects, which are never read
        "OPTIONS": {
            "SERIALIZER": "django_redis.serializers.json.JSONSerializer",
            "IGNORE_EXCEPTIONS": True,  # people can still sign in, more slowly and without limits
            "SOCKET_CONNECT_TIMEOUT": 1,  # seconds
            "SOCKET_TIMEOUT": 1,
        },
    }
    if REDIS_URL
    else {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "portal_cache",
    },
    "pages": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
    # The last copy of each public page, for while the database is away.
    "copies": {
        "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
        "LOCATION": DATA_DIR / "pages",
        "VERSION": VERSION,  # a page of another version would name static files that are gone
    },
}
DJANGO_REDIS_LOG_IGNORED_EXCEPTIONS = True

# -- Sign-in: a code sent by email, no passwords ------------------------------------------------

AUTH_USER_MODEL = "membership.User"
AUTHENTICATION_BACKENDS = ["membership.accounts.backends.AccountBackend"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "my:home"
ACCOUNT_ADAPTER = "membership.accounts.adapter.AccountAdapter"
ACCOUNT_FORMS = {"request_login_code": "membership.accounts.forms.EmailForm"}
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*"]
ACCOUNT_EMAIL_VERIFICATION = "none"  # a code by email proves it, and a passkey needs no email
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
CODE_MINUTES = env.number("EVABC_CODE_MINUTES")
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_LOGOUT_REDIRECT_URL = "home"
ALLAUTH_USER_CODE_FORMAT = {"numeric": True, "length": 6, "dashed": False}
ALLAUTH_TRUSTED_PROXY_COUNT = env.number("EVABC_TRUSTED_PROXIES")
LIMITS_TIMES = env.number("EVABC_LIMITS_TIMES")
ACCOUNT_RATE_LIMITS = MFA_RATE_LIMITS = False  # evabc/limits.py has them all in one table
MFA_ADAPTER = "membership.accounts.adapter.MFAAdapter"
MFA_FORMS = {
    "authenticate": "membership.accounts.forms.AppOrRecoveryCodeForm",
    "reauthenticate": "membership.accounts.forms.ConfirmationForm",
    "activate_totp": "membership.accounts.forms.AppForm",
    "add_webauthn": "membership.accounts.forms.PasskeyForm",
    "edit_webauthn": "membership.accounts.forms.PasskeyNameForm",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "EVA BC Communities of Practice"

# How long someone stays signed in without activity.
IDLE_SECONDS = 12 * 60 * 60
STAFF_IDLE_SECONDS = 30 * 60
# The row is kept over a long weekend, so that a form sent after the session ended still has an owner.
SESSION_ROW_SECONDS = 4 * 24 * 60 * 60
# Sessions of visitors who are not signed in: how long, and how much they can hold.
SESSION_COOKIE_AGE = 60 * 60
STRANGER_SESSION_BYTES = 20_000
# In any case a session ends after 12 hours for staff, and after a month for everyone else.
STAFF_SESSION_SECONDS = 12 * 60 * 60
SESSION_SECONDS = 30 * 24 * 60 * 60
# Browsers accept a cookie with this prefix only over https, for this exact host and all of its paths.
_COOKIE_PREFIX = "__Host-" if PORTAL_IS_HTTPS else ""
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = f"{_COOKIE_PREFIX}sessionid", f"{_COOKIE_PREFIX}csrftoken"
KNOWN_BROWSER_COOKIE_NAME = f"{_COOKIE_PREFIX}known"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PORTAL_IS_HTTPS
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True

# -- Mail -------------------------------------------------------------------------------------

MAIL_FOLDER = str(DATA_DIR / "mail")
MAIL_SERVER = urlsplit(env.text("EMAIL_URL"))
MAIL_IS_FILES = LOCAL and not MAIL_SERVER.hostname
vars().update(env.mail(local=LOCAL))
EMAIL_TIMEOUT = 10  # seconds for one socket operation
EMAIL_DEADLINE = 30  # seconds in total for one email
# Of codes and notices; empty for the first team's.
DEFAULT_FROM_EMAIL = env.text("EVABC_SENDER_EMAIL")

# -- Jobs ---------------------------------------------------------------------------------------

CELERY_BROKER_URL = REDIS_URL or "folder://localhost/"
if not REDIS_URL:
    CELERY_BROKER_TRANSPORT = "evabc.broker:Transport"
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "folder": str(DATA_DIR / "broker"),
        "polling_interval": 0.2,  # seconds; also after each time that the worker has all it may fetch ahead
    }
CELERY_WORKER_ENABLE_REMOTE_CONTROL = bool(REDIS_URL)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1 if REDIS_URL else 16
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 1, "interval_max": 0.2}
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
# In memory: every task is idempotent and runs again within the hour, so beat needs no stored state, and
# it also recovers from a wrong clock after a restart.
CELERY_BEAT_SCHEDULER = "celery.beat:Scheduler"
# In seconds, or by the clock in British Columbia.
CELERY_BEAT_SCHEDULE = {
    "say-that-you-live": {"task": "evabc.say_that_you_live", "schedule": 30.0},
    "sweep-letters": {"task": "membership.sweep_letters", "schedule": 30.0},
    # Once a day is enough; the hourly runs make up for one that was missed. Not at night, because it
    # sends emails.
    "remind-and-lapse": {
        "task": "joinrequests.remind_and_lapse",
        "schedule": crontab(minute="7", hour="7-19"),
    },
    # By day only, as above.
    "remind-of-renewals": {
        "task": "joinrequests.remind_of_renewals",
        "schedule": crontab(minute="27", hour="7-19"),
    },
    "ask-yearly": {
        "task": "joinrequests.ask_yearly",
        "schedule": crontab(minute="22", hour="7-19"),
    },
    "remind-of-meetings": {
        "task": "membership.remind_of_meetings",
        "schedule": crontab(minute="17", hour="7-19"),
    },
    # Once each morning is enough; the later runs make up for one that was missed.
    "morning-digest": {
        "task": "joinrequests.morning_digest",
        "schedule": crontab(minute="*/20", hour="7-11", day_of_week="mon-fri"),
    },
    # The filters of the queue say that they are updated this often.
    "look-at-open-requests": {
        "task": "joinrequests.look_at_the_open_ones",
        "schedule": 15 * 60.0,
    },
    # The first run of a day does the work; the others make up for one that was missed.
    "retain": {"task": "joinrequests.retain", "schedule": crontab(minute="41")},
    "sweep-lists": {"task": "membership.sweep_lists", "schedule": 300.0},
    # The first run after midnight does the work; the others make up for one that was missed.
    "reassess-rosters": {"task": "membership.reassess_rosters", "schedule": 15 * 60.0},
    # At night; the later runs make up for one that was missed.
    "nightly-backup": {
        "task": "evabc.nightly_backup",
        "schedule": crontab(minute="40", hour="2-23"),
    },
}

# -- Rosters ------------------------------------------------------------------------------------

# Days until an import is too old to use in roster checks, by the kind of rule.
LIST_LIMIT_DAYS = {
    "eva-membership": env.number("EVABC_MEMBERSHIP_LIST_DAYS"),
    "funding": env.number("EVABC_PROGRAM_LIST_DAYS"),
    "coordination-role": env.number("EVABC_ROLE_LIST_DAYS"),
    "caseload": env.number("EVABC_POSITION_LIST_DAYS"),
}

# -- The staff desk -----------------------------------------------------------------------------

WAITING_LIMIT_DAYS = env.waiting_limits()

# -- Operations ---------------------------------------------------------------------------------

BACKUP_RECIPIENT = env.backup_recipient()
BACKUP_DIR = DATA_DIR / "backups"
BACKUPS_KEPT = env.number("EVABC_BACKUPS_KEPT")
MIN_FREE_MB = env.number("EVABC_LEAST_FREE_MB")

# -- Privacy ------------------------------------------------------------------------------------

# How long each kind of personal data is kept, in the unit at the end of the name.
RETENTION = {
    "signup_days": env.number("EVABC_KEEP_SIGNUP_DAYS"),
    "draft_days": env.number("EVABC_KEEP_DRAFT_DAYS"),
    "request_months": env.number("EVABC_KEEP_REQUEST_MONTHS"),
    "person_months": env.number("EVABC_KEEP_PERSON_MONTHS"),
    "letter_days": env.number("EVABC_KEEP_LETTER_DAYS"),
    "announcement_months": env.number("EVABC_KEEP_ANNOUNCEMENT_MONTHS"),
    "resource_days": env.number("EVABC_KEEP_RESOURCE_DAYS"),
    "topic_months": env.number("EVABC_KEEP_TOPIC_MONTHS"),
    "export_months": env.number("EVABC_KEEP_EXPORT_MONTHS"),
}
PRIVACY_OFFICER = {
    "name": env.text("EVABC_PRIVACY_OFFICER_NAME"),
    "email": env.text("EVABC_PRIVACY_OFFICER_EMAIL"),
}

# -- Headers ------------------------------------------------------------------------------------

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "object-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],  # the QR code for authenticator apps is a data: URL
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "manifest-src": [SELF],
    }
}
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SECURE_SSL_REDIRECT = PORTAL_IS_HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
SECURE_HSTS_SECONDS = 2 * 365 * 24 * 60 * 60 if PORTAL_IS_HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = PORTAL_IS_HTTPS
SECURE_HSTS_PRELOAD = PORTAL_IS_HTTPS and env.flag("EVABC_HSTS_PRELOAD")
if ALLAUTH_TRUSTED_PROXY_COUNT:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# -- Pages --------------------------------------------------------------------------------------

WITHOUT_COLLECTSTATIC = LOCAL or env.flag("EVABC_TEST")
STATIC_URL = "static/"
STATIC_ROOT = None if WITHOUT_COLLECTSTATIC else BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = WITHOUT_COLLECTSTATIC
WHITENOISE_ALLOW_ALL_ORIGINS = False
WHITENOISE_MIMETYPES = {".svg": "image/svg+xml; charset=utf-8"}  # it adds the charset to text only
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": (
            "django.contrib.staticfiles.storage.StaticFilesStorage"
            if WITHOUT_COLLECTSTATIC
            else "whitenoise.storage.CompressedManifestStaticFilesStorage"
        )
    },
}
CRISPY_ALLOWED_TEMPLATE_PACKS = "bootstrap5"
CRISPY_TEMPLATE_PACK = "bootstrap5"
CRISPY_FAIL_SILENTLY = False

LANGUAGE_CODE = "en-ca"
FORMAT_MODULE_PATH = "evabc.formats"
USE_I18N = False
USE_TZ = True
TIME_ZONE = "America/Vancouver"

DATA_UPLOAD_MAX_MEMORY_SIZE = 250_000  # bytes of one form, without files
DATA_UPLOAD_MAX_NUMBER_FIELDS = 600  # a meeting’s attendance has a checkbox for each of 500 people
FILE_UPLOAD_MAX_MEMORY_SIZE = 250_000  # a larger file is written to disk
FILE_UPLOAD_HANDLERS = [
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "evabc.ops.space.UploadHandler",
]

LOGGING = configuration(style=env.log_lines(local=LOCAL), local=LOCAL)
DJANGO_GUID = {
    "GUID_HEADER_NAME": "X-Request-ID",
    "EXPOSE_HEADER": False,
    "INTEGRATIONS": [CeleryIntegration()],
}
METRICS_TOKEN = env.text("EVABC_METRICS_TOKEN")
