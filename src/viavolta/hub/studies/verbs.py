"""What is written down about uploads and studies (sharing has its own list)."""

from enum import StrEnum


class StudyVerb(StrEnum):
    """Things people do with files and studies."""

    UPLOADED = "upload.kept"
    UPLOAD_TERMS = "upload.terms-set"
    UPLOAD_REMOVED = "upload.removed"
    DRAFTED = "draft.begun"
    DRAFT_REMOVED = "draft.removed"
    STARTED = "study.started"
    RUN_ASKED = "study.run-asked"
    RUN_CANCELLED = "study.run-cancelled"
    RUN_RESUMED = "study.run-resumed"
    COMPUTED = "study.computed"
