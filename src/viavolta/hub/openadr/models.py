"""Clients of our VTN, its objects, what is still to be told to subscribers; VTNs of others."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from viavolta.hub.people.models import Organisation, User
from viavolta.protocols.openadr.objects import Kind, Version

KINDS = [(kind.value, kind.value) for kind in Kind]


class ClientRole(models.TextChoices):
    """What a client of the VTN is, in the words of OpenADR."""

    BL = "BL", _("business logic: writes programmes and events, such as a grid operator")
    VEN = "VEN", _("VEN: reads events and reports, such as a controller of a site")


class Client(models.Model):
    """A program that may speak with an organisation's VTN; of its secret only a hash is kept.

    `sets_prices`: its events' prices count as the organisation's prices of energy.
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE)
    name = models.CharField(_("name"), max_length=80)
    role = models.CharField(_("role"), max_length=3, choices=ClientRole.choices)
    sets_prices = models.BooleanField(_("its prices count"), default=False)
    client_id = models.CharField(max_length=40, unique=True, editable=False)
    secret_hash = models.CharField(max_length=64, editable=False)
    created_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    revoked_at = models.DateTimeField(null=True)
    last_used_on = models.DateField(null=True)

    class Meta:
        ordering = ("-created_at", "-id")

    def __str__(self) -> str:
        return self.name


class VtnObject(models.Model):
    """An object of a VTN: `content` in the form of 3.0.1 without what the VTN writes itself.

    `client` made it, or it belongs to it. `parent` is the programme of an event or a subscription,
    the event of a report, the VEN of a resource. `secrets` holds a subscriber's tokens, sealed.
    `ends_at`: when the last limit or price of an event ends; null where it sets none.
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE)
    client = models.ForeignKey(Client, null=True, on_delete=models.SET_NULL)
    kind = models.CharField(max_length=12, choices=KINDS)
    object_id = models.CharField(max_length=40, unique=True)
    version = models.CharField(max_length=8, choices=[(v.value, v.value) for v in Version])
    name = models.CharField(max_length=128, blank=True)
    parent = models.ForeignKey("self", null=True, on_delete=models.CASCADE, related_name="children")
    content = models.JSONField(default=dict)
    secrets = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    modified_at = models.DateTimeField(default=timezone.now)
    ends_at = models.DateTimeField(null=True, db_index=True)

    class Meta:
        ordering = ("id",)
        indexes = (models.Index(fields=("organisation", "kind", "id"), name="vtn_objects"),)
        constraints = (
            models.UniqueConstraint(
                fields=("organisation", "kind", "name"),
                condition=models.Q(kind__in=("PROGRAM", "VEN")),
                name="one_vtn_name",
            ),
            models.UniqueConstraint(
                fields=("parent", "name"),
                condition=models.Q(kind="RESOURCE"),
                name="one_vtn_resource",
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.object_id}"


class VtnTarget(models.Model):
    """A target of an object, to find it by."""

    owner = models.ForeignKey(VtnObject, on_delete=models.CASCADE, related_name="targets")
    type = models.CharField(max_length=128)
    value = models.CharField(max_length=255, db_index=True)

    def __str__(self) -> str:
        return f"{self.type} {self.value}"


class Notification(models.Model):
    """What a subscriber is still to be told, and how often that was tried."""

    subscription = models.ForeignKey(
        VtnObject, on_delete=models.CASCADE, related_name="notifications"
    )
    callback = models.PositiveSmallIntegerField()
    url = models.CharField(max_length=2000)
    content = models.JSONField()
    tries = models.PositiveSmallIntegerField(default=0)
    made_at = models.DateTimeField(default=timezone.now)
    due_at = models.DateTimeField(default=timezone.now, db_index=True)
    sent_at = models.DateTimeField(null=True)
    given_up_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=255, blank=True)

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.subscription} {self.pk}"


class Connection(models.Model):
    """A VTN of somebody else that an organisation follows as a VEN.

    `programs` are the names that its owner chose, `offered` those that the VTN told last. Events
    whose targets name no limit of the tree are for `limit_id`, or for its top where that is empty.
    `ven_id` is our VEN there, `ven_error` why there is
    none. `secret` and `token` are sealed. `lease_until`: one process at a time looks after it.
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE)
    name = models.CharField(_("name"), max_length=80)
    url = models.URLField(_("address of the VTN"), max_length=500)
    version = models.CharField(
        _("version of OpenADR"),
        max_length=8,
        choices=[(v.value, v.value) for v in Version],
        default=Version.V301.value,
    )
    token_url = models.URLField(_("address for tokens"), max_length=500, blank=True)
    client_id = models.CharField(_("client ID"), max_length=255)
    secret = models.TextField(editable=False)
    ven_name = models.CharField(_("name of our VEN"), max_length=128)
    limit_id = models.CharField(_("limit"), max_length=120, blank=True)
    programs = models.JSONField(default=list)
    offered = models.JSONField(default=list)
    takes_limits = models.BooleanField(_("its limits hold"), default=True)
    takes_prices = models.BooleanField(_("its prices count"), default=False)
    sends_reports = models.BooleanField(_("send the reports that it asks for"), default=True)
    poll_s = models.PositiveIntegerField(_("seconds between looks"), default=30)
    is_on = models.BooleanField(_("follow it"), default=True)
    ven_id = models.CharField(max_length=128, blank=True)
    ven_error = models.CharField(max_length=255, blank=True)
    token = models.TextField(blank=True, editable=False)
    token_until = models.DateTimeField(null=True)
    due_at = models.DateTimeField(default=timezone.now, db_index=True)
    lease_until = models.DateTimeField(null=True)
    looked_at = models.DateTimeField(null=True)
    failures = models.PositiveIntegerField(default=0)
    error = models.CharField(max_length=255, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("name", "id")

    def __str__(self) -> str:
        return self.name


class ForeignEvent(models.Model):
    """An event of a VTN that is followed, as it came.

    `is_out` where the operator opted out, `told_out` what of that the VTN was told last.
    `error` says why it is not followed; `reported` names the reports that were sent for it.
    """

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="events")
    event_id = models.CharField(max_length=128)
    program = models.CharField(max_length=128, blank=True)
    content = models.JSONField()
    received_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True)
    is_out = models.BooleanField(default=False)
    told_out = models.BooleanField(default=False)
    error = models.CharField(max_length=255, blank=True)
    reported = models.JSONField(default=list)

    class Meta:
        ordering = ("-received_at", "-id")
        constraints = (
            models.UniqueConstraint(fields=("connection", "event_id"), name="one_foreign_event"),
        )

    def __str__(self) -> str:
        return f"{self.connection} {self.event_id}"
