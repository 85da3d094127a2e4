"""The market as a Django app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from viavolta.hub.frame.registry import (
    Area,
    NavEntry,
    add_to_navigation,
    moderators,
    signed_in,
)


class MarketConfig(AppConfig):
    """Needs, solutions, evidence, replications."""

    name = "viavolta.hub.market"
    label = "market"

    def ready(self) -> None:
        """Give the market its places in the navigation, and workers its kind of run."""
        from viavolta.hub.market import telling, vectors  # noqa: PLC0415 - need the models

        vectors.register_kind()
        telling.register_kind()
        for entry in (
            NavEntry(label=_("Market"), url_name="market", order=30),
            NavEntry(
                label=_("Our needs and solutions"),
                url_name="market-ours",
                order=30,
                is_for=signed_in,
                area=Area.ACCOUNT,
            ),
            NavEntry(
                label=_("Duplicates and hidden entries"),
                url_name="market-moderate",
                order=80,
                is_for=moderators,
                area=Area.ACCOUNT,
            ),
        ):
            add_to_navigation(entry)
