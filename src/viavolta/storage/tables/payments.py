"""Payments at the station: QR codes that change, and what payment terminals settle."""

from django.db import models
from django.utils import timezone

from viavolta.storage.tables.stations import Command, Station


class StationCode(models.Model):
    """QR codes that change at a station (OCPP 2.1 C25): whoever starts must have scanned one.

    `secret` is sealed with the key of the data folder. `command` is what told the station; with
    `is_set` it has taken everything, else `note` says what it answered.
    """

    station = models.OneToOneField(Station, on_delete=models.CASCADE, related_name="changing_code")
    secret = models.TextField()
    validity_s = models.PositiveIntegerField(default=60)
    length = models.PositiveSmallIntegerField(default=12)
    command = models.ForeignKey(Command, on_delete=models.SET_NULL, null=True, blank=True)
    is_set = models.BooleanField(default=False)
    note = models.CharField(max_length=120, blank=True)
    made_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"code of {self.station}"
