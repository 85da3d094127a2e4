"""Scopes of OpenADR 3: what a client of each role may do."""

from viavolta.hub.openadr.models import ClientRole
from viavolta.protocols.openadr.objects import Kind

READ_ALL, READ_TARGETS, READ_OWN = "read_all", "read_targets", "read_ven_objects"
_BOTH = {READ_ALL, "write_subscriptions", "write_vens"}
SCOPES: dict[str, frozenset[str]] = {
    ClientRole.BL: frozenset({*_BOTH, "read_bl", "write_programs", "write_events"}),
    ClientRole.VEN: frozenset({*_BOTH, READ_TARGETS, READ_OWN, "write_reports"}),
}
"""3.0.1 lets VENs ask for `read_all`; they see what is theirs all the same, as 3.1 has it."""

_TARGETED = (Kind.PROGRAM, Kind.EVENT)
_WRITE = {
    Kind.PROGRAM: "write_programs",
    Kind.EVENT: "write_events",
    Kind.REPORT: "write_reports",
    Kind.SUBSCRIPTION: "write_subscriptions",
    Kind.VEN: "write_vens",
    Kind.RESOURCE: "write_vens",
}


def reading(kind: Kind) -> frozenset[str]:
    """Scopes of which one is enough to read objects of a kind."""
    return frozenset({READ_ALL, READ_TARGETS if kind in _TARGETED else READ_OWN})


def writing(kind: Kind) -> frozenset[str]:
    """The scope that writing objects of a kind takes."""
    return frozenset({_WRITE[kind]})
