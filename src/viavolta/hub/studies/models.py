"""Uploads, drafts, studies and their scenarios."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from viavolta.hub.frame.versions import Versioned
from viavolta.hub.people.models import Organisation, User


class UploadKind(models.TextChoices):
    """What a file is for."""

    FEED = "feed", _("timetable (GTFS)")
    CONFIG = "config", _("configuration (TOML)")
    ELEVATION = "elevation", _("elevation")
    WEATHER = "weather", _("weather")
    GRID = "grid", _("grid")
    SESSIONS = "sessions", _("charging sessions")


class UploadState(models.TextChoices):
    """How far the check of a file is."""

    CHECKING = "checking", _("being checked")
    USABLE = "usable", _("usable")
    REFUSED = "refused", _("not usable")


class Upload(models.Model):
    """A file an organisation brought: kept as it came, named by its content.

    `path` is relative to the data folder. `findings` is what the check found, as
    `viavolta inspect --json` prints it. `may_redistribute`: whether others may be given the
    file; `licence` and `credit` say under which terms and whom to name.
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE)
    kind = models.CharField(max_length=20, choices=UploadKind.choices)
    name = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64, db_index=True)
    size_bytes = models.BigIntegerField()
    path = models.CharField(max_length=200)
    licence = models.CharField(max_length=200, blank=True)
    credit = models.CharField(max_length=300, blank=True)
    may_redistribute = models.BooleanField(default=False)
    is_sample = models.BooleanField(default=False)
    state = models.CharField(
        max_length=12, choices=UploadState.choices, default=UploadState.CHECKING
    )
    findings = models.JSONField(default=dict)
    run_id = models.BigIntegerField(null=True, blank=True)
    uploaded_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL)
    uploaded_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("-uploaded_at", "-id")
        constraints = (
            models.UniqueConstraint(
                fields=("organisation", "kind", "sha256"), name="upload_once_per_organisation"
            ),
        )

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
    link_token = models.CharField(max_length=64, blank=True, db_index=True)
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
        verbose_name_plural = "studies"

    def __str__(self) -> str:
        return self.title


class KeptScenarios(models.Manager["Scenario"]):
    """Scenarios that were not deleted."""

    def get_queryset(self) -> models.QuerySet["Scenario"]:
        """Leave out what waits to be undone."""
        return super().get_queryset().filter(deleted_at=None)


class Scenario(Versioned):
    """One set of assumptions of a study: the baseline, or the baseline with changes.

    `changes` lists what differs from the baseline, each with `on` (scenarios.py); a deleted
    scenario is kept with its result, so that deleting can be undone (`every` finds it).

    `config` is the TOML of `viavolta plan bus --config` as JSON; `options` are that command's own
    options (seed, effort); the files it reads are `uploads`, each used as its kind says. The result
    is the study folder the command wrote: `result_folder`, relative to the data folder, empty
    until the first run is done; `summary` is that folder's summary.
    """

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="scenarios")
    name = models.CharField(_("name"), max_length=120)
    is_baseline = models.BooleanField(default=False)
    config = models.JSONField(default=dict)
    options = models.JSONField(default=dict)
    changes = models.JSONField(default=list)
    uploads: "models.ManyToManyField[Upload, models.Model]" = models.ManyToManyField(Upload)
    run_id = models.BigIntegerField(null=True, blank=True, db_index=True)
    result_folder = models.CharField(max_length=200, blank=True)
    summary = models.JSONField(default=dict)
    created_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL)
    created_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)

    objects = KeptScenarios()
    every: "models.Manager[Scenario]" = models.Manager()

    class Meta:
        ordering = ("-is_baseline", "created_at", "id")
        constraints = (
            models.UniqueConstraint(
                fields=("study",),
                condition=models.Q(is_baseline=True),
                name="one_baseline_per_study",
            ),
        )

    def __str__(self) -> str:
        return self.name


class Draft(Versioned):
    """A study that is still being put together: the answers of the wizard, step by step.

    `answers` has one entry per finished step; `study` is what came of it.
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE)
    answers = models.JSONField(default=dict)
    created_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL)
    created_at = models.DateTimeField(default=timezone.now)
    changed_at = models.DateTimeField(default=timezone.now)
    study = models.OneToOneField(
        Study, null=True, blank=True, on_delete=models.SET_NULL, related_name="draft"
    )

    class Meta:
        ordering = ("-changed_at", "-id")

    def __str__(self) -> str:
        return str(self.answers.get("place", {}).get("title", "")) or f"draft {self.pk}"
