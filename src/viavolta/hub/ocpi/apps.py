"""Roaming as a Django app."""

from django.apps import AppConfig


class OcpiConfig(AppConfig):
    """Partners of OCPI."""

    name = "viavolta.hub.ocpi"
    label = "ocpi"

    def ready(self) -> None:
        """Take a tab on the pages of running stations."""
        from django.utils.translation import gettext_lazy as _  # noqa: PLC0415 - needs the apps

        from viavolta.hub.operate.tenants import add_tab  # noqa: PLC0415 - needs the models

        add_tab(_("Roaming partners"), "roaming")
