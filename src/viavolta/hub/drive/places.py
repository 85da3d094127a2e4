"""Where drivers appear on other apps' pages."""

from django.utils.translation import gettext_lazy as _

from viavolta.hub.frame.registry import Area, NavEntry, add_to_navigation
from viavolta.hub.operate.tenants import add_tab


def take() -> None:
    """Register entries."""
    add_tab(_("Rewards"), "drive-rewards")
    add_tab(_("Terms"), "drive-terms")
    add_to_navigation(
        NavEntry(label=_("My charging"), url_name="drive-mine", order=60, area=Area.FOOT)
    )
    add_to_navigation(
        NavEntry(
            label=_("Charging in figures"), url_name="drive-statistics", order=61, area=Area.FOOT
        )
    )
