"""Working together in the API: all that the pages show, and the main things that editors do."""

from ninja import Router

from viavolta.hub.collaborate.api import calendar, calls, collaborations, contacts, news

router = Router()
router.add_router("", contacts.router)
router.add_router("", collaborations.router)
router.add_router("", calls.router)
router.add_router("", calendar.router)
router.add_router("", news.router)
