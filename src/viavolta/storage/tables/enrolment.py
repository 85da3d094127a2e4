"""Windows in which a tenant takes in stations that it did not know before."""

from django.db import models
from django.utils import timezone


class EnrolmentWindow(models.Model):
    """An address with a token that unknown stations may call for a while.

    The token itself is shown once and kept as its SHA-256 alone. `capacity` is how many stations
    may wait in the inbox at once. A window that was closed early ends when it was closed.
    """

    tenant_id = models.BigIntegerField(db_index=True)
    token_hash = models.CharField(max_length=64, unique=True)
    opens_at = models.DateTimeField(default=timezone.now)
    ends_at = models.DateTimeField()
    capacity = models.PositiveSmallIntegerField(default=50)
    opened_by = models.CharField(max_length=80, blank=True)

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.tenant_id} {self.opens_at:%F %R}"
