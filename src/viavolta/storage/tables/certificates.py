"""Who signs the certificates of a tenant's stations."""

from django.db import models
from django.utils import timezone


class StationAuthority(models.Model):
    """An operator's own authority. Its key is in the data folder, in no table.

    `organisation` is the name that stations must give in their requests (O).
    """

    tenant_id = models.BigIntegerField(unique=True)
    organisation = models.CharField(max_length=64)
    certificate = models.TextField()
    made_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.organisation
