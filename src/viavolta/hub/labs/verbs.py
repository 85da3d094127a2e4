"""What is recorded of living labs."""

from enum import StrEnum


class Verb(StrEnum):
    """What people did in labs and with practices."""

    LAB_OPENED = "lab.opened"
    LAB_CHANGED = "lab.changed"
    LAB_HIDDEN = "lab.hidden"
    HOST_ADDED = "lab.host-added"
    HOST_REMOVED = "lab.host-removed"
    PARTICIPANT_INVITED = "lab.invited"
    PARTICIPANT_JOINED = "lab.joined"
    PARTICIPANT_DECLINED = "lab.declined"
    PARTICIPANT_LEFT = "lab.left"
    SESSION_PLANNED = "lab.session-planned"
    SESSION_CHANGED = "lab.session-changed"
    PRACTICE_WRITTEN = "practice.written"
    PRACTICE_CHANGED = "practice.changed"
    PRACTICE_SUBMITTED = "practice.submitted"
    PRACTICE_PUBLISHED = "practice.published"
    PRACTICE_RETURNED = "practice.returned"
    PRACTICE_HIDDEN = "practice.hidden"
