"""The documents people agree to, and their versions.

A version changes when the meaning of a text changes; people are then asked again at sign-in.
"""

from viavolta.hub.people.models import Consent, Document, User

VERSIONS = {Document.TERMS: "2026-12-01", Document.PRIVACY: "2026-12-01"}


def lacks_consent(user: User) -> bool:
    """Whether a person has not agreed to the current versions."""
    given = set(Consent.objects.filter(user=user).values_list("document", "document_version"))
    return any((str(document), version) not in given for document, version in VERSIONS.items())
