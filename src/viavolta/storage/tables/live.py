"""What smart charging goes by and what it decided: limits, prices, needs, wishes, orders.

`tenant_id` is the number of the organisation that runs the stations, as in `stations`.
"""

from django.db import models
from django.utils import timezone

from viavolta.storage.tables.stations import Command, Session, Station


class SiteLimit(models.Model):
    """A limit of power that stations share: site < transformer < feeder.

    `import_kw` and `export_kw` hold whatever else is said; None where nothing limits.
    `fuse_a` limits the current of each phase (A). `base_load_kw` is what else draws there by the
    last reading of a meter, as told at `base_load_at`.
    """

    tenant_id = models.BigIntegerField(db_index=True)
    limit_id = models.CharField(max_length=120)
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True)
    name = models.CharField(max_length=120, blank=True)
    import_kw = models.FloatField(null=True, blank=True)
    export_kw = models.FloatField(null=True, blank=True)
    fuse_a = models.FloatField(null=True, blank=True)
    base_load_kw = models.FloatField(default=0.0)
    base_load_at = models.DateTimeField(null=True, blank=True)
    lat = models.FloatField(null=True, blank=True)
    lon = models.FloatField(null=True, blank=True)
    changed_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        ordering = ("limit_id",)
        constraints = (
            models.UniqueConstraint(fields=("tenant_id", "limit_id"), name="one_site_limit"),
        )

    def __str__(self) -> str:
        return self.limit_id


class LimitChange(models.Model):
    """A limit for a while, from whoever may set it; the smallest of all in force counts.

    `reference` names what it came from: an event, a contract, a study. `is_withdrawn` keeps the
    row: what once limited charging can be looked up.
    """

    class Source(models.TextChoices):
        """Who set it."""

        OPERATOR = "operator"
        CONTRACT = "contract"
        GRID_STUDY = "grid-study"
        OPENADR = "openadr"
        OCPP = "ocpp"
        METER = "meter"

    limit = models.ForeignKey(SiteLimit, on_delete=models.CASCADE, related_name="changes")
    import_kw = models.FloatField(null=True, blank=True)
    export_kw = models.FloatField(null=True, blank=True)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)
    source = models.CharField(max_length=12, choices=Source.choices)
    reference = models.CharField(max_length=255, blank=True)
    asked_by = models.CharField(max_length=80, blank=True)
    is_withdrawn = models.BooleanField(default=False)
    changed_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        ordering = ("starts_at", "id")

    def __str__(self) -> str:
        return f"{self.limit} {self.source}"


class EnergyPrice(models.Model):
    """What energy is worth at a tenant's sites from a moment on, until the next row (EUR/kWh)."""

    tenant_id = models.BigIntegerField()
    starts_at = models.DateTimeField()
    buy_eur_per_kwh = models.FloatField()
    sell_eur_per_kwh = models.FloatField()
    co2_g_per_kwh = models.FloatField(null=True, blank=True)
    source = models.CharField(max_length=120, blank=True)

    class Meta:
        ordering = ("starts_at",)
        constraints = (
            models.UniqueConstraint(fields=("tenant_id", "starts_at"), name="one_energy_price"),
        )

    def __str__(self) -> str:
        return f"{self.starts_at:%F %R} {self.buy_eur_per_kwh}"


class VehicleNeeds(models.Model):
    """What a vehicle itself said of its needs (OCPP 2.x NotifyEVChargingNeeds, ISO 15118).

    Energies in kWh into the battery, powers in kW at the plug; None where it did not say.
    `content` is the message as it came.
    """

    station = models.ForeignKey(Station, on_delete=models.CASCADE, related_name="needs")
    evse = models.PositiveIntegerField()
    told_at = models.DateTimeField(db_index=True)
    departure_at = models.DateTimeField(null=True, blank=True)
    energy_kwh = models.FloatField(null=True, blank=True)
    min_energy_kwh = models.FloatField(null=True, blank=True)
    max_kw = models.FloatField(null=True, blank=True)
    min_kw = models.FloatField(null=True, blank=True)
    max_discharge_kw = models.FloatField(null=True, blank=True)
    capacity_kwh = models.FloatField(null=True, blank=True)
    soc = models.FloatField(null=True, blank=True)
    content = models.JSONField(default=dict)

    class Meta:
        ordering = ("-told_at",)

    def __str__(self) -> str:
        return f"{self.station} {self.evse} {self.told_at:%F %R}"


class Wish(models.Model):
    """What a driver or a fleet wants of a session; the newest that is not withdrawn counts.

    It may be given before the session begins: then it holds for the next one at that EVSE.
    `target_soc` and `min_soc` are shares 0..1; `energy_kwh` stands for them where the battery is
    not known. `min_soc` is kept whatever is cheap. Charging ends at `most_cents` (tax included),
    `most_kwh` or `most_min` after its start, whichever comes first. `promised_at` is when the last
    plan serves it; `is_kept` is told when the session has ended.
    """

    class Mode(models.TextChoices):
        """Cheap hours, or at once."""

        SMART = "smart"
        NOW = "now"

    class Giver(models.TextChoices):
        """Who gave it."""

        DRIVER = "driver"
        PREFERENCE = "preference"
        FLEET = "fleet"
        PARTNER = "partner"

    tenant_id = models.BigIntegerField(db_index=True)
    station = models.ForeignKey(Station, on_delete=models.CASCADE, related_name="wishes")
    evse = models.PositiveIntegerField()
    session = models.ForeignKey(
        Session, on_delete=models.CASCADE, null=True, blank=True, related_name="wishes"
    )
    token = models.CharField(max_length=255, blank=True)
    ready_at = models.DateTimeField(null=True, blank=True)
    energy_kwh = models.FloatField(null=True, blank=True)
    target_soc = models.FloatField(null=True, blank=True)
    min_soc = models.FloatField(null=True, blank=True)
    capacity_kwh = models.FloatField(null=True, blank=True)
    soc_arrival = models.FloatField(null=True, blank=True)
    most_cents = models.PositiveIntegerField(null=True, blank=True)
    most_kwh = models.FloatField(null=True, blank=True)
    most_min = models.PositiveIntegerField(null=True, blank=True)
    mode = models.CharField(max_length=8, choices=Mode.choices, default=Mode.SMART)
    may_discharge = models.BooleanField(default=False)
    is_boosted = models.BooleanField(default=False)
    has_priority = models.BooleanField(default=False)
    given_by = models.CharField(max_length=12, choices=Giver.choices, default=Giver.DRIVER)
    given_at = models.DateTimeField(default=timezone.now, db_index=True)
    is_withdrawn = models.BooleanField(default=False)
    promised_at = models.DateTimeField(null=True, blank=True)
    is_kept = models.BooleanField(null=True, blank=True)

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.station} {self.evse} {self.mode}"


class Order(models.Model):
    """What the last plan gives a session, and why.

    `why` is a word of `services.live.orders.Why`; `plan` the powers from `planned_at` on: pairs of
    a time (ISO 8601, UTC) and kW, each until the next. `command` is what told the station, and
    `is_taken` whether it took it: what a station does by itself counts as a load, not as a plan.
    `departure_source` is a word of `services.live.departure.Source`; where it is a forecast, four
    of five vehicles leave between `leaves_from_at` and `leaves_until_at`. `share` is the part of
    the need that the rule of fairness gives where limits do not leave all of it.
    """

    session = models.OneToOneField(Session, on_delete=models.CASCADE, related_name="order")
    planned_at = models.DateTimeField(db_index=True)
    power_kw = models.FloatField()
    why = models.CharField(max_length=20)
    limit_id = models.CharField(max_length=120, blank=True)
    until_at = models.DateTimeField(null=True, blank=True)
    served_at = models.DateTimeField(null=True, blank=True)
    missing_kwh = models.FloatField(default=0.0)
    departure_at = models.DateTimeField()
    departure_source = models.CharField(max_length=20)
    leaves_from_at = models.DateTimeField(null=True, blank=True)
    leaves_until_at = models.DateTimeField(null=True, blank=True)
    share = models.FloatField(default=1.0)
    is_taken = models.BooleanField(default=True)
    energy_kwh = models.FloatField()
    plan = models.JSONField(default=list)
    command = models.ForeignKey(Command, on_delete=models.SET_NULL, null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.session} {self.power_kw:g} kW {self.why}"


class PlannedHour(models.Model):
    """The plan of a day as it was made first, beside which lies what happened (kWh per hour)."""

    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="planned_hours")
    hour = models.DateTimeField()
    energy_kwh = models.FloatField()

    class Meta:
        ordering = ("hour",)
        constraints = (
            models.UniqueConstraint(fields=("session", "hour"), name="one_planned_hour"),
        )

    def __str__(self) -> str:
        return f"{self.session} {self.hour:%F %R} {self.energy_kwh:g} kWh"


class ControlLease(models.Model):
    """Which process plans the sessions of a tenant, and until when unless it says so again.

    `planned_at` is when it made the last plan, of `n_sessions`, with the proven `gap` to the best
    one; `trouble` what keeps it from planning, empty while nothing does.
    """

    tenant_id = models.BigIntegerField(unique=True)
    holder = models.CharField(max_length=120)
    until = models.DateTimeField()
    planned_at = models.DateTimeField(null=True, blank=True)
    n_sessions = models.PositiveIntegerField(default=0)
    gap = models.FloatField(null=True, blank=True)
    trouble = models.CharField(max_length=300, blank=True)
    troubled_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.tenant_id} {self.holder}"
