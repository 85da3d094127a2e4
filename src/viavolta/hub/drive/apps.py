"""Drivers at a station as a Django app."""

from django.apps import AppConfig


class DriveConfig(AppConfig):
    """The page at the post, receipts, bills, rewards."""

    name = "viavolta.hub.drive"
    label = "drive"

    def ready(self) -> None:
        """Take a place on pages; have workers close bills, tie visits and forget what is old."""
        from viavolta.hub.drive import places, rounds  # noqa: PLC0415 - needs the models

        places.take()
        rounds.take()
