"""Running stations as a Django app."""

from django.apps import AppConfig


class OperateConfig(AppConfig):
    """Map, stations, sessions, limits, commands."""

    name = "viavolta.hub.operate"
    label = "operate"

    def ready(self) -> None:
        """Take places in the navigation and on other apps' pages."""
        from viavolta.hub.operate import places  # noqa: PLC0415 - needs the models

        places.take()
