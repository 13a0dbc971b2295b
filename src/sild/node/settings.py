"""Django's settings, derived from the node's `Config`; nothing here is meant to be edited by an operator."""

from __future__ import annotations

import secrets
from importlib.util import find_spec
from pathlib import Path

from django.utils.translation import gettext_lazy as _

from sild.node import config as node_config
from sild.node.logs import logging_settings

CONFIG = node_config.load()
BASE = Path(__file__).parent

# Without a home there is nothing to sign in to: a key made for this process is enough for its commands.
SECRET_KEY = CONFIG.secret_key or secrets.token_urlsafe(50)
DEBUG = False
ALLOWED_HOSTS = list(CONFIG.allowed_hosts)

INSTALLED_APPS = [
    "sild.node",  # first, so that its templates come before those of the libraries
    "sild.analyst",
    "sild.exchange",
    "sild.people",
    "sild.plan",
    "sild.sandbox",
    "sild.threats",
    "sild.node.apps.NodeAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    *(["allauth.socialaccount.providers.openid_connect"] if CONFIG.oidc_issuer else []),
    "django_tasks",
    "django_tasks_db",
    "rules",
]

MIDDLEWARE = [
    "sild.node.metrics.MetricsMiddleware",
    "sild.node.security.SecurityHeadersMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "sild.people.middleware.ActorMiddleware",
    "sild.node.problems.ProblemMiddleware",
]

ROOT_URLCONF = "sild.node.urls"
ASGI_APPLICATION = "sild.node.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "sild.node.context.frame",
            ]
        },
    }
]

DATABASES = {"default": node_config.database(CONFIG)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "people.Person"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
VALIDATION = "django.contrib.auth.password_validation"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"{VALIDATION}.UserAttributeSimilarityValidator"},
    {"NAME": f"{VALIDATION}.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": f"{VALIDATION}.CommonPasswordValidator"},
]
# Argon2 where its library is installed, else the default of Django, PBKDF2.
PASSWORD_HASHERS = [
    *(["django.contrib.auth.hashers.Argon2PasswordHasher"] if find_spec("argon2") else []),
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "node:home"
FORM_RENDERER = "sild.node.forms.Renderer"
CSRF_FAILURE_VIEW = "sild.node.problems.csrf_failure"

ACCOUNT_ADAPTER = "sild.node.accounts.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
# Behind a proxy that speaks HTTPS, attempts are counted by the address that the proxy saw.
ALLAUTH_TRUSTED_PROXY_COUNT = 1 if CONFIG.pages_https else 0
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = CONFIG.title or CONFIG.node
# Browsers allow passkeys without HTTPS on localhost alone.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not CONFIG.pages_https
SOCIALACCOUNT_ADAPTER = "sild.node.accounts.ProviderAdapter"
SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": node_config.identity_providers(CONFIG)}}
# The agency's own identity provider vouches for its addresses; nobody else's is ever configured.
SOCIALACCOUNT_EMAIL_AUTHENTICATION = SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True

TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}

LANGUAGE_CODE = CONFIG.language
LANGUAGES = [("en", _("English")), ("et", _("Estonian")), ("uk", _("Ukrainian"))]
USE_I18N = True
FORMAT_MODULE_PATH = "sild.node.formats"
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SECURE_HSTS_SECONDS = 31_536_000 if CONFIG.pages_https else 0
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = CONFIG.pages_https
SESSION_COOKIE_AGE = 12 * 60 * 60  # seconds: a working day
LANGUAGE_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if CONFIG.pages_https else None

LOGGING_CONFIG = "sild.node.logs.configure"
LOGGING = logging_settings(CONFIG.log_format)
