"""What is recorded of working together, and what counts as activity."""

from datetime import timedelta
from enum import StrEnum


class Verb(StrEnum):
    """What people did; the subject of each is named by the word before the dot."""

    CONTACT_ASKED = "contact.asked"
    CONTACT_ACCEPTED = "contact.accepted"
    CONTACT_DECLINED = "contact.declined"
    COLLABORATION_STARTED = "collaboration.started"
    COLLABORATION_CHANGED = "collaboration.changed"
    COLLABORATION_INVITED = "collaboration.invited"
    COLLABORATION_JOINED = "collaboration.joined"
    COLLABORATION_DECLINED = "collaboration.declined"
    COLLABORATION_LEFT = "collaboration.left"
    COLLABORATION_WROTE = "collaboration.wrote"
    COLLABORATION_MET = "collaboration.met"
    COLLABORATION_HIDDEN = "collaboration.hidden"
    PROJECT_ADDED = "project.added"
    PROJECT_CHANGED = "project.changed"
    CALL_OPENED = "call.opened"
    CALL_CHANGED = "call.changed"
    CALL_HIDDEN = "call.hidden"
    CONSORTIUM_FORMED = "consortium.formed"
    CONSORTIUM_CHANGED = "consortium.changed"
    CONSORTIUM_INVITED = "consortium.invited"
    CONSORTIUM_ANSWERED = "consortium.answered"
    SKILLS_DECLARED = "skills.declared"
    EVENT_PLANNED = "event.planned"
    EVENT_CHANGED = "event.changed"
    EVENT_CANCELLED = "event.cancelled"
    EVENT_HIDDEN = "event.hidden"
    EVENT_REGISTERED = "event.registered"
    EVENT_UNREGISTERED = "event.unregistered"
    EVENT_GROUPED = "event.grouped"
    EVENT_ATTENDED = "event.attended"
    EVENT_MINUTED = "event.minuted"
    TASK_SET = "task.set"
    TASK_DONE = "task.done"
    TASK_REOPENED = "task.reopened"
    TASK_REMINDED = "task.reminded"
    NEWS_WRITTEN = "news.written"
    NEWS_SUBMITTED = "news.submitted"
    NEWS_PUBLISHED = "news.published"
    NEWS_RETURNED = "news.returned"
    NEWS_HIDDEN = "news.hidden"


ACTIVITY = frozenset(
    {
        Verb.COLLABORATION_STARTED,
        Verb.COLLABORATION_CHANGED,
        Verb.COLLABORATION_JOINED,
        Verb.COLLABORATION_WROTE,
        Verb.COLLABORATION_MET,
        Verb.PROJECT_ADDED,
        Verb.PROJECT_CHANGED,
    }
)
"""Events of a collaboration that show its members at work; inviting alone or leaving does not."""

ACTIVE_WITHIN = timedelta(days=180)
"""A collaboration is active while its last activity is not older than this."""
