"""The day from which growth is measured."""

from django.db import models
from django.utils import timezone

from viavolta.hub.people.models import User


class Baseline(models.Model):
    """A baseline date of the active collaborations; the newest counts, all are kept."""

    on = models.DateField()
    note = models.CharField(max_length=300)
    set_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    set_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("-set_at", "-id")

    def __str__(self) -> str:
        return f"{self.on:%Y-%m-%d}"
