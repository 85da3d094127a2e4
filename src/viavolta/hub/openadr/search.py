"""Lists of objects by what a query asks for, page by page."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet
from django.http import QueryDict

from viavolta.hub.openadr.clients import Caller
from viavolta.hub.openadr.models import VtnObject
from viavolta.hub.openadr.refusals import bad
from viavolta.hub.openadr.seen import all_written, seen_by
from viavolta.hub.openadr.tree import tree_objects
from viavolta.protocols.openadr.intervals import targets_of
from viavolta.protocols.openadr.objects import NAME, Kind, Version

MOST = 50
_FAR = 2**31
_BY_NAME = {
    Kind.PROGRAM: "PROGRAM_NAME",
    Kind.EVENT: "EVENT_NAME",
    Kind.VEN: "VEN_NAME",
    Kind.RESOURCE: "RESOURCE_NAME",
}
"""Types of targets that stand for an object's own name."""
_NAMED = {
    Kind.REPORT: "clientName",
    Kind.SUBSCRIPTION: "clientName",
    Kind.VEN: "venName",
    Kind.RESOURCE: "resourceName",
}
_PARENTS = {
    Kind.EVENT: {"programID": "parent__object_id"},
    Kind.REPORT: {"programID": "parent__parent__object_id", "eventID": "parent__object_id"},
    Kind.SUBSCRIPTION: {"programID": "parent__object_id"},
    Kind.RESOURCE: {"venID": "parent__object_id"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What is asked for: which objects, which page."""

    names: dict[str, str]
    target_type: str
    target_values: tuple[str, ...]
    objects: tuple[str, ...]
    skip: int
    limit: int


def query_of(kind: Kind, version: Version, asked: QueryDict, ven_id: str | None) -> Query:
    """Read a query.

    Raises
    ------
    RefusedError: a number that is none, or what is not offered.
    """
    if "active" in asked:
        msg = "the query parameter active is not offered"
        raise bad(msg)
    keys = {*_PARENTS.get(kind, ()), _NAMED.get(kind, "")} & set(asked)
    names = {key: asked.get(key, "") for key in keys}
    if ven_id is not None:
        names["venID"] = ven_id
    plain = asked.getlist("targets") if version is Version.V310 else []
    return Query(
        names=names,
        target_type=asked.get("targetType", ""),
        target_values=tuple(asked.getlist("targetValues") or plain),
        objects=tuple(asked.getlist("objects")) if kind is Kind.SUBSCRIPTION else (),
        skip=_number(asked, "skip", 0, _FAR),
        limit=_number(asked, "limit", MOST, MOST),
    )


def found(caller: Caller, kind: Kind, version: Version, query: Query) -> list[dict[str, Any]]:
    """The objects of a page, those of the tree of limits first."""
    tree = [one for one in tree_objects(caller.client, kind, version) if _fits(one, kind, query)]
    begin, end = query.skip, query.skip + query.limit
    rows = _filtered(seen_by(caller.client, kind), kind, query).select_related("client", "parent")
    page = rows.order_by("pk")[max(0, begin - len(tree)) : max(0, end - len(tree))]
    return [*tree[begin:end], *all_written(page, version, caller.client)]


def _number(asked: QueryDict, key: str, default: int, most: int) -> int:
    words = asked.get(key)
    if words is None:
        return default
    if not words.isascii() or not words.isdecimal() or len(words) > len(str(_FAR)):
        msg = f"{key}: expected a whole number, 0 or more"
        raise bad(msg)
    if int(words) > most:
        msg = f"{key}: expected {most} or less"
        raise bad(msg)
    return int(words)


def _filtered(rows: QuerySet[VtnObject], kind: Kind, query: Query) -> QuerySet[VtnObject]:
    for key, value in query.names.items():
        rows = rows.filter(**{_PARENTS.get(kind, {}).get(key, "name"): value})
    if query.target_type and query.target_type == _BY_NAME.get(kind) and query.target_values:
        rows = rows.filter(
            Q(name__in=query.target_values) | Q(targets__value__in=query.target_values)
        )
    elif query.target_type or query.target_values:
        wanted: dict[str, Any] = {}
        if query.target_type:
            wanted["targets__type"] = query.target_type
        if query.target_values:
            wanted["targets__value__in"] = query.target_values
        rows = rows.filter(**wanted)
    if query.objects:
        names = [
            pk
            for pk, content in rows.values_list("pk", "content")
            if _subscribes(content, query.objects)
        ]
        rows = rows.filter(pk__in=names)
    return rows.distinct()


def _subscribes(content: dict[str, Any], objects: tuple[str, ...]) -> bool:
    return any(
        not set(objects).isdisjoint(one["objects"]) for one in content.get("objectOperations", ())
    )


def _fits(one: dict[str, Any], kind: Kind, query: Query) -> bool:
    """Whether an object of the tree is asked for."""
    for key, value in query.names.items():
        if one.get(key) != value:
            return False
    if not query.target_values:
        return not query.target_type or query.target_type == "GROUP"
    names = {*targets_of(one), one[NAME[kind]]}
    return not names.isdisjoint(query.target_values)
