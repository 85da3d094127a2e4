"""Uploads, studies and their scenarios."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from viavolta.hub.frame.versions import Versioned
from viavolta.hub.people.models import Organisation, User


class Upload(models.Model):
    """A file an organisation brought: kept as it came, named by its content."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE)
    kind = models.CharField(max_length=20)
    name = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    size_bytes = models.BigIntegerField()
    path = models.CharField(max_length=200)
    licence = models.CharField(max_length=200, blank=True)
    may_redistribute = models.BooleanField(default=False)
    state = models.CharField(max_length=12, default="new")
    findings = models.JSONField(default=dict)
    uploaded_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL)
    uploaded_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.name


class Visibility(models.TextChoices):
    """Who sees a study."""

    PRIVATE = "private", _("only editors and owners of your organisation")
    ORGANISATION = "organisation", _("all members of your organisation")
    LINK = "link", _("everybody with the link")
    PUBLIC = "public", _("everybody")


class Study(Versioned):
    """A question about a place, answered by one or more scenarios."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE)
    title = models.CharField(_("title"), max_length=160)
    slug = models.SlugField(max_length=180, unique=True)
    kind = models.CharField(max_length=20, default="bus")
    visibility = models.CharField(
        max_length=12, choices=Visibility.choices, default=Visibility.ORGANISATION
    )
    link_token = models.CharField(max_length=64, blank=True)
    place_name = models.CharField(_("place"), max_length=120, blank=True)
    country = models.CharField(max_length=2, blank=True)
    lat = models.FloatField(null=True, blank=True)
    lon = models.FloatField(null=True, blank=True)
    is_sample = models.BooleanField(default=False)
    origin = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="replications"
    )
    created_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL)
    created_at = models.DateTimeField(default=timezone.now)
    published_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-created_at", "-id")

    def __str__(self) -> str:
        return self.title


class Scenario(Versioned):
    """One set of assumptions of a study: the baseline, or the baseline with changes."""

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="scenarios")
    name = models.CharField(_("name"), max_length=120)
    is_baseline = models.BooleanField(default=False)
    config = models.JSONField(default=dict)
    changes = models.JSONField(default=dict)
    uploads: "models.ManyToManyField[Upload, models.Model]" = models.ManyToManyField(Upload)
    run_id = models.BigIntegerField(null=True, blank=True)
    result_folder = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("-is_baseline", "created_at", "id")

    def __str__(self) -> str:
        return self.name
