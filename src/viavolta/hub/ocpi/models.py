"""Partners of roaming, what we publish to them, what they told us, what is still to be said."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from viavolta.hub.people.models import Organisation
from viavolta.storage.tables.billing import Bill, Correction
from viavolta.storage.tables.stations import Command, Session, Station, Token


class Module(models.TextChoices):
    """Modules of OCPI whose objects are kept."""

    LOCATIONS = "locations", _("locations")
    SESSIONS = "sessions", _("sessions")
    CDRS = "cdrs", _("charge detail records")
    TARIFFS = "tariffs", _("tariffs")
    TOKENS = "tokens", _("tokens")


class Party(models.Model):
    """Who an organisation is in roaming: its party, and whether as operator, as issuer, or both."""

    organisation = models.OneToOneField(Organisation, on_delete=models.CASCADE)
    country_code = models.CharField(max_length=2)
    party_id = models.CharField(max_length=3)
    name = models.CharField(max_length=100)
    website = models.URLField(max_length=255, blank=True)
    is_cpo = models.BooleanField(default=True)
    is_emsp = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"{self.country_code}*{self.party_id}"


class Partner(models.Model):
    """Another platform that an organisation roams with.

    `token_hash` is of the token that it calls us with, `token`, sealed, the one that we call it
    with. `endpoints` and `roles` are as it told them last. While `is_suspended` it is to us as if
    unknown, and nothing is sent.
    """

    class State(models.TextChoices):
        """How far it is."""

        INVITED = "invited", _("invited")
        REGISTERED = "registered", _("registered")
        LEFT = "left", _("has left")

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE)
    name = models.CharField(max_length=80)
    state = models.CharField(max_length=10, choices=State.choices, default=State.INVITED)
    is_suspended = models.BooleanField(default=False)
    token_hash = models.CharField(max_length=64, null=True, unique=True, editable=False)  # noqa: DJ001 - unique where there is one
    token = models.TextField(blank=True, editable=False)
    versions_url = models.CharField(max_length=255, blank=True)
    endpoints = models.JSONField(default=list)
    roles = models.JSONField(default=list)
    invited_until = models.DateTimeField(null=True)
    registered_at = models.DateTimeField(null=True)
    heard_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=255, blank=True)
    made_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("name", "id")

    def __str__(self) -> str:
        return self.name

    @property
    def is_active(self) -> bool:
        """Whether objects are exchanged with it."""
        return self.state == self.State.REGISTERED and not self.is_suspended

    @property
    def parties(self) -> str:
        """Its parties with their roles, as people read them."""
        return ", ".join(
            f"{role['country_code']}*{role['party_id']} ({role['role']})" for role in self.roles
        )

    def is_party(self, country_code: object, party_id: object, role: str = "") -> bool:
        """Whether a party is one of its own, in a role if one is given; case does not count."""
        asked = (str(country_code).upper(), str(party_id).upper())
        return any(
            (one["country_code"].upper(), one["party_id"].upper()) == asked
            and role in {"", one["role"]}
            for one in self.roles
        )

    def endpoint(self, module: str, role: str) -> str:
        """The address of a module's interface, empty where it has none."""
        for one in self.endpoints:
            if one["identifier"] == module and one["role"] == role:
                return str(one["url"])
        return ""


class Place(models.Model):
    """What partners must know of a site: its postal address, its time zone.

    `site` is the one of `Station.site`. A site without such a row is not published.
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE)
    site = models.CharField(max_length=120)
    name = models.CharField(max_length=255, blank=True)
    address = models.CharField(max_length=45)
    postal_code = models.CharField(max_length=10, blank=True)
    city = models.CharField(max_length=45)
    country = models.CharField(max_length=2)
    lat = models.FloatField()
    lon = models.FloatField()
    time_zone = models.CharField(max_length=40)
    is_always_open = models.BooleanField(default=True)

    class Meta:
        ordering = ("site",)
        constraints = (
            models.UniqueConstraint(fields=("organisation", "site"), name="one_roaming_place"),
        )

    def __str__(self) -> str:
        return self.site

    @property
    def location_id(self) -> str:
        """Its id on the wire."""
        return f"L{self.pk}"


class Plug(models.Model):
    """What a connector of a station is, in the words of OCPI; `evse` 0: all that have no own."""

    station = models.ForeignKey(Station, on_delete=models.CASCADE, related_name="plugs")
    evse = models.PositiveIntegerField(default=0)
    connector = models.PositiveIntegerField(default=0)
    standard = models.CharField(max_length=40)
    format = models.CharField(max_length=10)
    power_type = models.CharField(max_length=20)
    max_voltage = models.PositiveIntegerField()
    max_amperage = models.PositiveIntegerField()

    class Meta:
        ordering = ("station__identity", "evse", "connector")
        constraints = (
            models.UniqueConstraint(
                fields=("station", "evse", "connector"), name="one_roaming_plug"
            ),
        )

    def __str__(self) -> str:
        return f"{self.station} {self.evse}.{self.connector} {self.standard}"


class OwnObject(models.Model):
    """An object of ours as partners see it; `content` without its own last_updated.

    `partner` alone may see it, all that are registered where it is null. A CDR names the bill or
    the correction that it comes from: each is told once.
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE)
    module = models.CharField(max_length=10, choices=Module.choices)
    object_id = models.CharField(max_length=39)
    partner = models.ForeignKey(Partner, on_delete=models.CASCADE, null=True)
    content = models.JSONField()
    last_updated = models.DateTimeField(db_index=True)
    bill = models.ForeignKey(Bill, on_delete=models.SET_NULL, null=True, related_name="roaming")
    correction = models.ForeignKey(
        Correction, on_delete=models.SET_NULL, null=True, related_name="roaming"
    )

    class Meta:
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(
                fields=("organisation", "module", "object_id"), name="one_own_object"
            ),
        )

    def __str__(self) -> str:
        return f"{self.module} {self.object_id}"


class ForeignObject(models.Model):
    """An object of a partner, as it told it last."""

    partner = models.ForeignKey(Partner, on_delete=models.CASCADE, related_name="objects_told")
    module = models.CharField(max_length=10, choices=Module.choices)
    country_code = models.CharField(max_length=2)
    party_id = models.CharField(max_length=3)
    object_id = models.CharField(max_length=39)
    content = models.JSONField()
    last_updated = models.DateTimeField()
    received_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("module", "object_id")
        constraints = (
            models.UniqueConstraint(
                fields=("partner", "module", "country_code", "party_id", "object_id"),
                name="one_foreign_object",
            ),
        )

    def __str__(self) -> str:
        return f"{self.module} {self.object_id}"


class ForeignToken(models.Model):
    """A token of a partner; `token` is the row by which stations know it, where they may.

    `granted_until`: until then the partner lets it charge by a command, whatever else it says.
    """

    partner = models.ForeignKey(Partner, on_delete=models.CASCADE, related_name="tokens")
    country_code = models.CharField(max_length=2)
    party_id = models.CharField(max_length=3)
    uid = models.CharField(max_length=36, db_index=True)
    kind = models.CharField(max_length=12)
    content = models.JSONField()
    last_updated = models.DateTimeField()
    received_at = models.DateTimeField(default=timezone.now)
    token = models.OneToOneField(Token, on_delete=models.SET_NULL, null=True, related_name="+")
    granted_until = models.DateTimeField(null=True)

    class Meta:
        ordering = ("uid",)
        constraints = (
            models.UniqueConstraint(
                fields=("partner", "country_code", "party_id", "uid", "kind"),
                name="one_foreign_token",
            ),
        )

    def __str__(self) -> str:
        return f"token {self.pk} of {self.partner}"


class Push(models.Model):
    """Something that a partner is still to be told, and how often that was tried.

    `path` follows the address of the receiver's module. `refused_at`: the partner does not want
    it, so that it is not tried again by itself.
    """

    partner = models.ForeignKey(Partner, on_delete=models.CASCADE, related_name="pushes")
    module = models.CharField(max_length=20)
    object_id = models.CharField(max_length=80)
    method = models.CharField(max_length=6)
    path = models.CharField(max_length=255, blank=True)
    content = models.JSONField(null=True)
    request_id = models.CharField(max_length=36)
    tries = models.PositiveIntegerField(default=0)
    made_at = models.DateTimeField(default=timezone.now)
    due_at = models.DateTimeField(default=timezone.now, db_index=True)
    sent_at = models.DateTimeField(null=True)
    refused_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=255, blank=True)

    class Meta:
        ordering = ("id",)
        indexes = (models.Index(fields=("partner", "sent_at", "id"), name="ocpi_pushes"),)

    def __str__(self) -> str:
        return f"{self.method} {self.module} {self.object_id}"


class Pull(models.Model):
    """How far a partner's objects of a module were read; one process at a time holds the lease."""

    partner = models.ForeignKey(Partner, on_delete=models.CASCADE, related_name="pulls")
    module = models.CharField(max_length=10, choices=Module.choices)
    read_until = models.DateTimeField(null=True)
    due_at = models.DateTimeField(default=timezone.now, db_index=True)
    lease_until = models.DateTimeField(null=True)
    looked_at = models.DateTimeField(null=True)
    failures = models.PositiveIntegerField(default=0)
    n_objects = models.PositiveIntegerField(default=0)
    error = models.CharField(max_length=255, blank=True)

    class Meta:
        ordering = ("module",)
        constraints = (models.UniqueConstraint(fields=("partner", "module"), name="one_pull"),)

    def __str__(self) -> str:
        return f"{self.partner} {self.module}"


class PartnerCommand(models.Model):
    """A command of a partner to one of our stations, whose result it is still to be told.

    `kind` is a word of OCPI's CommandType, or of `profiles.Ask`. `reservation` is the number of a
    reservation at the station, `session` the one that a START_SESSION led to.
    """

    partner = models.ForeignKey(Partner, on_delete=models.CASCADE, related_name="commands")
    kind = models.CharField(max_length=24)
    response_url = models.CharField(max_length=255)
    command = models.OneToOneField(
        Command, on_delete=models.SET_NULL, null=True, related_name="roaming"
    )
    station = models.ForeignKey(Station, on_delete=models.CASCADE, related_name="+")
    token = models.ForeignKey(ForeignToken, on_delete=models.SET_NULL, null=True)
    session = models.ForeignKey(Session, on_delete=models.SET_NULL, null=True, related_name="+")
    reservation_id = models.CharField(max_length=36, blank=True)
    reservation = models.BigIntegerField(null=True)
    authorization_reference = models.CharField(max_length=36, blank=True)
    asked_at = models.DateTimeField(default=timezone.now)
    result = models.CharField(max_length=24, blank=True)
    told_at = models.DateTimeField(null=True, db_index=True)

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.kind} {self.station}"


class Exchange(models.Model):
    """A request between a partner and us, as its page shows it: no content, no token."""

    partner = models.ForeignKey(Partner, on_delete=models.CASCADE, related_name="exchanges")
    at = models.DateTimeField(default=timezone.now, db_index=True)
    is_ours = models.BooleanField()
    method = models.CharField(max_length=6)
    what = models.CharField(max_length=120)
    http_status = models.PositiveSmallIntegerField(null=True)
    status = models.PositiveSmallIntegerField(null=True)
    request_id = models.CharField(max_length=64, blank=True)
    error = models.CharField(max_length=255, blank=True)

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.method} {self.what}"
