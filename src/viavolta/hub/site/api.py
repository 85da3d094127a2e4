"""The JSON API: each app brings a router; described at `/api/openapi.json`."""

from ninja import NinjaAPI

from viavolta import __version__

api = NinjaAPI(title="viavolta", version=__version__, urls_namespace="api")
