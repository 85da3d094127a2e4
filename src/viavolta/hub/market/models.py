"""Needs and solutions, with what they show and what they can prove."""

from typing import TYPE_CHECKING

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from viavolta.hub.frame.versions import Versioned
from viavolta.hub.people.models import Organisation, User
from viavolta.hub.studies.models import Study
from viavolta.model.facets import Facets

if TYPE_CHECKING:
    from django.db.models.fields.related_descriptors import RelatedManager


"""How long a deleted entry can be brought back."""


class EntryKind(models.TextChoices):
    """The two sides of the market."""

    NEED = "need", _("need")
    SOLUTION = "solution", _("solution")


class SolutionForm(models.TextChoices):
    """What kind of thing a solution is."""

    PRODUCT = "product", _("product")
    SERVICE = "service", _("service")
    PILOT = "pilot", _("pilot")
    PRACTICE = "practice", _("practice")


class EntryState(models.TextChoices):
    """Whether others see an entry."""

    DRAFT = "draft", _("draft")
    PUBLISHED = "published", _("published")
    WITHDRAWN = "withdrawn", _("withdrawn")


class TextLanguage(models.TextChoices):
    """Languages an entry may be written in, each by its own name."""

    EN = "en", "English"
    DE = "de", "Deutsch"
    FR = "fr", "Français"
    IT = "it", "Italiano"
    SL = "sl", "Slovenščina"
    NL = "nl", "Nederlands"


class Entry(Versioned):
    """A need of a city, or a solution: a product, service, pilot or practice.

    `facets` holds the codes of `model.facets.Facets`. An entry is never removed at once: it has a
    `deleted_at` first, or stands merged into another.
    """

    kind = models.CharField(max_length=8, choices=EntryKind.choices)
    organisation = models.ForeignKey(
        Organisation, on_delete=models.CASCADE, related_name="market_entries"
    )
    slug = models.SlugField(max_length=180, unique=True)
    title = models.CharField(max_length=140)
    summary = models.CharField(max_length=300)
    text = models.TextField(blank=True, max_length=12_000)
    language = models.CharField(max_length=2, choices=TextLanguage.choices)
    facets = models.JSONField(default=dict)
    form = models.CharField(max_length=8, choices=SolutionForm.choices, blank=True)
    wanted_by = models.DateField(null=True, blank=True)
    study = models.ForeignKey(
        Study,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="market_entries",
    )
    state = models.CharField(max_length=9, choices=EntryState.choices, default=EntryState.DRAFT)
    is_sample = models.BooleanField(default=False)
    is_hidden = models.BooleanField(default=False)
    merged_into = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="merged_here"
    )
    n_replications = models.PositiveIntegerField(default=0)
    created_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    published_at = models.DateTimeField(null=True, blank=True)
    changed_at = models.DateTimeField(default=timezone.now)
    deleted_at = models.DateTimeField(null=True, blank=True)

    if TYPE_CHECKING:
        pictures: RelatedManager["Picture"]
        documents: RelatedManager["Document"]
        evidence: RelatedManager["Evidence"]
        replications: RelatedManager["Replication"]
        revisions: RelatedManager["Revision"]

    class Meta:
        ordering = ("-published_at", "-id")
        indexes = (
            models.Index(fields=("kind", "state", "-published_at"), name="entry_listed"),
            models.Index(fields=("organisation", "kind"), name="entry_of_organisation"),
            models.Index(fields=("changed_at", "version", "id"), name="entry_stamp"),
        )

    def __str__(self) -> str:
        return self.title

    @property
    def is_listed(self) -> bool:
        """Whether it stands on the market for all to see, as far as the entry itself says."""
        return (
            self.state == EntryState.PUBLISHED
            and not self.is_hidden
            and self.deleted_at is None
            and self.merged_into_id is None
        )

    def get_absolute_url(self) -> str:
        """The address of its page."""
        return reverse("market-entry", args=[EntryKind(self.kind), self.slug])

    def said(self) -> Facets:
        """Its facets."""
        return Facets.from_codes(self.facets)


class EntryWords(models.Model):
    """What an entry's text says, for search and matching; made from the entry, never edited.

    `title_words` and `words` hold stems and terms of the glossary, which the database searches in
    full text (migration 0002_words). `terms` and `stems` are kept bags of the matching engine;
    `vector` is null until a worker has computed it. `digest` tells what they were made of.
    """

    entry = models.OneToOneField(
        Entry, primary_key=True, on_delete=models.CASCADE, related_name="words"
    )
    digest = models.CharField(max_length=32)
    title_words = models.TextField()
    words = models.TextField()
    terms = models.BinaryField()
    stems = models.BinaryField()
    vector = models.BinaryField(null=True)
    changed_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"words of {self.entry_id}"


class Evidence(models.Model):
    """One measured figure of a solution: what, how much, where, when, and who can confirm it."""

    entry = models.ForeignKey(Entry, on_delete=models.CASCADE, related_name="evidence")
    position = models.PositiveSmallIntegerField(default=0)
    what = models.CharField(max_length=140)
    value = models.DecimalField(max_digits=14, decimal_places=4)
    unit = models.CharField(max_length=24)
    place = models.CharField(max_length=120)
    measured_from = models.DateField()
    measured_to = models.DateField()
    method = models.CharField(max_length=300, blank=True)
    contact = models.CharField(max_length=140, blank=True)

    class Meta:
        ordering = ("position", "id")

    def __str__(self) -> str:
        return f"{self.what}: {self.value} {self.unit}"


class Picture(models.Model):
    """A picture, decoded and written anew in a few widths; the original is not kept."""

    entry = models.ForeignKey(Entry, on_delete=models.CASCADE, related_name="pictures")
    position = models.PositiveSmallIntegerField(default=0)
    sha256 = models.CharField(max_length=64)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    widths = models.JSONField(default=list)
    alternative = models.CharField(max_length=200)
    credit = models.CharField(max_length=120, blank=True)
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("position", "id")

    def __str__(self) -> str:
        return self.alternative


class Document(models.Model):
    """A PDF, checked by its content and handed out as a download only."""

    entry = models.ForeignKey(Entry, on_delete=models.CASCADE, related_name="documents")
    position = models.PositiveSmallIntegerField(default=0)
    name = models.CharField(max_length=120)
    sha256 = models.CharField(max_length=64)
    size_bytes = models.PositiveIntegerField()
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("position", "id")

    def __str__(self) -> str:
        return self.name


class Revision(models.Model):
    """An entry's words and evidence as they stood at one version."""

    entry = models.ForeignKey(Entry, on_delete=models.CASCADE, related_name="revisions")
    version = models.PositiveIntegerField()
    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    content = models.JSONField(encoder=DjangoJSONEncoder)

    class Meta:
        ordering = ("-version",)
        constraints = (
            models.UniqueConstraint(fields=("entry", "version"), name="one_revision_per_version"),
        )

    def __str__(self) -> str:
        return f"{self.entry_id} v{self.version}"


class Merge(models.Model):
    """Two entries made one by a moderator; `moved` says what followed, so that it can be undone."""

    kept = models.ForeignKey(Entry, on_delete=models.CASCADE, related_name="+")
    merged = models.ForeignKey(Entry, on_delete=models.CASCADE, related_name="+")
    moved = models.JSONField(default=dict)
    by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-at",)

    def __str__(self) -> str:
        return f"{self.merged_id} into {self.kept_id}"


class Replication(models.Model):
    """A solution's study applied to another place: counted, and linked to where it came from."""

    entry = models.ForeignKey(Entry, on_delete=models.CASCADE, related_name="replications")
    origin = models.ForeignKey(Study, null=True, on_delete=models.SET_NULL, related_name="+")
    study = models.OneToOneField(Study, on_delete=models.CASCADE, related_name="replication")
    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("-at",)

    def __str__(self) -> str:
        return f"{self.entry_id} at {self.organisation_id}"


class SavedSearch(models.Model):
    """A search a person keeps; with `notify`, new finds arrive by e-mail."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="saved_searches")
    kind = models.CharField(max_length=8, choices=EntryKind.choices)
    name = models.CharField(max_length=120)
    query = models.CharField(max_length=1000, blank=True)
    notify = models.BooleanField(default=True)
    told_until = models.DateTimeField(default=timezone.now)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("name", "id")
        constraints = (
            models.UniqueConstraint(fields=("user", "kind", "query"), name="a_search_saved_once"),
        )

    def __str__(self) -> str:
        return self.name
