"""Where our requests to partners may go."""

from django.conf import settings

from viavolta.storage.outgoing import Door


def partner_door() -> Door:
    """The public internet; where the hub is told so, this machine too, for trials and tests."""
    door: Door = settings.CONFIG.partner_door
    return door
