"""Working together as a Django app."""

from django.apps import AppConfig


class CollaborateConfig(AppConfig):
    """Contacts, collaborations, calls, events, news."""

    name = "viavolta.hub.collaborate"
    label = "collaborate"

    def ready(self) -> None:
        """Take places in the navigation and on other apps' pages."""
        from viavolta.hub.collaborate import places  # noqa: PLC0415 - models must be loaded first

        places.take()
