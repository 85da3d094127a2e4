"""The market as a Django app."""

from django.apps import AppConfig


class MarketConfig(AppConfig):
    """Needs, solutions, evidence, replications."""

    name = "viavolta.hub.market"
    label = "market"

    def ready(self) -> None:
        """Give the market its places on pages, and workers its kinds of runs."""
        from viavolta.hub.market import (  # noqa: PLC0415 - need the models
            holdings,
            places,
            reporting,
            telling,
            vectors,
        )

        places.take_places()
        reporting.register_kind()
        holdings.register_holding()
        vectors.register_kind()
        telling.register_kind()
