"""News of organisations and of the platform."""

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from viavolta.hub.frame.versions import Versioned
from viavolta.hub.people.models import Organisation, User


class NewsState(models.TextChoices):
    """Where a post stands."""

    DRAFT = "draft", _("draft")
    SUBMITTED = "submitted", _("with the moderators")
    PUBLISHED = "published", _("published")
    RETURNED = "returned", _("sent back")


class NewsPost(Versioned):
    """A post; a moderator reads it before everybody does. Without organisation: the platform's."""

    organisation = models.ForeignKey(
        Organisation, null=True, blank=True, on_delete=models.CASCADE, related_name="news"
    )
    title = models.CharField(max_length=160)
    slug = models.SlugField(max_length=180, unique=True)
    text = models.TextField(max_length=20_000)
    language = models.CharField(max_length=2, choices=settings.LANGUAGES, default="en")
    state = models.CharField(
        max_length=9, choices=NewsState.choices, default=NewsState.DRAFT, db_index=True
    )
    comment = models.TextField(max_length=4000, blank=True)
    is_sample = models.BooleanField(default=False)
    hidden = models.BooleanField(default=False)
    created_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    changed_at = models.DateTimeField(default=timezone.now)
    published_at = models.DateTimeField(null=True, blank=True, db_index=True)

    class Meta:
        ordering = ("-published_at", "-created_at", "-id")

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        """Its page."""
        return reverse("news-post", args=(self.slug,))
