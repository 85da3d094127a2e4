"""The frame as a Django app."""

from django.apps import AppConfig


class FrameConfig(AppConfig):
    """Layout, access, events."""

    name = "viavolta.hub.frame"
    label = "frame"
