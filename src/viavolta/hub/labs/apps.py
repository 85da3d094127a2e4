"""Living labs as a Django app."""

from django.apps import AppConfig


class LabsConfig(AppConfig):
    """Labs, sessions, practices, regions."""

    name = "viavolta.hub.labs"
    label = "labs"

    def ready(self) -> None:
        """Take places in the navigation and on other apps' pages."""
        from viavolta.hub.labs import moderation, places  # noqa: PLC0415 - needs the models

        places.take()
        moderation.register()
