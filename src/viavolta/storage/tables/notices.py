"""What stations tell besides sessions and states: reports, events, messages, logs, streams."""

from django.db import models

from viavolta.storage.tables.stations import Station


class Notice(models.Model):
    """One message of a station as it came.

    `request_id` is the number under which a report was asked for, where it has one; a long report
    comes in several notices of one number.
    """

    station = models.ForeignKey(Station, on_delete=models.CASCADE, related_name="notices")
    action = models.CharField(max_length=40)
    request_id = models.BigIntegerField(null=True, blank=True)
    received_at = models.DateTimeField(db_index=True)
    payload = models.JSONField(default=dict)

    class Meta:
        ordering = ("-id",)
        indexes = (models.Index(fields=("station", "action", "id"), name="notices_of_station"),)

    def __str__(self) -> str:
        return f"{self.station} {self.action} {self.received_at:%F %R}"
