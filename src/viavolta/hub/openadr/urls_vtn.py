"""Addresses of the VTN; without a version in it an address speaks 3.0.1."""

from django.urls import path
from django.urls.resolvers import URLPattern

from viavolta.hub.openadr import vtn
from viavolta.protocols.openadr.objects import Kind, Version

_PLURALS = {
    "programs": Kind.PROGRAM,
    "events": Kind.EVENT,
    "reports": Kind.REPORT,
    "subscriptions": Kind.SUBSCRIPTION,
    "vens": Kind.VEN,
}


def _of(version: Version, base: str) -> list[URLPattern]:
    """All addresses of a version below a base."""
    name = f"openadr{base.replace('/', '')}"
    plurals = _PLURALS | ({"resources": Kind.RESOURCE} if version is Version.V310 else {})
    found = []
    for plural, kind in plurals.items():
        words = {"version": version, "kind": kind}
        found += [
            path(f"{base}{plural}", vtn.collection, words, name=f"{name}-{plural}"),
            path(f"{base}{plural}/<str:object_id>", vtn.item, words, name=f"{name}-{plural}-one"),
        ]
    if version is Version.V301:
        words = {"version": version, "kind": Kind.RESOURCE}
        resources = f"{base}vens/<str:ven_id>/resources"
        found += [
            path(resources, vtn.collection, words, name=f"{name}-resources"),
            path(f"{resources}/<str:object_id>", vtn.item, words, name=f"{name}-resources-one"),
        ]
    else:
        found.append(path(f"{base}notifiers", vtn.notifiers, name=f"{name}-notifiers"))
    return [
        *found,
        path(f"{base}auth/token", vtn.token, name=f"{name}-token"),
        path(f"{base}auth/server", vtn.token_server, name=f"{name}-token-server"),
    ]


urlpatterns = [
    *_of(Version.V301, ""),
    *_of(Version.V301, "3.0.1/"),
    *_of(Version.V310, "3.1.0/"),
    path("<path:path>", vtn.nothing, name="openadr-nothing"),
]
