"""Organisations that work together, their projects and what they write to each other."""

from django.core.validators import MinValueValidator
from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from viavolta.hub.collaborate.models.contacts import ContactRequest
from viavolta.hub.collaborate.words import SEGMENTS
from viavolta.hub.frame.versions import Versioned
from viavolta.hub.people.models import Organisation, User


class CollaborationState(models.TextChoices):
    """Where a collaboration stands."""

    FORMING = "forming", _("forming")
    RUNNING = "running", _("running")
    FINISHED = "finished", _("finished")


class Collaboration(Versioned):
    """Organisations that work together; everybody sees who and on what, members the messages."""

    title = models.CharField(max_length=160)
    slug = models.SlugField(max_length=180, unique=True)
    segment = models.CharField(max_length=20, choices=SEGMENTS, db_index=True)
    state = models.CharField(
        max_length=8,
        choices=CollaborationState.choices,
        default=CollaborationState.FORMING,
    )
    about = models.TextField(max_length=8000, blank=True)
    contact = models.ForeignKey(
        ContactRequest, null=True, blank=True, on_delete=models.SET_NULL, related_name="led_to"
    )
    organisations: "models.ManyToManyField[Organisation, Partner]" = models.ManyToManyField(
        Organisation, through="Partner", related_name="collaborations"
    )
    is_sample = models.BooleanField(default=False)
    hidden = models.BooleanField(default=False)
    created_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("-created_at", "-id")

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        """Its page."""
        return reverse("collaboration", args=(self.slug,))


class PartnerState(models.TextChoices):
    """Whether an organisation takes part."""

    INVITED = "invited", _("invited")
    MEMBER = "member", _("member")
    DECLINED = "declined", _("declined")
    LEFT = "left", _("left")


class Partner(models.Model):
    """An organisation in a collaboration; the lead edits it and invites."""

    collaboration = models.ForeignKey(
        Collaboration, on_delete=models.CASCADE, related_name="partners"
    )
    organisation = models.ForeignKey(
        Organisation, on_delete=models.CASCADE, related_name="partnerships"
    )
    is_lead = models.BooleanField(default=False)
    state = models.CharField(
        max_length=8, choices=PartnerState.choices, default=PartnerState.INVITED
    )
    since = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("-is_lead", "since", "id")
        constraints = (
            models.UniqueConstraint(
                fields=("collaboration", "organisation"), name="one_place_per_partner"
            ),
        )

    def __str__(self) -> str:
        return f"{self.organisation} {self.state} {self.collaboration}"


class Project(Versioned):
    """A funded or own project that came out of a collaboration."""

    collaboration = models.ForeignKey(
        Collaboration, on_delete=models.CASCADE, related_name="projects"
    )
    title = models.CharField(max_length=160)
    about = models.TextField(max_length=8000, blank=True)
    funder = models.CharField(max_length=160, blank=True)
    funding_eur = models.DecimalField(
        max_digits=14,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
    )
    starts_on = models.DateField(null=True, blank=True)
    ends_on = models.DateField(null=True, blank=True)
    partners: "models.ManyToManyField[Organisation, models.Model]" = models.ManyToManyField(
        Organisation, blank=True, related_name="projects"
    )
    created_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        ordering = ("-created_at", "-id")

    def __str__(self) -> str:
        return self.title


class Message(models.Model):
    """What a member wrote on a collaboration: plain text, read by its members alone."""

    collaboration = models.ForeignKey(
        Collaboration, on_delete=models.CASCADE, related_name="messages"
    )
    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    author = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    text = models.TextField(max_length=8000)
    written_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("-written_at", "-id")

    def __str__(self) -> str:
        return self.text[:60]
