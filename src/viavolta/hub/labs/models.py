"""Living labs and the practices they collect."""

import secrets

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from viavolta.hub.collaborate.models import Gathering
from viavolta.hub.collaborate.words import SEGMENTS
from viavolta.hub.frame.versions import Versioned
from viavolta.hub.market.models import Entry
from viavolta.hub.people.models import Organisation, User
from viavolta.hub.studies.models import Study


def invitation_token() -> str:
    """A link nobody guesses."""
    return secrets.token_urlsafe(32)


class Lab(Versioned):
    """A living lab of a region; `languages` are the region's, the first one first."""

    name = models.CharField(max_length=160)
    slug = models.SlugField(max_length=180, unique=True)
    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="labs")
    nuts = models.CharField(max_length=5, db_index=True)
    region_name = models.CharField(max_length=120)
    languages = models.JSONField(default=list)
    hosts: "models.ManyToManyField[User, models.Model]" = models.ManyToManyField(
        User, related_name="hosted_labs"
    )
    is_sample = models.BooleanField(default=False)
    hidden = models.BooleanField(default=False)
    created_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("name", "id")

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """Its page."""
        return reverse("lab", args=(self.slug,))


class LabText(models.Model):
    """What a lab says of itself in one language of its region."""

    lab = models.ForeignKey(Lab, on_delete=models.CASCADE, related_name="texts")
    language = models.CharField(max_length=2, choices=settings.LANGUAGES)
    about = models.TextField(max_length=8000)

    class Meta:
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(fields=("lab", "language"), name="one_lab_text_per_language"),
        )

    def __str__(self) -> str:
        return f"{self.lab} ({self.language})"


class ParticipantState(models.TextChoices):
    """Whether somebody takes part in a lab."""

    INVITED = "invited", _("invited")
    MEMBER = "member", _("takes part")
    DECLINED = "declined", _("declined")
    LEFT = "left", _("left")


class Participant(models.Model):
    """An organisation, or a person by e-mail address, invited to a lab or taking part."""

    lab = models.ForeignKey(Lab, on_delete=models.CASCADE, related_name="participants")
    organisation = models.ForeignKey(
        Organisation, null=True, blank=True, on_delete=models.CASCADE, related_name="lab_places"
    )
    user = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.CASCADE, related_name="lab_places"
    )
    email = models.EmailField(blank=True)
    token = models.CharField(max_length=64, default=invitation_token, unique=True)
    state = models.CharField(
        max_length=8, choices=ParticipantState.choices, default=ParticipantState.INVITED
    )
    invited_at = models.DateTimeField(default=timezone.now)
    joined_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("invited_at", "id")
        constraints = (
            models.UniqueConstraint(
                fields=("lab", "organisation"), name="one_lab_place_per_organisation"
            ),
            models.UniqueConstraint(fields=("lab", "user"), name="one_lab_place_per_person"),
        )

    def __str__(self) -> str:
        return f"{self.organisation or self.user or self.lab}: {self.state}"


class LabSession(Versioned):
    """An event of the calendar that belongs to a lab, with agenda and outcomes."""

    lab = models.ForeignKey(Lab, on_delete=models.CASCADE, related_name="sessions")
    gathering = models.OneToOneField(
        Gathering, on_delete=models.CASCADE, related_name="lab_session"
    )
    agenda = models.TextField(max_length=20_000, blank=True)
    outcomes = models.TextField(max_length=20_000, blank=True)

    class Meta:
        ordering = ("-gathering__starts_at", "-id")

    def __str__(self) -> str:
        return str(self.gathering)


class PracticeState(models.TextChoices):
    """Where a practice stands."""

    DRAFT = "draft", _("draft")
    SUBMITTED = "submitted", _("under review")
    PUBLISHED = "published", _("published")
    RETURNED = "returned", _("sent back")


class Practice(Versioned):
    """A good practice: what was the matter, what was done, what came of it, what was learnt."""

    lab = models.ForeignKey(Lab, on_delete=models.CASCADE, related_name="practices")
    organisation = models.ForeignKey(
        Organisation, on_delete=models.CASCADE, related_name="practices"
    )
    session = models.ForeignKey(
        LabSession, null=True, blank=True, on_delete=models.SET_NULL, related_name="practices"
    )
    title = models.CharField(max_length=160)
    slug = models.SlugField(max_length=180, unique=True)
    language = models.CharField(max_length=2, choices=settings.LANGUAGES, default="en")
    segment = models.CharField(max_length=20, choices=SEGMENTS)
    challenge = models.TextField(max_length=8000)
    approach = models.TextField(max_length=8000)
    result = models.TextField(max_length=8000, blank=True)
    lessons = models.TextField(max_length=8000, blank=True)
    studies: "models.ManyToManyField[Study, models.Model]" = models.ManyToManyField(
        Study, blank=True, related_name="practices"
    )
    solutions: "models.ManyToManyField[Entry, models.Model]" = models.ManyToManyField(
        Entry, blank=True, related_name="practices"
    )
    state = models.CharField(
        max_length=9, choices=PracticeState.choices, default=PracticeState.DRAFT, db_index=True
    )
    is_sample = models.BooleanField(default=False)
    hidden = models.BooleanField(default=False)
    created_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    submitted_at = models.DateTimeField(null=True, blank=True)
    published_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-published_at", "-created_at", "-id")

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        """Its page."""
        return reverse("practice", args=(self.slug,))


class Verdict(models.TextChoices):
    """What a reviewer decided."""

    PUBLISH = "publish", _("publish")
    RETURN = "return", _("send back")


class Review(models.Model):
    """What another host or a moderator said of a practice."""

    practice = models.ForeignKey(Practice, on_delete=models.CASCADE, related_name="reviews")
    reviewer = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    verdict = models.CharField(max_length=7, choices=Verdict.choices)
    comment = models.TextField(max_length=8000, blank=True)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("-at", "-id")

    def __str__(self) -> str:
        return f"{self.practice}: {self.verdict}"
