"""Working together as a Django app."""

from django.apps import AppConfig


class CollaborateConfig(AppConfig):
    """Contacts, collaborations, calls, events, news."""

    name = "viavolta.hub.collaborate"
    label = "collaborate"
