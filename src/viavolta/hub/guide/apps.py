"""The guide as a Django app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class GuideConfig(AppConfig):
    """Guideline texts."""

    name = "viavolta.hub.guide"
    label = "guide"

    def ready(self) -> None:
        """Add the guide to the navigation."""
        from viavolta.hub.frame.registry import (  # noqa: PLC0415 - apps must be loaded
            Door,
            NavEntry,
            add_door,
            add_to_navigation,
        )

        add_to_navigation(NavEntry(label=_("Guide"), url_name="guide:index", order=80))
        add_door(
            Door(
                title=_("Somebody who doubts"),
                text=_("What each input means, why it matters, where figures come from."),
                url_name="guide:index",
                order=60,
                icon_name="check",
            )
        )
