"""The shared tables as a Django app."""

from django.apps import AppConfig


class TablesConfig(AppConfig):
    """Runs."""

    name = "viavolta.storage.tables"
    label = "tables"
