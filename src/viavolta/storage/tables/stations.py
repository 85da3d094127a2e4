"""Charging stations, their sessions, and what was asked of them.

`tenant_id` is the number of the organisation that runs a station; the rows know no more of it, so
that gateway and hub meet here without knowing each other.
"""

from django.db import models
from django.utils import timezone

from viavolta.storage.tables.enrolment import EnrolmentWindow


class Station(models.Model):
    """A charging station.

    `identity` is the last part of the address that it calls, unique over all tenants. `key_hash`
    is a keyed hash of its password, empty where it has none. `security_profile` is the lowest that
    it may connect with. `gateway` names the process that holds its link, empty while there is none.
    `window` is the enrolment window through which it came, if it did. With `wants_key` the gateway
    gives it a new password when it is on the line; `next_key_hash` is the one under way, which
    counts from the first time that the station uses it, and `key_note` says why it got none.
    `next_certificate_sha256` likewise is the certificate that was signed last. `v2g_expires_at` is
    when the certificate ends that it took last to show vehicles.
    """

    class Admission(models.TextChoices):
        """How it stands with its operator, in the words of OCPP."""

        ACCEPTED = "Accepted"
        PENDING = "Pending"
        REJECTED = "Rejected"

    tenant_id = models.BigIntegerField(db_index=True)
    identity = models.CharField(max_length=48, unique=True)
    name = models.CharField(max_length=120, blank=True)
    site = models.CharField(max_length=120, blank=True)
    limit_id = models.CharField(max_length=120, blank=True)
    lat = models.FloatField(null=True, blank=True)
    lon = models.FloatField(null=True, blank=True)
    admission = models.CharField(
        max_length=8, choices=Admission.choices, default=Admission.ACCEPTED
    )
    security_profile = models.PositiveSmallIntegerField(default=1)
    key_hash = models.CharField(max_length=64, blank=True)
    next_key_hash = models.CharField(max_length=64, blank=True)
    wants_key = models.BooleanField(default=False)
    key_note = models.CharField(max_length=120, blank=True)
    window = models.ForeignKey(
        EnrolmentWindow,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="stations",
    )
    certificate_sha256 = models.CharField(max_length=64, blank=True)
    next_certificate_sha256 = models.CharField(max_length=64, blank=True)
    certificate_expires_at = models.DateTimeField(null=True, blank=True)
    v2g_expires_at = models.DateTimeField(null=True, blank=True)
    ocpp_version = models.CharField(max_length=8, blank=True)
    vendor = models.CharField(max_length=50, blank=True)
    model = models.CharField(max_length=50, blank=True)
    serial = models.CharField(max_length=50, blank=True)
    firmware = models.CharField(max_length=50, blank=True)
    gateway = models.CharField(max_length=80, blank=True)
    connected_at = models.DateTimeField(null=True, blank=True, db_index=True)
    heard_at = models.DateTimeField(null=True, blank=True)
    changed_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        ordering = ("identity",)

    def __str__(self) -> str:
        return self.identity


class Outlet(models.Model):
    """A connector of a station, with the state that it told last; connector 0 is the whole EVSE.

    `max_kw` is what it can give at most. `rotation` says which phases of the grid its own L1, L2
    and L3 are, in OCPP's words (RST, STR, TRS, ...). Both are empty where nobody said.
    """

    station = models.ForeignKey(Station, on_delete=models.CASCADE, related_name="outlets")
    evse = models.PositiveIntegerField()
    connector = models.PositiveIntegerField(default=0)
    status = models.CharField(max_length=20)
    error = models.CharField(max_length=50, blank=True)
    status_at = models.DateTimeField()
    max_kw = models.FloatField(null=True, blank=True)
    rotation = models.CharField(max_length=3, blank=True)

    class Meta:
        ordering = ("evse", "connector")
        constraints = (
            models.UniqueConstraint(fields=("station", "evse", "connector"), name="one_outlet"),
        )

    def __str__(self) -> str:
        return f"{self.station} {self.evse}.{self.connector} {self.status}"


class Token(models.Model):
    """A card, contract or other token that may charge at a tenant's stations."""

    tenant_id = models.BigIntegerField(db_index=True)
    token = models.CharField(max_length=255)
    kind = models.CharField(max_length=20, blank=True)
    status = models.CharField(max_length=20, default="Accepted")
    group = models.CharField(max_length=36, blank=True)
    language = models.CharField(max_length=8, blank=True)
    priority = models.SmallIntegerField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    changed_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("tenant_id", "token"), name="one_token"),)

    def __str__(self) -> str:
        return f"token {self.pk}"


class Session(models.Model):
    """A session as far as its events tell it.

    `tail` is what the next event in order adds to without reading the earlier ones; null where
    they must all be read (`services.sessions.tail`).
    """

    station = models.ForeignKey(Station, on_delete=models.PROTECT, related_name="sessions")
    transaction = models.CharField(max_length=36)
    start_key = models.CharField(max_length=64, blank=True)
    evse = models.PositiveIntegerField(null=True, blank=True)
    connector = models.PositiveIntegerField(null=True, blank=True)
    token = models.CharField(max_length=255, blank=True)
    started_at = models.DateTimeField(db_index=True)
    ended_at = models.DateTimeField(null=True, blank=True, db_index=True)
    stop_reason = models.CharField(max_length=40, blank=True)
    energy_wh = models.FloatField(null=True, blank=True)
    discharged_wh = models.FloatField(null=True, blank=True)
    power_w = models.FloatField(null=True, blank=True)
    soc = models.FloatField(null=True, blank=True)
    is_complete = models.BooleanField(default=False)
    missing = models.JSONField(default=list)
    doubts = models.JSONField(default=list)
    tail = models.JSONField(null=True, blank=True)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("-started_at", "-id")
        constraints = (
            models.UniqueConstraint(fields=("station", "transaction"), name="one_session"),
            models.UniqueConstraint(
                fields=("station", "start_key"),
                condition=~models.Q(start_key=""),
                name="one_session_per_start",
            ),
        )

    def __str__(self) -> str:
        return f"{self.station} {self.transaction}"


class SessionEvent(models.Model):
    """An event of a session as it came, once; a different one of the same key counts up."""

    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="events")
    key = models.CharField(max_length=80)
    copy = models.PositiveSmallIntegerField(default=0)
    digest = models.CharField(max_length=64)
    content = models.JSONField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("session", "key", "digest"), name="one_event"),
        )

    def __str__(self) -> str:
        return f"{self.session} {self.key}"


class SessionHour(models.Model):
    """What a session drew and gave back within an hour (kWh), and its highest power (kW).

    Energy between two readings is spread evenly over the time between them.
    """

    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="hours")
    hour = models.DateTimeField(db_index=True)
    energy_kwh = models.FloatField(default=0.0)
    discharged_kwh = models.FloatField(default=0.0)
    max_kw = models.FloatField(null=True, blank=True)

    class Meta:
        ordering = ("hour",)
        constraints = (
            models.UniqueConstraint(fields=("session", "hour"), name="one_session_hour"),
        )

    def __str__(self) -> str:
        return f"{self.session} {self.hour:%F %R} {self.energy_kwh:g} kWh"


class TransactionAlias(models.Model):
    """A second number that a start got, told again after its answer was lost."""

    station = models.ForeignKey(Station, on_delete=models.CASCADE)
    transaction = models.CharField(max_length=36)
    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="aliases")

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("station", "transaction"), name="one_alias"),
        )

    def __str__(self) -> str:
        return f"{self.station} {self.transaction}"


class JournalPosition(models.Model):
    """How far a gateway's journal stands in the tables; what it heard until `reached_at` does."""

    gateway = models.CharField(max_length=80, unique=True)
    segment = models.PositiveIntegerField(default=0)
    offset = models.BigIntegerField(default=0)
    reached_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.gateway} {self.segment}:{self.offset}"


class GatewaySeen(models.Model):
    """When a gateway last said that it lives, which process it is, and what it holds."""

    gateway = models.CharField(max_length=80, unique=True)
    process = models.CharField(max_length=120)
    n_stations = models.PositiveIntegerField(default=0)
    seen_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.gateway


class NumberBlock(models.Model):
    """Transaction numbers of OCPP 1.6 that are given out already; one row."""

    next_number = models.BigIntegerField(default=1)

    def __str__(self) -> str:
        return str(self.next_number)


class CommandState(models.TextChoices):
    """What became of a command."""

    QUEUED = "queued"
    SENT = "sent"
    ANSWERED = "answered"
    REFUSED = "refused"
    MISUNDERSTOOD = "misunderstood"
    TIMED_OUT = "timed-out"
    LOST = "lost"
    EXPIRED = "expired"
    """The station did not connect in time; nothing was sent."""


class Command(models.Model):
    """Something to be asked of a station, and what came of it."""

    station = models.ForeignKey(Station, on_delete=models.CASCADE, related_name="commands")
    action = models.CharField(max_length=40)
    payload = models.JSONField(default=dict)
    asked_by = models.CharField(max_length=80, blank=True)
    state = models.CharField(
        max_length=14, choices=CommandState.choices, default=CommandState.QUEUED
    )
    answer = models.JSONField(null=True, blank=True)
    error = models.CharField(max_length=255, blank=True)
    gateway = models.CharField(max_length=80, blank=True)
    timeout_s = models.PositiveIntegerField(default=30)
    asked_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-id",)
        indexes = (models.Index(fields=("state", "id"), name="command_queue"),)

    def __str__(self) -> str:
        return f"{self.action} {self.station} {self.state}"
