"""Money and drivers: tariffs, bills, payments, what a driver prefers.

`tenant_id` is the number of the organisation that runs the stations, as in `stations`. Secrets of
drivers are kept as hashes alone.
"""

from django.db import models
from django.utils import timezone

from viavolta.services.billing.payment import PaymentMode, PaymentState
from viavolta.services.billing.terminals import Terminals
from viavolta.storage.tables.live import Wish
from viavolta.storage.tables.stations import Session, Station


class ChargingTerms(models.Model):
    """On what terms a tenant lets people charge, and how long it keeps what.

    `keep_visits_days` and `keep_cards_days` are how long after its end a session can be traced to
    the phone that started it, and to the card or contract; `honours_preferences`: whether wishes
    kept elsewhere count at its stations; `terminals`: whether payments at terminals are taken, and
    who settles them, `receipts_at` the address at which their receipts are;
    `publishes_statistics`: whether anonymous ones are public.
    """

    tenant_id = models.BigIntegerField(unique=True)
    zone = models.CharField(max_length=40, default="Europe/Brussels")
    payment = models.CharField(
        max_length=8,
        choices=[(mode.value, mode.value) for mode in PaymentMode],
        default=PaymentMode.FREE.value,
    )
    takes_visitors = models.BooleanField(default=True)
    honours_preferences = models.BooleanField(default=True)
    terminals = models.CharField(
        max_length=8,
        choices=[(who.value, who.value) for who in Terminals],
        default=Terminals.NONE.value,
    )
    receipts_at = models.CharField(max_length=200, blank=True)
    publishes_statistics = models.BooleanField(default=False)
    keep_visits_days = models.PositiveIntegerField(default=90)
    keep_preferences_days = models.PositiveIntegerField(default=365)
    keep_cards_days = models.PositiveIntegerField(default=730)
    keep_bills_years = models.PositiveIntegerField(default=10)

    def __str__(self) -> str:
        return f"terms of {self.tenant_id}"


class Tariff(models.Model):
    """A version of a tariff, from a moment on; never changed, only followed by the next.

    `site` is the one it is for, empty for all without their own. `content` as
    `services.billing.tariff.content_of` writes it.
    """

    tenant_id = models.BigIntegerField()
    site = models.CharField(max_length=120, blank=True)
    version = models.PositiveIntegerField()
    valid_from = models.DateTimeField()
    content = models.JSONField()
    made_at = models.DateTimeField(default=timezone.now)
    made_by = models.CharField(max_length=80, blank=True)

    class Meta:
        ordering = ("site", "-version")
        constraints = (
            models.UniqueConstraint(
                fields=("tenant_id", "site", "version"), name="one_tariff_version"
            ),
        )

    def __str__(self) -> str:
        return f"{self.site or self.tenant_id} {self.version}"


class BillNumber(models.Model):
    """The next number of a tenant's bills: without gaps."""

    tenant_id = models.BigIntegerField(unique=True)
    next_number = models.BigIntegerField(default=1)

    def __str__(self) -> str:
        return f"{self.tenant_id} {self.next_number}"


class Charge(models.Model):
    """The figures of a bill or of a correction; amounts in cents, tax included.

    `lines` are component, quantity and cents, as shown, `reward_lines` what was earned, quantity
    and cents; `doubts` what the events of the session left open. `flexible_wh` and `flexible_s` are
    what was charged, and how long it was plugged in, while the driver left the power to the plan.
    """

    made_at = models.DateTimeField(default=timezone.now, db_index=True)
    lines = models.JSONField(default=list)
    energy_wh = models.FloatField(default=0.0)
    discharged_wh = models.FloatField(default=0.0)
    cents = models.BigIntegerField(default=0)
    vat_cents = models.BigIntegerField(default=0)
    reward_cents = models.BigIntegerField(default=0)
    reward_lines = models.JSONField(default=list)
    flexible_wh = models.FloatField(default=0.0)
    flexible_s = models.PositiveIntegerField(default=0)
    doubts = models.JSONField(default=list)

    class Meta:
        abstract = True


class Bill(Charge):
    """What a session cost when it was closed: one per session, never changed."""

    session = models.OneToOneField(Session, on_delete=models.PROTECT, related_name="bill")
    tenant_id = models.BigIntegerField()
    number = models.BigIntegerField()
    tariff = models.ForeignKey(Tariff, on_delete=models.PROTECT, null=True, blank=True)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField()
    looked_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("-number",)
        constraints = (
            models.UniqueConstraint(fields=("tenant_id", "number"), name="one_bill_number"),
        )

    def __str__(self) -> str:
        return f"bill {self.tenant_id}-{self.number}"


class Correction(Charge):
    """New figures of a bill after late news of its session; the difference is a credit note.

    `credit_cents` is what the driver gets back, less than 0 where more is due.
    """

    bill = models.ForeignKey(Bill, on_delete=models.PROTECT, related_name="corrections")
    number = models.BigIntegerField()
    credit_cents = models.BigIntegerField()

    class Meta:
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(fields=("bill", "number"), name="one_correction_number"),
        )

    def __str__(self) -> str:
        return f"{self.bill} corrected by {self.number}"


class Payment(models.Model):
    """The money of a bill or of one of its corrections; each is taken or given back once."""

    bill = models.ForeignKey(Bill, on_delete=models.PROTECT, related_name="payments")
    correction = models.OneToOneField(
        Correction, on_delete=models.PROTECT, null=True, blank=True, related_name="payment"
    )
    mode = models.CharField(max_length=8)
    state = models.CharField(
        max_length=14, choices=[(state.value, state.value) for state in PaymentState]
    )
    cents = models.BigIntegerField()
    reference = models.CharField(max_length=80, blank=True)
    made_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("bill",),
                condition=models.Q(correction=None),
                name="one_payment_per_bill",
            ),
        )

    def __str__(self) -> str:
        return f"{self.bill} {self.state}"


class Visit(models.Model):
    """A session that somebody without an account started, or is about to start, from a phone.

    `key_hash` is of the secret that her browser holds; `token` the one-time token of the session.
    """

    key_hash = models.CharField(max_length=64, db_index=True)
    station = models.ForeignKey(Station, on_delete=models.CASCADE, related_name="visits")
    evse = models.PositiveIntegerField()
    token = models.CharField(max_length=36, unique=True)
    session = models.OneToOneField(
        Session, on_delete=models.SET_NULL, null=True, blank=True, related_name="visit"
    )
    made_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"visit {self.pk}"


class DriverPreference(models.Model):
    """What a driver usually wants, kept under the secret of her phone, and for her card if any.

    `ready_min` are minutes of the local day. `token` with `issuer_id`, the tenant that issued it:
    where it begins a session at a station of a tenant that honours preferences, they count.
    """

    key_hash = models.CharField(max_length=64, unique=True)
    token = models.CharField(max_length=255, blank=True)
    issuer_id = models.BigIntegerField(null=True, blank=True)
    ready_min = models.PositiveIntegerField(null=True, blank=True)
    target_soc = models.FloatField(null=True, blank=True)
    min_soc = models.FloatField(null=True, blank=True)
    capacity_kwh = models.FloatField(null=True, blank=True)
    mode = models.CharField(max_length=8, choices=Wish.Mode.choices, default=Wish.Mode.SMART)
    may_discharge = models.BooleanField(default=False)
    used_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("issuer_id", "token"),
                condition=~models.Q(token=""),
                name="one_preference_per_token",
            ),
        )

    def __str__(self) -> str:
        return f"preference {self.pk}"

    @property
    def ready_clock(self) -> str:
        """`ready_min` as clocks show it; empty for none."""
        minute = self.ready_min
        return "" if minute is None else f"{minute // 60:02}:{minute % 60:02}"


class CardLink(models.Model):
    """A letter to the holder of a card: who opens it first ties the card to her phone."""

    tenant_id = models.BigIntegerField(db_index=True)
    token = models.CharField(max_length=255)
    secret_hash = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"link {self.pk}"


class MeterKey(models.Model):
    """The public key of the meter of an EVSE, from whoever vouches for it (DER, hexadecimal)."""

    station = models.ForeignKey(Station, on_delete=models.CASCADE, related_name="meter_keys")
    evse = models.PositiveIntegerField()
    public_key = models.TextField(max_length=2000)
    source = models.CharField(max_length=200)
    added_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("station", "evse"), name="one_meter_key"),)

    def __str__(self) -> str:
        return f"key of {self.station} {self.evse}"
