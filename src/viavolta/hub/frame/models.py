"""The record of what people did."""

from django.conf import settings
from django.db import models


class Event(models.Model):
    """One thing somebody did; never changed, never deleted by the product.

    `organisation_id` and the subject are plain identifiers, so that the record outlives them and
    the frame knows no other app. When a person asks to be erased, `actor` becomes null.
    """

    at = models.DateTimeField(db_index=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    organisation_id = models.BigIntegerField(null=True, db_index=True)
    verb = models.CharField(max_length=60, db_index=True)
    subject_kind = models.CharField(max_length=60, blank=True)
    subject_id = models.CharField(max_length=60, blank=True)
    detail = models.JSONField(default=dict)

    class Meta:
        ordering = ("-at", "-id")
        indexes = (models.Index(fields=("subject_kind", "subject_id"), name="event_subject"),)

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.verb} {self.subject_kind} {self.subject_id}"


class CacheEntry(models.Model):
    """The table of Django's database cache: what every process must see, such as sign-in limits."""

    cache_key = models.CharField(max_length=255, primary_key=True)
    value = models.TextField()
    expires = models.DateTimeField(db_index=True)

    class Meta:
        db_table = "hub_cache"

    def __str__(self) -> str:
        return self.cache_key
