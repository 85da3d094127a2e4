"""The market as a Django app."""

from django.apps import AppConfig


class MarketConfig(AppConfig):
    """Needs, solutions, evidence, replications."""

    name = "viavolta.hub.market"
    label = "market"
