"""The tree of an organisation's limits as a VEN with a resource for each: what events may name.

They are made from the tree at every look and are there for business logic alone; each resource
carries as targets its own limit and all above it.
"""

from typing import Any

from viavolta.hub.openadr.models import Client, ClientRole
from viavolta.hub.openadr.refusals import missing
from viavolta.hub.people.models import Organisation
from viavolta.protocols.openadr.objects import Kind, Version, outward
from viavolta.storage.tables.live import SiteLimit

_MOST_DEEP = 20


def tree_objects(client: Client, kind: Kind, version: Version) -> list[dict[str, Any]]:
    """The VEN of the tree, or its resources, as a client of a version gets them."""
    if client.role != ClientRole.BL or kind not in {Kind.VEN, Kind.RESOURCE}:
        return []
    resources = _resources(client.organisation)
    if not resources:
        return []
    found = [_ven(client.organisation, resources)] if kind is Kind.VEN else resources
    return [outward(version, kind, one) for one in found]


def tree_ven_id(organisation: Organisation) -> str:
    """The id of the VEN that stands for the tree."""
    return f"tree-{organisation.pk}"


def is_of_tree(object_id: str) -> bool:
    """Whether an id is one of the tree."""
    return object_id.startswith(("tree-", "limit-"))


def tree_object(client: Client, kind: Kind, version: Version, object_id: str) -> dict[str, Any]:
    """One of them by its id.

    Raises
    ------
    RefusedError: there is none.
    """
    for one in tree_objects(client, kind, version):
        if one["id"] == object_id:
            return one
    raise missing(kind.lower())


def _ven(organisation: Organisation, resources: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "id": tree_ven_id(organisation),
        "createdDateTime": min(one["createdDateTime"] for one in resources),
        "modificationDateTime": max(one["modificationDateTime"] for one in resources),
        "objectType": Kind.VEN.value,
        "venName": organisation.slug[:128],
        "resources": resources,
    }


def _resources(organisation: Organisation) -> list[dict[str, Any]]:
    rows = {row.pk: row for row in SiteLimit.objects.filter(tenant_id=organisation.pk)}
    return [_resource(organisation, row, rows) for row in rows.values()]


def _resource(
    organisation: Organisation, row: SiteLimit, rows: dict[int, SiteLimit]
) -> dict[str, Any]:
    above = [row.limit_id]
    parent = row.parent_id
    while parent in rows and len(above) < _MOST_DEEP:
        above.append(rows[parent].limit_id)
        parent = rows[parent].parent_id
    moment = f"{row.changed_at:%Y-%m-%dT%H:%M:%SZ}"
    attributes = [
        {"type": kind, "values": [value]}
        for kind, value in (
            ("IMPORT_CAPACITY", row.import_kw),
            ("EXPORT_CAPACITY", row.export_kw),
            ("DESCRIPTION", row.name or None),
        )
        if value is not None
    ]
    return {
        "id": f"limit-{row.pk}",
        "createdDateTime": moment,
        "modificationDateTime": moment,
        "objectType": Kind.RESOURCE.value,
        "resourceName": row.limit_id,
        "venID": tree_ven_id(organisation),
        "attributes": attributes,
        "targets": [{"type": "GROUP", "values": above}],
    }
