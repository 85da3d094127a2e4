"""People as a Django app."""

from django.apps import AppConfig


class PeopleConfig(AppConfig):
    """Accounts, organisations, roles."""

    name = "viavolta.hub.people"
    label = "people"
