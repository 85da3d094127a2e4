"""Working together as a Django app."""

from django.apps import AppConfig


class CollaborateConfig(AppConfig):
    """Contacts, collaborations, calls, events, news."""

    name = "viavolta.hub.collaborate"
    label = "collaborate"

    def ready(self) -> None:
        """Take places on other apps' pages, and give workers a kind of run."""
        from viavolta.hub.collaborate import (  # noqa: PLC0415 - needs the models
            moderation,
            places,
            reminders,
        )

        places.take()
        moderation.register()
        reminders.register_kind()
