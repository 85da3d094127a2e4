"""The market as a Django app."""

from django.apps import AppConfig


class MarketConfig(AppConfig):
    """Needs, solutions, evidence, replications."""

    name = "viavolta.hub.market"
    label = "market"

    def ready(self) -> None:
        """Give the market its places on pages, and workers its kinds of runs."""
        from viavolta.hub.market import places, reporting, telling, vectors  # noqa: PLC0415 - need the models

        places.take_places()
        reporting.register_kind()
        vectors.register_kind()
        telling.register_kind()
