"""Rows of working together, by subject."""

from viavolta.hub.collaborate.models.calendar import (
    BreakoutGroup,
    FollowUp,
    Gathering,
    Registration,
)
from viavolta.hub.collaborate.models.calls import (
    Call,
    CallPart,
    Consortium,
    ConsortiumMember,
    Cover,
    DeclaredSkill,
)
from viavolta.hub.collaborate.models.collaborations import (
    Collaboration,
    Message,
    Partner,
    Project,
)
from viavolta.hub.collaborate.models.contacts import ContactRequest
from viavolta.hub.collaborate.models.news import NewsPost

__all__ = [
    "BreakoutGroup",
    "Call",
    "CallPart",
    "Collaboration",
    "Consortium",
    "ConsortiumMember",
    "ContactRequest",
    "Cover",
    "DeclaredSkill",
    "FollowUp",
    "Gathering",
    "Message",
    "NewsPost",
    "Partner",
    "Project",
    "Registration",
]
