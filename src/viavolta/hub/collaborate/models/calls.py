"""Calls, what they ask for, and consortia that form to answer them."""

from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from viavolta.hub.collaborate.models.collaborations import Collaboration, PartnerState
from viavolta.hub.collaborate.words import SEGMENTS, Skill
from viavolta.hub.frame.versions import Versioned
from viavolta.hub.people.models import Organisation, OrganisationKind, User


class Call(Versioned):
    """A call for proposals or partners; without an organisation it is the platform's."""

    organisation = models.ForeignKey(
        Organisation, null=True, blank=True, on_delete=models.CASCADE, related_name="calls"
    )
    title = models.CharField(max_length=160)
    slug = models.SlugField(max_length=180, unique=True)
    about = models.TextField(max_length=8000, blank=True)
    segment = models.CharField(max_length=20, choices=SEGMENTS)
    funder = models.CharField(max_length=160, blank=True)
    link = models.URLField(blank=True)
    deadline = models.DateTimeField(db_index=True)
    zone = models.CharField(max_length=40, default="Europe/Brussels")
    is_sample = models.BooleanField(default=False)
    hidden = models.BooleanField(default=False)
    created_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("deadline", "id")

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        """Its page."""
        return reverse("call", args=(self.slug,))


class PartKind(models.TextChoices):
    """A call asks for kinds of organisations and for skills."""

    ROLE = "role", _("role")
    SKILL = "skill", _("skill")


class CallPart(models.Model):
    """One role (a kind of organisation) or skill that a call needs."""

    call = models.ForeignKey(Call, on_delete=models.CASCADE, related_name="parts")
    kind = models.CharField(max_length=5, choices=PartKind.choices)
    key = models.CharField(max_length=24)

    class Meta:
        ordering = ("kind", "id")
        constraints = (
            models.UniqueConstraint(fields=("call", "kind", "key"), name="one_part_per_key"),
        )

    def __str__(self) -> str:
        return str(self.label)

    @property
    def label(self) -> str:
        """The role or skill in the reader's language."""
        words = OrganisationKind if self.kind == PartKind.ROLE else Skill
        return str(words(self.key).label)


class DeclaredSkill(models.Model):
    """A skill an organisation says it has."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="skills")
    skill = models.CharField(max_length=24, choices=Skill.choices)

    class Meta:
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(fields=("organisation", "skill"), name="skill_declared_once"),
        )

    def __str__(self) -> str:
        return f"{self.organisation}: {self.skill}"


class ConsortiumState(models.TextChoices):
    """Where a consortium stands."""

    FORMING = "forming", _("forming")
    SUBMITTED = "submitted", _("proposal submitted")
    WON = "won", _("funded")
    CLOSED = "closed", _("closed")


class Consortium(Versioned):
    """Organisations that answer a call together."""

    call = models.ForeignKey(Call, on_delete=models.CASCADE, related_name="consortia")
    name = models.CharField(max_length=160)
    slug = models.SlugField(max_length=180, unique=True)
    about = models.TextField(max_length=8000, blank=True)
    state = models.CharField(
        max_length=9, choices=ConsortiumState.choices, default=ConsortiumState.FORMING
    )
    collaboration = models.OneToOneField(
        Collaboration, null=True, blank=True, on_delete=models.SET_NULL, related_name="consortium"
    )
    is_sample = models.BooleanField(default=False)
    created_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("name", "id")

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """Its page."""
        return reverse("consortium", args=(self.slug,))


class ConsortiumMember(models.Model):
    """An organisation in a consortium, invited or taking part."""

    consortium = models.ForeignKey(Consortium, on_delete=models.CASCADE, related_name="members")
    organisation = models.ForeignKey(
        Organisation, on_delete=models.CASCADE, related_name="consortium_places"
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
                fields=("consortium", "organisation"), name="one_place_per_consortium_member"
            ),
        )

    def __str__(self) -> str:
        return f"{self.organisation} {self.state} {self.consortium}"


class Cover(models.Model):
    """A part of the call that a member of the consortium takes on."""

    member = models.ForeignKey(ConsortiumMember, on_delete=models.CASCADE, related_name="covers")
    part = models.ForeignKey(CallPart, on_delete=models.CASCADE, related_name="covers")

    class Meta:
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(fields=("member", "part"), name="part_covered_once"),
        )

    def __str__(self) -> str:
        return f"{self.member}: {self.part}"
