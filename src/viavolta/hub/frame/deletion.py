"""How long what was deleted can be brought back, in all apps alike."""

from datetime import timedelta

KEPT_AFTER_DELETION = timedelta(days=30)
