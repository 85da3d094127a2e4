"""The frame as a Django app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from viavolta.hub.frame.registry import Area, NavEntry, add_to_navigation, moderators


class FrameConfig(AppConfig):
    """Layout, access, events."""

    name = "viavolta.hub.frame"
    label = "frame"

    def ready(self) -> None:
        """Let moderators find the page of all components."""
        add_to_navigation(
            NavEntry(
                label=_("Components"),
                url_name="components",
                order=95,
                is_for=moderators,
                area=Area.ACCOUNT,
            )
        )
