"""Fleets as a Django app."""

from django.apps import AppConfig


class FleetsConfig(AppConfig):
    """Vehicles and departures of an organisation."""

    name = "viavolta.hub.fleets"
    label = "fleets"

    def ready(self) -> None:
        """Take a tab beside stations; have workers turn departures into wishes."""
        from django.utils.translation import gettext_lazy as _  # noqa: PLC0415 - needs the apps

        from viavolta.hub.fleets import rounds  # noqa: PLC0415 - needs the models
        from viavolta.hub.operate.tenants import add_tab  # noqa: PLC0415 - needs the models

        add_tab(_("Fleet"), "fleet")
        rounds.take()
