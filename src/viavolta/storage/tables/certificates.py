"""Who signs the certificates of a tenant's stations, whom it trusts, who issues contracts."""

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


class V2GAuthorityRow(models.Model):
    """An operator's authority for what stations show vehicles: its root, and the one below it.

    Their keys are in the data folder, in no table.
    """

    tenant_id = models.BigIntegerField(unique=True)
    organisation = models.CharField(max_length=64)
    root = models.TextField()
    certificate = models.TextField()
    made_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.organisation


class TrustedCertificate(models.Model):
    """A certificate that an operator trusts when contract certificates are judged."""

    class Kind(models.TextChoices):
        """Roots are trusted; what is below them only helps to find the way to one."""

        MO_ROOT = "mo-root"
        V2G_ROOT = "v2g-root"
        BELOW = "below"

    tenant_id = models.BigIntegerField(db_index=True)
    kind = models.CharField(max_length=10, choices=Kind)
    name = models.CharField(max_length=300)
    sha256 = models.CharField(max_length=64)
    certificate = models.TextField()
    expires_at = models.DateTimeField()
    added_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("tenant_id", "sha256"), name="trusted_once"),
        )

    def __str__(self) -> str:
        return self.name


class ContractPool(models.Model):
    """Where an operator asks for contract certificates of vehicles; the token is sealed."""

    tenant_id = models.BigIntegerField(unique=True)
    url = models.CharField(max_length=2000)
    sealed_token = models.TextField(blank=True)
    changed_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.url
