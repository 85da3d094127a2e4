"""Which objects a client sees, and how they are written for it.

Business logic sees all of its organisation. A VEN sees what it made or what belongs to it, and the
programmes and events that are for everybody or name a target granted to it: one of its VEN and
resource objects, or their names (OpenADR 3.1, object privacy; held in 3.0.1 too).
"""

from collections.abc import Iterable
from typing import Any

from django.db.models import Q, QuerySet

from viavolta.hub.openadr.models import Client, ClientRole, VtnObject
from viavolta.protocols.openadr.objects import Kind, Version, outward

TARGETED = frozenset({Kind.PROGRAM, Kind.EVENT})


def seen_by(client: Client, kind: Kind) -> QuerySet[VtnObject]:
    """Objects of a kind that a client sees."""
    rows = VtnObject.objects.filter(organisation=client.organisation_id, kind=kind)
    if client.role == ClientRole.BL:
        return rows
    if kind not in TARGETED:
        return rows.filter(client=client)
    names = granted(client)
    meant = _meant_for(names, "")
    if kind is Kind.EVENT:
        meant &= _meant_for(names, "parent__")
    return rows.filter(meant).distinct()


def granted(client: Client) -> set[str]:
    """The targets that a VEN may be reached by."""
    own = VtnObject.objects.filter(client=client, kind__in=(Kind.VEN, Kind.RESOURCE))
    return {*own.values_list("targets__value", flat=True), *own.values_list("name", flat=True)} - {
        None
    }


def is_seen(client: Client, row: VtnObject) -> bool:
    """Whether a client sees an object."""
    return seen_by(client, Kind(row.kind)).filter(pk=row.pk).exists()


def written(row: VtnObject, version: Version, client: Client) -> dict[str, Any]:
    """An object as a client of a version gets it."""
    return all_written([row], version, client)[0]


def all_written(
    rows: Iterable[VtnObject], version: Version, client: Client
) -> list[dict[str, Any]]:
    """Objects of one kind as a client gets them."""
    names = granted(client) if client.role == ClientRole.VEN else None
    return [
        wire(
            row,
            version,
            names=names if row.kind in TARGETED else None,
            resources=_resources(row) if row.kind == Kind.VEN else (),
        )
        for row in rows
    ]


def wire(
    row: VtnObject,
    version: Version,
    *,
    names: set[str] | None = None,
    resources: Iterable[VtnObject] = (),
) -> dict[str, Any]:
    """An object with what the VTN writes itself; of its targets only `names`, where given."""
    kind = Kind(row.kind)
    content = dict(row.content)
    if names is not None and content.get("targets"):
        content["targets"] = [
            {**target, "values": [v for v in target["values"] if str(v) in names]}
            for target in content["targets"]
        ]
    if kind is Kind.VEN:
        content["resources"] = [wire(one, version) for one in resources]
    if kind in {Kind.VEN, Kind.RESOURCE, Kind.REPORT, Kind.SUBSCRIPTION} and row.client:
        content["clientID"] = row.client.client_id
    if kind is Kind.RESOURCE and row.parent:
        content["venID"] = row.parent.object_id
    return {
        "id": row.object_id,
        "createdDateTime": _time(row.created_at),
        "modificationDateTime": _time(row.modified_at),
        "objectType": kind.value,
        **outward(version, kind, content),
    }


def _time(moment: Any) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S.}{moment.microsecond // 1000:03d}Z"


def _resources(row: VtnObject) -> list[VtnObject]:
    return list(row.children.filter(kind=Kind.RESOURCE).select_related("client", "parent"))


def _meant_for(names: set[str], path: str) -> Q:
    return Q(**{f"{path}targets": None}) | Q(**{f"{path}targets__value__in": names})
