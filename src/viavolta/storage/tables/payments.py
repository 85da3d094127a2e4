"""Payments at the station: QR codes that change, and what payment terminals settle."""

from django.db import models
from django.utils import timezone

from viavolta.services.billing.terminals import TerminalState
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


class TerminalPayment(models.Model):
    """A payment at a terminal (OCPP 2.1 C18 to C24); `psp_ref` is the reference of its provider.

    `transaction` is the station's number, empty until there is one. Amounts in cents, tax included:
    what was held, and what was settled or was to be. With `has_conflict` a second settlement of
    another amount was told, which does not count.
    """

    station = models.ForeignKey(Station, on_delete=models.CASCADE, related_name="terminal_payments")
    psp_ref = models.CharField(max_length=255)
    transaction = models.CharField(max_length=36, blank=True)
    card = models.CharField(max_length=8, blank=True)
    state = models.CharField(
        max_length=10,
        choices=[(state.value, state.value) for state in TerminalState],
        default=TerminalState.AUTHORISED.value,
    )
    authorised_cents = models.BigIntegerField(null=True, blank=True)
    settled_cents = models.BigIntegerField(null=True, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)
    info = models.CharField(max_length=500, blank=True)
    receipt_id = models.CharField(max_length=50, blank=True, db_index=True)
    receipt_url = models.CharField(max_length=2000, blank=True)
    vat_number = models.CharField(max_length=20, blank=True)
    vat_company = models.JSONField(default=dict)
    has_conflict = models.BooleanField(default=False)
    told_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        indexes = (models.Index(fields=("station", "transaction"), name="payment_of_session"),)
        constraints = (
            models.UniqueConstraint(fields=("station", "psp_ref"), name="one_terminal_payment"),
        )

    def __str__(self) -> str:
        return f"payment {self.pk} {self.state}"
