"""Pages and API of grid signals."""

import json
from typing import Any

import pytest
from cast import Cast
from django.urls import reverse
from django.utils import timezone
from openadr_vtn import Speaker, limiting, token_for

from viavolta.hub.openadr.models import Client, Connection, ForeignEvent
from viavolta.storage.tables.live import LimitChange, SiteLimit

pytestmark = pytest.mark.django_db
Tree = dict[str, SiteLimit]
CONNECTION = {
    "name": "Grid",
    "url": "https://vtn.example.org/openadr3/3.0.1",
    "version": "3.0.1",
    "client_id": "ven-7",
    "secret": "very secret",
    "ven_name": "sampleton",
    "limit_id": "feeder-7",
    "takes_limits": "on",
    "is_on": "on",
    "poll_s": 60,
}


def at(name: str, *more: object) -> str:
    """The address of a page of the city."""
    return reverse(name, args=("sampleton", *more))


def test_an_event_is_shown_with_what_it_does(
    cast: Cast, dso: Speaker, tree: Tree, program: str
) -> None:
    """Limits and power; one that names no limit is said to."""
    del tree
    dso.made("events", limiting(program, 60, 40, eventName="Evening"))
    dso.made("events", limiting(program, 60, group="elsewhere", eventName="Stray"))
    page = cast.client("reader").get(at("grid-signals")).content.decode()
    for words in ("Evening", "feeder-7", "40.0", "Stray", "sets no limit of yours"):
        assert words in page
    told = cast.client("reader").get("/api/organisations/sampleton/grid-events").json()["items"]
    assert [(one["name"], one["limits"], one["lowest_import_kw"]) for one in told] == [
        ("Stray", [], None),
        ("Evening", ["feeder-7"], 40),
    ]
    csv = cast.client("reader").get(at("grid-signals"), {"format": "csv"})
    assert csv.status_code == 200


def test_a_secret_is_shown_once(cast: Cast) -> None:
    """The new client works; its secret stands on no other page, and the client can be revoked."""
    owner = cast.client("owner")
    answer = owner.post(at("grid-client-new"), {"name": "DSO", "role": "BL"})
    assert answer.headers["Cache-Control"] == "no-store"
    row = Client.objects.get()
    page = answer.content.decode()
    secret = page.split("<code>oadr_")[1].split("<")[0]
    assert token_for(row, f"oadr_{secret}")[0] == 200
    again = owner.get(at("grid-signals")).content.decode()
    assert row.client_id in again
    assert secret not in again
    assert secret not in owner.get("/api/organisations/sampleton/grid-clients").content.decode()
    owner.post(at("grid-client-end", row.pk))
    assert token_for(row, f"oadr_{secret}")[0] == 401
    assert owner.post(at("grid-client-new"), {"name": "", "role": "BL"}).status_code == 422


def test_a_vtn_is_followed_and_left(cast: Cast, tree: Tree) -> None:
    """Made, changed without its secret, programmes chosen, ended with its limits."""
    owner = cast.client("owner")
    made = owner.post(at("grid-connection-new"), CONNECTION)
    row = Connection.objects.get()
    assert made.headers["Location"] == at("grid-connection", row.pk)
    assert "very secret" not in row.secret
    pages = [at("grid-connection", row.pk), at("grid-connection-edit", row.pk), at("grid-signals")]
    for page in pages:
        text = owner.get(page).content.decode()
        assert "Grid" in text
        assert "very secret" not in text
        assert row.secret not in text
    kept = row.secret
    owner.post(at("grid-connection-edit", row.pk), CONNECTION | {"secret": "", "poll_s": 90})
    row.refresh_from_db()
    assert (row.secret, row.poll_s, row.sends_reports) == (kept, 90, False)
    Connection.objects.update(offered=["Capacity", "Prices"])
    refused = owner.post(at("grid-connection-programs", row.pk), {"programs": "Nonsense"})
    assert refused.status_code == 422
    owner.post(at("grid-connection-programs", row.pk), {"programs": ["Capacity"]})
    row.refresh_from_db()
    assert row.programs == ["Capacity"]
    LimitChange.objects.create(
        limit=tree["feeder-7"],
        import_kw=9,
        starts_at=timezone.now(),
        source="openadr",
        reference=f"vtn-{row.pk}/e",
    )
    owner.post(at("grid-connection-end", row.pk))
    assert not Connection.objects.exists()
    assert LimitChange.objects.get().is_withdrawn


@pytest.mark.parametrize("url", ["http://vtn.example.org/", "https://u:p@vtn.example.org/"])
def test_an_address_that_may_not_be_called_is_said_on_the_form(cast: Cast, url: str) -> None:
    """Nothing is kept."""
    answer = cast.client("owner").post(
        at("grid-connection-new"), CONNECTION | {"url": url, "limit_id": ""}
    )
    assert answer.status_code == 422
    assert not Connection.objects.exists()


def an_event(cast: Cast) -> ForeignEvent:
    """An event that limits, of a VTN that is followed."""
    row = Connection.objects.create(
        organisation=cast.organisation, programs=["P"], name="Grid", limit_id="feeder-7"
    )
    content = limiting("p", 30, targets=None)
    return ForeignEvent.objects.create(
        connection=row,
        event_id="e",
        program="P",
        content=content | {"id": "e"},
        received_at=timezone.now(),
        ends_at="2031-03-01T10:00Z",
    )


@pytest.mark.parametrize("through", ["page", "api"])
def test_an_editor_opts_out_and_in(cast: Cast, tree: Tree, through: str) -> None:
    """Its limit goes and comes; readers and strangers cannot."""
    del tree
    event = an_event(cast)
    api = f"/api/organisations/sampleton/grid-events/{event.pk}/choice"
    page = at("grid-event-choose", event.connection.pk, event.pk)

    def choose(persona: str, *, is_out: bool) -> Any:
        browser = cast.client(persona)
        if through == "page":
            return browser.post(page, {"out" if is_out else "in": "1"})
        body = json.dumps({"is_out": is_out})
        return browser.post(api, body, content_type="application/json")

    assert choose("reader", is_out=True).status_code == 403
    assert choose("stranger", is_out=True).status_code == 404
    choose("editor", is_out=False)
    assert LimitChange.objects.filter(is_withdrawn=False).count() == 1
    choose("editor", is_out=True)
    assert not LimitChange.objects.filter(is_withdrawn=False).exists()
    event.connection.refresh_from_db()
    assert event.connection.due_at <= timezone.now()


def test_nothing_of_another_organisation_is_shown(cast: Cast, elsewhere: Speaker) -> None:
    """Neither connections nor clients nor events."""
    row = Connection.objects.create(organisation=elsewhere.client.organisation, name="Theirs")
    owner = cast.client("owner")
    assert owner.get(at("grid-connection", row.pk)).status_code == 404
    assert owner.post(at("grid-connection-end", row.pk)).status_code == 404
    assert owner.post(at("grid-client-end", elsewhere.client.pk)).status_code == 404
    assert "Theirs" not in owner.get(at("grid-signals")).content.decode()
    assert owner.get("/api/organisations/other/grid-events").status_code == 404
