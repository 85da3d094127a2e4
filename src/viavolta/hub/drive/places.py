"""Where drivers appear on other apps' pages."""

from django.utils.translation import gettext_lazy as _

from viavolta.hub.frame.registry import Area, NavEntry, add_to_navigation


def take() -> None:
    """Register entries."""
    add_to_navigation(
        NavEntry(label=_("My charging"), url_name="drive-mine", order=60, area=Area.FOOT)
    )
