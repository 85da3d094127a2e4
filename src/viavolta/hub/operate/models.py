"""What the hub remembers besides the shared tables: commands that must not be asked twice."""

from django.db import models
from django.utils import timezone

from viavolta.hub.people.models import Organisation
from viavolta.storage.tables.stations import Command


class AskedOnce(models.Model):
    """That a program asked for a command under a key of its own: repeats find the same command.

    `digest` is of what was asked, so that the same key with something else is noticed.
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE)
    key = models.CharField(max_length=80)
    digest = models.CharField(max_length=64)
    command = models.ForeignKey(Command, on_delete=models.CASCADE)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("organisation", "key"), name="asked_once"),)

    def __str__(self) -> str:
        return self.key
