"""Accounts, organisations, who belongs where, and what moderators hear about."""

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.core.exceptions import ValidationError
from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from viavolta.hub.frame.versions import Versioned
from viavolta.hub.people.regions import COUNTRIES, regions_of


class UserManager(BaseUserManager["User"]):
    """Users by their e-mail address."""

    def create_user(self, email: str, password: str | None = None, **extra: Any) -> "User":
        """Make an account; without a password it can be entered by link or passkey only."""
        user = self.model(email=self.normalize_email(email), **extra)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **extra: Any) -> "User":
        """Make an account of the people who run the platform."""
        return self.create_user(
            email, password, is_staff=True, is_superuser=True, is_moderator=True, **extra
        )


class User(AbstractBaseUser, PermissionsMixin):
    """A person, known by an e-mail address; or, `is_machine`, the account behind an API token."""

    email = models.EmailField(_("e-mail address"), unique=True)
    name = models.CharField(_("name"), max_length=120, blank=True)
    language = models.CharField(max_length=2, blank=True)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    is_moderator = models.BooleanField(default=False)
    is_lab_host = models.BooleanField(default=False)
    is_machine = models.BooleanField(default=False, editable=False)
    joined_at = models.DateTimeField(default=timezone.now)

    objects: ClassVar[UserManager] = UserManager()
    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    def __str__(self) -> str:
        return self.name or self.email


class OrganisationKind(models.TextChoices):
    """What an organisation is (the groups of EV4SCC's stakeholders)."""

    CITY = "city", _("city or region")
    SME = "sme", _("small or medium-sized company")
    LARGE_COMPANY = "large-company", _("large company")
    TRANSPORT_OPERATOR = "transport-operator", _("public transport operator")
    LOGISTICS_OPERATOR = "logistics-operator", _("logistics operator")
    DSO = "dso", _("distribution system operator")
    CPO = "cpo", _("charge point operator")
    RESEARCH = "research", _("research")
    NGO = "ngo", _("non-governmental organisation")


NEVER_SME = (OrganisationKind.CITY, OrganisationKind.LARGE_COMPANY)


class SizeBand(models.TextChoices):
    """How many people work there (the bands of Recommendation 2003/361/EC)."""

    MICRO = "1-9", _("1 to 9")
    SMALL = "10-49", _("10 to 49")
    MEDIUM = "50-249", _("50 to 249")
    LARGE = "250+", _("250 or more")


class Organisation(Versioned):
    """A city, company or other body that takes part."""

    name = models.CharField(_("name"), max_length=160)
    slug = models.SlugField(max_length=180, unique=True)
    kind = models.CharField(_("kind"), max_length=24, choices=OrganisationKind.choices)
    country = models.CharField(_("country"), max_length=2, db_index=True)
    nuts = models.CharField(_("NUTS region"), max_length=5, blank=True)
    size_band = models.CharField(
        _("employees"), max_length=12, choices=SizeBand.choices, blank=True
    )
    is_sme = models.BooleanField(_("SME by the EU definition (self-declared)"), default=False)
    inhabitants = models.PositiveIntegerField(_("inhabitants"), null=True, blank=True)
    lat = models.FloatField(null=True, blank=True)
    lon = models.FloatField(null=True, blank=True)
    website = models.URLField(_("website"), blank=True)
    about = models.TextField(_("about"), blank=True)
    logo = models.CharField(max_length=80, blank=True, editable=False)
    is_sample = models.BooleanField(default=False)
    hidden = models.BooleanField(default=False)
    joined_at = models.DateTimeField(default=timezone.now, db_index=True)
    members: "models.ManyToManyField[User, Membership]" = models.ManyToManyField(
        User, through="Membership", related_name="organisations"
    )

    class Meta:
        ordering = ("name", "id")
        indexes = (
            models.Index(fields=("hidden", "name", "id"), name="organisation_by_name"),
            models.Index(fields=("hidden", "kind"), name="organisation_by_kind"),
            models.Index(fields=("hidden", "country", "nuts"), name="organisation_by_region"),
        )

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Country, region, size and SME must fit together."""
        if self.country not in COUNTRIES:
            raise ValidationError({"country": _("Choose a country of the list.")})
        if self.nuts and self.nuts not in regions_of(self.country):
            raise ValidationError({"nuts": _("This region is not in the country.")})
        if self.is_sme and (self.size_band == SizeBand.LARGE or self.kind in NEVER_SME):
            raise ValidationError(
                {"is_sme": _("Not an SME by the EU definition: fewer than 250 employees.")}
            )

    def get_absolute_url(self) -> str:
        """The public page."""
        return reverse("organisation", args=(self.slug,))


class Role(models.TextChoices):
    """What a member may do: read; also edit; also manage members and the organisation."""

    READER = "reader", _("reader")
    EDITOR = "editor", _("editor")
    OWNER = "owner", _("owner")


class Membership(models.Model):
    """A person's role in an organisation."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE)
    user = models.ForeignKey(User, on_delete=models.CASCADE)
    role = models.CharField(max_length=8, choices=Role.choices)
    since = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("organisation", "user"), name="one_role_per_member"),
        )

    def __str__(self) -> str:
        return f"{self.user} {self.role} {self.organisation}"


class Document(models.TextChoices):
    """What a person agrees to at sign-up."""

    TERMS = "terms", _("terms of use")
    PRIVACY = "privacy", _("privacy notice")


class Consent(models.Model):
    """That a person agreed to a version of a document, and when."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="consents")
    document = models.CharField(max_length=8, choices=Document.choices)
    document_version = models.CharField(max_length=10)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("at", "id")

    def __str__(self) -> str:
        return f"{self.document} {self.document_version}"


class Invitation(models.Model):
    """A letter that lets its reader join an organisation; only a hash of its secret is kept."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE)
    email = models.EmailField(_("e-mail address"))
    role = models.CharField(_("role"), max_length=8, choices=Role.choices)
    secret_hash = models.CharField(max_length=64, unique=True, editable=False)
    invited_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-created_at", "-id")

    def __str__(self) -> str:
        return f"{self.role} {self.organisation}"

    @property
    def is_open(self) -> bool:
        """Whether it can still be accepted."""
        return (
            self.accepted_at is None
            and self.revoked_at is None
            and self.expires_at > timezone.now()
        )


class TokenScope(models.TextChoices):
    """What a program may do with a token."""

    READ = "read", _("read")
    WRITE = "write", _("read and write")


class ApiToken(models.Model):
    """The key of an organisation's program to the API; only a hash is kept.

    A token acts through an account of its own (`is_machine`), a member of the organisation as
    reader or editor, so that every check of roles and every event works as with people.
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE)
    name = models.CharField(_("name"), max_length=80)
    scope = models.CharField(_("scope"), max_length=5, choices=TokenScope.choices)
    account = models.OneToOneField(User, on_delete=models.CASCADE, related_name="api_token")
    secret_hash = models.CharField(max_length=64, unique=True, editable=False)
    created_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(_("expires"))
    revoked_at = models.DateTimeField(null=True)
    last_used_on = models.DateField(null=True)

    class Meta:
        ordering = ("-created_at", "-id")

    def __str__(self) -> str:
        return self.name

    @property
    def is_open(self) -> bool:
        """Whether it can still be used."""
        return self.revoked_at is None and self.expires_at > timezone.now()


class ReportReason(models.TextChoices):
    """Why somebody reports something."""

    WRONG = "wrong", _("wrong or misleading")
    SPAM = "spam", _("advertising without content")
    ILLEGAL = "illegal", _("illegal or offensive")
    PRIVACY = "privacy", _("personal data")
    RIGHTS = "rights", _("someone else's text or picture")
    OTHER = "other", _("something else")


class ReportState(models.TextChoices):
    """What became of a report."""

    OPEN = "open", _("open")
    DISMISSED = "dismissed", _("no fault found")
    UPHELD = "upheld", _("hidden")


class Report(models.Model):
    """A user's word to the moderators about a thing of any app (`people.moderation`)."""

    kind = models.CharField(max_length=60)
    object_id = models.BigIntegerField()
    title = models.CharField(max_length=200)
    reason = models.CharField(_("reason"), max_length=8, choices=ReportReason.choices)
    text = models.TextField(_("what is wrong"), max_length=2000, blank=True)
    reporter = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    state = models.CharField(max_length=9, choices=ReportState.choices, default=ReportState.OPEN)
    decided_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    decided_at = models.DateTimeField(null=True)
    decision = models.TextField(_("reason given to the author"), max_length=2000, blank=True)

    class Meta:
        ordering = ("-at", "-id")
        indexes = (
            models.Index(fields=("state", "-at"), name="report_by_state"),
            models.Index(fields=("kind", "object_id"), name="report_by_object"),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.object_id} {self.reason}"
