"""Living labs as a Django app."""

from django.apps import AppConfig


class LabsConfig(AppConfig):
    """Labs, sessions, practices, regions."""

    name = "viavolta.hub.labs"
    label = "labs"
