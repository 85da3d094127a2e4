"""What people and organisations do that is written down."""

from enum import StrEnum


class Verb(StrEnum):
    """Verbs of the events of this app."""

    ACCOUNT_OPENED = "account opened"
    ACCOUNT_ERASED = "account erased"
    CONSENT_GIVEN = "consent given"
    DATA_EXPORTED = "data exported"
    ORGANISATION_JOINED = "organisation joined"
    ORGANISATION_CHANGED = "organisation changed"
    ORGANISATION_DELETED = "organisation deleted"
    MEMBER_INVITED = "member invited"
    INVITATION_REVOKED = "invitation revoked"
    MEMBER_JOINED = "member joined"
    MEMBER_LEFT = "member left"
    MEMBER_REMOVED = "member removed"
    ROLE_CHANGED = "role changed"
    TOKEN_MADE = "token made"  # noqa: S105 - a verb
    TOKEN_REVOKED = "token revoked"  # noqa: S105 - a verb
    THING_REPORTED = "thing reported"
    REPORT_DISMISSED = "report dismissed"
    THING_HIDDEN = "thing hidden"
    THING_SHOWN = "thing shown again"
