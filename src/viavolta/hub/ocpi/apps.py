"""Roaming as a Django app."""

from django.apps import AppConfig


class OcpiConfig(AppConfig):
    """Partners of OCPI."""

    name = "viavolta.hub.ocpi"
    label = "ocpi"
