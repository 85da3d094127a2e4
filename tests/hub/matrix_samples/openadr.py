"""Samples of grid signals."""

from cast import Cast
from django.conf import settings
from matrix import NO_METHOD, OK, VISITORS, row, sample

from viavolta.hub.openadr.clients import make_client
from viavolta.hub.openadr.models import ClientRole, Connection, ForeignEvent
from viavolta.storage.sealed import seal

ANYBODY = {visitor: {OK, NO_METHOD} for visitor in VISITORS}

for argument in ("object_id", "ven_id", "path"):
    sample(argument)(lambda _cast: "none")
for base in ("", "3.0.1", "3.1.0"):
    row(f"openadr{base}-token", outcomes=ANYBODY)
    row(f"openadr{base}-token-server", outcomes=ANYBODY)


def a_connection(cast: Cast) -> Connection:
    """The city follows a grid operator."""
    return Connection.objects.create(
        organisation=cast.organisation,
        name="Grid",
        url="https://vtn.example.org/openadr3/3.0.1",
        client_id="ven",
        secret=seal(settings.CONFIG.data, "x"),
        ven_name="sampleton",
        offered=["Capacity"],
    )


def an_event(cast: Cast) -> ForeignEvent:
    """An event of the grid operator."""
    return ForeignEvent.objects.create(
        connection=a_connection(cast),
        event_id="e",
        content={"programID": "p", "intervals": []},
        received_at="2026-12-01T10:00Z",
    )


CONNECTION = {
    "name": "Grid",
    "url": "https://vtn.example.org/openadr3/3.0.1",
    "version": "3.0.1",
    "client_id": "ven",
    "secret": "x",
    "ven_name": "v",
    "poll_s": 30,
}
for route in ("", "-edit", "-programs", "-look", "-end"):
    sample("number", route=f"grid-connection{route}")(lambda cast: a_connection(cast).pk)
sample("number", route="grid-event-choose")(lambda cast: an_event(cast).connection.pk)
sample("event", route="grid-event-choose")(lambda _cast: ForeignEvent.objects.get().pk)
sample("grid_event")(lambda cast: an_event(cast).pk)


@sample("client", route="grid-client-end")
def a_client(cast: Cast) -> int:
    """A client of the city's VTN."""
    owner = cast.users["owner"]
    return make_client(owner, cast.organisation, name="DSO", role=ClientRole.BL)[0].pk


row("grid-client-new", post={"name": "DSO", "role": "BL"})
row("grid-connection-new", post=CONNECTION)
row("grid-connection-edit", post=CONNECTION)
row("grid-connection-programs", post={"programs": "Capacity"})
row("grid-event-choose", post={"out": "1"})
row("choose_grid_event", post={"is_out": True})
