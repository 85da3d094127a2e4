"""Running stations in the API: queries, changes, and every command to a station by name."""

from ninja import Router

from viavolta.hub.operate.api import changes  # noqa: F401 - adds its operations to those of queries
from viavolta.hub.operate.api.commands import router as commands
from viavolta.hub.operate.api.queries import router as queries

router = Router()
router.add_router("", queries)
router.add_router("", commands)
