"""Django's settings of the hub; what differs from place to place comes from `config`."""

from typing import Any
from urllib.parse import unquote, urlsplit

from csp.constants import NONCE, NONE, SELF
from django.utils.translation import gettext_lazy as _

from viavolta.hub.site.config import hub_config
from viavolta.storage.database import database

CONFIG = hub_config()

SECRET_KEY = CONFIG.secret_key
DEBUG = False
ALLOWED_HOSTS = list(CONFIG.hosts)
CSRF_TRUSTED_ORIGINS = [CONFIG.origin]
ROOT_URLCONF = "viavolta.hub.site.urls"
WSGI_APPLICATION = "viavolta.hub.site.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
SITE_NAME = "viavolta"

INSTALLED_APPS = [
    # The hub first: its templates and words come before those of the libraries.
    "viavolta.hub.ocpi",
    "viavolta.hub.openadr",
    "viavolta.hub.kpis",
    "viavolta.hub.labs",
    "viavolta.hub.collaborate",
    "viavolta.hub.market",
    "viavolta.hub.fleets",
    "viavolta.hub.drive",
    "viavolta.hub.operate",
    "viavolta.hub.studies",
    "viavolta.hub.guide",
    "viavolta.hub.people",
    "viavolta.hub.frame",
    "viavolta.storage.tables",
    "viavolta.hub.people.apps.HubAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.forms",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.usersessions",
    "csp",
]

MIDDLEWARE = [
    "viavolta.hub.site.proxy.ProxyMiddleware",
    "viavolta.hub.site.headers.HeadersMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "viavolta.hub.site.addresses.AddressMiddleware",
]

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "builtins": [
                "django.templatetags.i18n",
                "django.templatetags.static",
                "viavolta.hub.frame.templatetags.frame",
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "viavolta.hub.frame.context.frame",
            ],
        },
    },
]

DATABASES = {"default": database(CONFIG.database_url)}

# Accounts: an e-mail address and a password with a second factor, or a passkey.
AUTH_USER_MODEL = "people.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
ACCOUNT_ADAPTER = "viavolta.hub.people.adapters.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_SIGNUP_FORM_CLASS = "viavolta.hub.people.sign_up.SignUpForm"
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_LOGIN_ON_PASSWORD_RESET = False
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = True
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = "viavolta: "
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if CONFIG.is_https else "http"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = SITE_NAME
MFA_TOTP_TOLERANCE = 1
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not CONFIG.is_https  # browsers allow localhost only
SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": list(CONFIG.oidc)}}
SOCIALACCOUNT_AUTO_SIGNUP = False  # consent is asked of everybody
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False
LOGIN_REDIRECT_URL = "/"
LOGIN_URL = "account_login"
SESSION_COOKIE_AGE = 14 * 86_400

# Limits of sign-in and of the API are counted where every process sees them.
CACHES: dict[str, dict[str, Any]] = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "hub_cache",
        "OPTIONS": {"MAX_ENTRIES": 50_000},
    },
}
API_RATE_PER_MINUTE = 1_200
API_RATE_PER_MINUTE_UNKNOWN = 300
# Somebody at a charging post, by address: many may share one.
VISITOR_LOOKS_PER_MINUTE = 240
VISITOR_CHANGES_PER_MINUTE = 20

# Who runs this place: named in the privacy notice and in letters.
ORIGIN = CONFIG.origin
OPERATOR = CONFIG.operator
STATIONS_ADDRESS = CONFIG.stations
CONTACT = CONFIG.contact

# A provider of payments that moves no money, for trying things out.
TEST_PAYMENTS = CONFIG.test_payments
ANONYMITY_CARDS = CONFIG.anonymity_cards

# Where requests to partners' addresses may go.
PARTNER_DOOR = CONFIG.partner_door

# E-mail: a folder of files until a server is named.
DEFAULT_FROM_EMAIL = SERVER_EMAIL = CONFIG.contact or "viavolta@localhost"
EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
EMAIL_FILE_PATH = CONFIG.data / "outbox"
if CONFIG.smtp:
    _server = urlsplit(CONFIG.smtp)
    EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    EMAIL_HOST = _server.hostname or ""
    EMAIL_PORT = _server.port or 587
    EMAIL_HOST_USER = unquote(_server.username or "")
    EMAIL_HOST_PASSWORD = unquote(_server.password or "")
    EMAIL_USE_SSL = _server.scheme == "smtps"
    EMAIL_USE_TLS = not EMAIL_USE_SSL
    EMAIL_TIMEOUT = 20

LANGUAGE_CODE = "en"
LANGUAGES = [
    ("en", _("English")),
    ("de", _("German")),
    ("fr", _("French")),
    ("it", _("Italian")),
    ("sl", _("Slovenian")),
    ("nl", _("Dutch")),
]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

USE_THOUSAND_SEPARATOR = True
FORMAT_MODULE_PATH = ["viavolta.hub.site.formats"]
LOCALE_PATHS = [CONFIG.assets / "locale"]
FORM_RENDERER = "viavolta.hub.frame.forms.FrameRenderer"

# Files of pages: made ready by `viavolta prepare`, named by their content, kept by browsers.
STATIC_URL = "static/"
STATIC_ROOT = CONFIG.assets / "static"
STATICFILES_DIRS = [("vendor", CONFIG.assets / "vendor")]
# Basemaps: our own, then those of the sample cities.
BASEMAP_FOLDERS = [CONFIG.data / "basemaps", CONFIG.assets / "basemaps"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
MEDIA_ROOT = CONFIG.data / "media"

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = CONFIG.is_https
N_PROXIES = CONFIG.n_proxies
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if N_PROXIES else None
SECURE_SSL_REDIRECT = CONFIG.is_https and N_PROXIES > 0
SECURE_REDIRECT_EXEMPT = [r"^health$"]
SESSION_COOKIE_NAME = "__Host-session" if CONFIG.is_https else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if CONFIG.is_https else "csrf"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "viavolta.hub.site.failures.csrf_failure"
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_SECURE = CONFIG.is_https
SECURE_HSTS_SECONDS = 31_536_000 if CONFIG.is_https else 0
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "img-src": [SELF, "data:", "blob:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "worker-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    },
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 5_000_000
MAX_REQUEST_BYTES = 260_000_000
FILE_UPLOAD_HANDLERS = ["viavolta.hub.frame.upload_limit.LimitedUploadHandler"]
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2_000
DATA_UPLOAD_MAX_NUMBER_FILES = 20
