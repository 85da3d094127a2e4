"""Living labs as a Django app."""

from django.apps import AppConfig


class LabsConfig(AppConfig):
    """Labs, sessions, practices, regions."""

    name = "viavolta.hub.labs"
    label = "labs"

    def ready(self) -> None:
        """Take places in the navigation and on other apps' pages."""
        from viavolta.hub.labs import places  # noqa: PLC0415 - models must be loaded first

        places.take()
