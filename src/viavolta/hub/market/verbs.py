"""What people do on the market, as the record of events calls it."""

from enum import StrEnum


class MarketVerb(StrEnum):
    """Verbs of events whose subject is an entry (or a saved search)."""

    CREATED = "entry-created"
    EDITED = "entry-edited"
    PUBLISHED = "entry-published"
    WITHDRAWN = "entry-withdrawn"
    DELETED = "entry-deleted"
    UNDELETED = "entry-undeleted"
    PICTURE_ADDED = "entry-picture-added"
    PICTURE_REMOVED = "entry-picture-removed"
    PICTURE_PUT_BACK = "entry-picture-put-back"
    DOCUMENT_ADDED = "entry-document-added"
    DOCUMENT_REMOVED = "entry-document-removed"
    DOCUMENT_PUT_BACK = "entry-document-put-back"
    HIDDEN = "entry-hidden"
    SHOWN = "entry-shown"
    MERGED = "entries-merged"
    MERGE_UNDONE = "entries-merge-undone"
    REPLICATED = "solution-replicated"
    SEARCH_SAVED = "search-saved"
    SEARCH_CHANGED = "search-changed"
    SEARCH_FORGOTTEN = "search-forgotten"
