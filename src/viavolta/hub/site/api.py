"""The JSON API: each app brings a router; described at `/api/openapi.json`."""

from typing import Any

from django.http import HttpRequest
from ninja import NinjaAPI
from ninja.parser import Parser
from ninja.renderers import JSONRenderer

from viavolta import __version__
from viavolta.hub.collaborate.api import router as collaborate
from viavolta.hub.drive.api import figures
from viavolta.hub.drive.api import router as rewards
from viavolta.hub.fleets.api import router as fleets
from viavolta.hub.frame.json_bodies import json_of
from viavolta.hub.frame.refusals import RefusedError
from viavolta.hub.kpis.api import router as kpis
from viavolta.hub.labs.api import router as labs
from viavolta.hub.market.api import router as market
from viavolta.hub.ocpi.api import router as roaming
from viavolta.hub.openadr.api import router as signals
from viavolta.hub.operate.api import router as operate
from viavolta.hub.operate.api.payloads import payload_schemas
from viavolta.hub.people.api import router as people
from viavolta.hub.people.api_auth import WHO_ASKS, FairUse
from viavolta.hub.site.description import described
from viavolta.hub.site.problems import problem, tell_problems
from viavolta.hub.studies.api_results import router as studies


class CompactJSON(JSONRenderer):
    """JSON without spaces between its parts."""

    json_dumps_params = {"separators": (",", ":")}  # noqa: RUF012 - ninja's own form


class SoundJSON(Parser):
    """JSON within bounds, without numbers and texts that no table holds."""

    def parse_body(self, request: HttpRequest) -> Any:
        """What a body says; an error makes ninja answer 400."""
        return json_of(request.body)


class HubAPI(NinjaAPI):
    """The API of the hub, with a description that says what every operation may answer."""

    def get_openapi_schema(self, **kwargs: Any) -> Any:
        """The OpenAPI document."""
        document = super().get_openapi_schema(**kwargs)
        document["components"].setdefault("schemas", {}).update(payload_schemas())
        return described(self, document)


api = HubAPI(
    title="viavolta",
    version=__version__,
    description=(
        "Everything a page of the hub shows. Programs send `Authorization: Bearer` with a token "
        "that an owner makes on the page of the organisation. Errors are problems as in RFC 9457; "
        "`code` stays the same between versions."
    ),
    urls_namespace="api",
    docs_url=None,
    auth=WHO_ASKS,
    throttle=FairUse(),
    renderer=CompactJSON(),
    parser=SoundJSON(),
)
tell_problems(api)
api.add_router("", people)
api.add_exception_handler(
    RefusedError,
    lambda request, error: problem(409, code="not-possible", detail=str(error)),  # noqa: ARG005 - ninja's signature
)
api.add_router("studies", studies)
api.add_router("", collaborate)
api.add_router("", labs)
api.add_router("", kpis)
api.add_router("", roaming)
api.add_router("", signals)
api.add_router("", market)
api.add_router("operate", operate)
api.add_router("operate", fleets)
api.add_router("operate", rewards)
api.add_router("statistics", figures)
