"""Indicators as a Django app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from viavolta.hub.frame.registry import Area, NavEntry, add_to_navigation


class KpisConfig(AppConfig):
    """Indicators and their baselines."""

    name = "viavolta.hub.kpis"
    label = "kpis"

    def ready(self) -> None:
        """Take a place at the foot of every page."""
        add_to_navigation(
            NavEntry(label=_("Indicators"), url_name="kpis", order=60, area=Area.FOOT)
        )
