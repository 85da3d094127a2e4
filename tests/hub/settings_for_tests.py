"""The hub's settings with a data folder of its own, and SQLite in memory unless told otherwise."""

import os
import tempfile
from pathlib import Path

os.environ["VIAVOLTA_DATA"] = tempfile.mkdtemp(prefix="viavolta-tests-")
os.environ.setdefault("DATABASE_URL", "sqlite://:memory:")

from viavolta.hub.site.settings import *  # noqa: F403 - the settings, in their new place

EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
STATIC_ROOT = Path(tempfile.mkdtemp(prefix="viavolta-static-"))
WHITENOISE_USE_FINDERS = True
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
API_RATE_PER_MINUTE = API_RATE_PER_MINUTE_UNKNOWN = 1_000_000
VISITOR_LOOKS_PER_MINUTE = VISITOR_CHANGES_PER_MINUTE = 1_000_000
