"""What staff see of people and organisations in the admin; secrets are not shown."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from viavolta.hub.frame.models import Event
from viavolta.hub.people.models import (
    ApiToken,
    Consent,
    Invitation,
    Membership,
    Organisation,
    Report,
    User,
)


@admin.register(User)
class UserAdmin(admin.ModelAdmin):  # type: ignore[type-arg] # no parameter at run time
    """Accounts and platform roles; passwords are set by their owners alone."""

    list_display = ("email", "name", "is_moderator", "is_lab_host", "is_staff", "joined_at")
    list_filter = ("is_moderator", "is_lab_host", "is_staff", "is_machine")
    search_fields = ("email", "name")
    fields = (
        "email",
        "name",
        "language",
        "is_active",
        "is_moderator",
        "is_lab_host",
        "is_staff",
        "is_superuser",
        "groups",
        "user_permissions",
    )


@admin.register(Organisation)
class OrganisationAdmin(admin.ModelAdmin):  # type: ignore[type-arg] # no parameter at run time
    """Organisations."""

    list_display = ("name", "kind", "country", "hidden", "is_sample", "joined_at")
    list_filter = ("kind", "country", "hidden", "is_sample")
    search_fields = ("name", "slug")


@admin.register(Membership)
class MembershipAdmin(admin.ModelAdmin):  # type: ignore[type-arg] # no parameter at run time
    """Who belongs where."""

    list_display = ("organisation", "user", "role", "since")
    list_select_related = ("organisation", "user")
    raw_id_fields = ("organisation", "user")


class ReadOnly(admin.ModelAdmin):  # type: ignore[type-arg] # no parameter at run time
    """What is looked at and never changed by hand."""

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002 - Django's signature
        """Nobody adds one."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 - Django's signature
        """Nobody changes one."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 - Django's signature
        """Nobody deletes one."""
        return False


@admin.register(Event)
class EventAdmin(ReadOnly):
    """The log."""

    list_display = ("at", "verb", "actor", "subject_kind", "subject_id")
    list_filter = ("verb",)
    list_select_related = ("actor",)


@admin.register(Consent, Report)
class KeptAdmin(ReadOnly):
    """Consents and reports."""


@admin.register(Invitation, ApiToken)
class SecretAdmin(ReadOnly):
    """Invitations and tokens, without their hashes."""

    exclude = ("secret_hash",)
