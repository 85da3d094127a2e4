"""Accounts, organisations and who belongs where."""

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from viavolta.hub.frame.versions import Versioned


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
    """A person, known by an e-mail address."""

    email = models.EmailField(_("e-mail address"), unique=True)
    name = models.CharField(_("name"), max_length=120, blank=True)
    language = models.CharField(max_length=2, blank=True)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    is_moderator = models.BooleanField(default=False)
    is_lab_host = models.BooleanField(default=False)
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


class Organisation(Versioned):
    """A city, company or other body that takes part."""

    name = models.CharField(_("name"), max_length=160)
    slug = models.SlugField(max_length=180, unique=True)
    kind = models.CharField(_("kind"), max_length=24, choices=OrganisationKind.choices)
    country = models.CharField(_("country"), max_length=2, db_index=True)
    nuts = models.CharField(_("NUTS region"), max_length=5, blank=True)
    size_band = models.CharField(_("employees"), max_length=12, blank=True)
    is_sme = models.BooleanField(_("SME by the EU definition (self-declared)"), default=False)
    inhabitants = models.PositiveIntegerField(_("inhabitants"), null=True, blank=True)
    lat = models.FloatField(null=True, blank=True)
    lon = models.FloatField(null=True, blank=True)
    website = models.URLField(_("website"), blank=True)
    about = models.TextField(_("about"), blank=True)
    is_sample = models.BooleanField(default=False)
    hidden = models.BooleanField(default=False)
    joined_at = models.DateTimeField(default=timezone.now, db_index=True)
    members: "models.ManyToManyField[User, Membership]" = models.ManyToManyField(
        User, through="Membership", related_name="organisations"
    )

    class Meta:
        ordering = ("name", "id")

    def __str__(self) -> str:
        return self.name


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
