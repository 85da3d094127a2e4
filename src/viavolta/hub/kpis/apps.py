"""Indicators as a Django app."""

from django.apps import AppConfig


class KpisConfig(AppConfig):
    """Indicators and their baselines."""

    name = "viavolta.hub.kpis"
    label = "kpis"
