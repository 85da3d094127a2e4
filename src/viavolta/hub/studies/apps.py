"""Studies as a Django app."""

from django.apps import AppConfig


class StudiesConfig(AppConfig):
    """Uploads, studies, scenarios."""

    name = "viavolta.hub.studies"
    label = "studies"
