"""Statistics that were published: once a month, and never counted again.

What was withheld is not stored. Counting again after late news would let the difference of two
versions tell of single sessions.
"""

from django.db import models
from django.utils import timezone


class PublishedMonth(models.Model):
    """The statistics of a tenant's month, or of the whole hub's (`tenant_id` 0).

    `cells` are area and figures as `services.statistics.anonymity.Figures` has them, `total` the
    figures of all that is published; `withheld` is the number of areas that stand in neither.
    `k` is how many cards each cell has at least.
    """

    tenant_id = models.BigIntegerField()
    month = models.DateField()
    k = models.PositiveIntegerField()
    cells = models.JSONField(default=list)
    total = models.JSONField(default=dict)
    withheld = models.PositiveIntegerField(default=0)
    made_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("-month",)
        constraints = (
            models.UniqueConstraint(fields=("tenant_id", "month"), name="one_published_month"),
        )

    def __str__(self) -> str:
        return f"{self.tenant_id} {self.month:%Y-%m}"
