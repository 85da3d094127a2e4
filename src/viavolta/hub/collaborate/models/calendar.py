"""Events of the calendar: who comes, in which group, what was said, what follows."""

import uuid

from django.db import models
from django.urls import reverse
from django.utils import timezone

from viavolta.hub.collaborate.models.collaborations import Collaboration
from viavolta.hub.collaborate.words import SEGMENTS
from viavolta.hub.frame.versions import Versioned
from viavolta.hub.people.models import Organisation, User


class Gathering(Versioned):
    """An event of the calendar; instants in UTC, the zone says how they read on a wall clock."""

    organisation = models.ForeignKey(
        Organisation, on_delete=models.CASCADE, related_name="gatherings"
    )
    collaboration = models.ForeignKey(
        Collaboration, null=True, blank=True, on_delete=models.SET_NULL, related_name="gatherings"
    )
    title = models.CharField(max_length=160)
    slug = models.SlugField(max_length=180, unique=True)
    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    series = models.UUIDField(null=True, blank=True, db_index=True)
    about = models.TextField(max_length=8000, blank=True)
    segment = models.CharField(max_length=20, choices=SEGMENTS, blank=True)
    starts_at = models.DateTimeField(db_index=True)
    ends_at = models.DateTimeField()
    zone = models.CharField(max_length=40, default="Europe/Brussels")
    place = models.CharField(max_length=200, blank=True)
    online = models.URLField(blank=True)
    places_for = models.PositiveIntegerField(null=True, blank=True)
    cancelled = models.BooleanField(default=False)
    minutes = models.TextField(max_length=50_000, blank=True)
    others_attended = models.PositiveIntegerField(default=0)
    is_sample = models.BooleanField(default=False)
    hidden = models.BooleanField(default=False)
    created_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    changed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("starts_at", "id")

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        """Its page."""
        return reverse("event", args=(self.slug,))


class BreakoutGroup(models.Model):
    """A smaller group within an event, with a topic of its own."""

    gathering = models.ForeignKey(Gathering, on_delete=models.CASCADE, related_name="groups")
    topic = models.CharField(max_length=160)
    places_for = models.PositiveIntegerField(null=True, blank=True)
    notes = models.TextField(max_length=20_000, blank=True)

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return self.topic


class Registration(models.Model):
    """A person who comes to an event, for an organisation or alone."""

    gathering = models.ForeignKey(Gathering, on_delete=models.CASCADE, related_name="registrations")
    user = models.ForeignKey(
        User, null=True, on_delete=models.SET_NULL, related_name="registrations"
    )
    organisation = models.ForeignKey(
        Organisation, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    group = models.ForeignKey(
        BreakoutGroup, null=True, blank=True, on_delete=models.SET_NULL, related_name="people"
    )
    attended = models.BooleanField(default=False)
    registered_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("registered_at", "id")
        constraints = (
            models.UniqueConstraint(fields=("gathering", "user"), name="registered_once"),
        )

    def __str__(self) -> str:
        return f"{self.user} {self.gathering}"


class FollowUp(models.Model):
    """What somebody promised to do after an event, and by when."""

    gathering = models.ForeignKey(Gathering, on_delete=models.CASCADE, related_name="follow_ups")
    text = models.CharField(max_length=300)
    owner = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="follow_ups")
    due_on = models.DateField()
    done_at = models.DateTimeField(null=True, blank=True)
    reminded_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("due_on", "id")

    def __str__(self) -> str:
        return self.text
