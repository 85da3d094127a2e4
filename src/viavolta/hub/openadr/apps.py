"""Grid signals as a Django app."""

from django.apps import AppConfig


class OpenadrConfig(AppConfig):
    """A VTN and a VEN of OpenADR 3."""

    name = "viavolta.hub.openadr"
    label = "openadr"
