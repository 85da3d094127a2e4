"""Two parties that tell each other what changed, and read each other, over a real socket."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from cast import Cast
from django.utils import timezone
from roaming import PARTY

from viavolta.hub.ocpi.models import (
    Exchange,
    ForeignObject,
    ForeignToken,
    Module,
    OwnObject,
    Partner,
    Party,
    Pull,
    Push,
)
from viavolta.hub.ocpi.own.refreshing import refresh, refresh_all
from viavolta.hub.ocpi.partners import connect, invite, set_party, suspend, try_again
from viavolta.hub.ocpi.pulling import read_due
from viavolta.hub.ocpi.pushing import send_due
from viavolta.hub.people.models import Organisation, User
from viavolta.storage.billing import close_bills
from viavolta.storage.tables.stations import Outlet, Station, Token

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("loopback")]
LATER = timezone.timedelta(hours=8)
"""Longer than anything waits to be tried again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Two:
    """The city, and the issuer of cards, who know each other."""

    owner: User
    city: Organisation
    issuer: Organisation
    city_sees: Partner
    issuer_sees: Partner

    def publish(self) -> None:
        """Bring what both publish up to date, ten minutes later each time."""
        n = OwnObject.objects.count() + Push.objects.count()
        refresh_all(timezone.now() + timezone.timedelta(minutes=10 * n))


@pytest.fixture
def two(cast: Cast, issuer: tuple[User, Organisation], address: str) -> Two:
    """Both registered with each other."""
    owner = cast.users["owner"]
    set_party(owner, cast.organisation, PARTY)
    invited, token = invite(owner, cast.organisation, "Issuer")
    theirs = connect(*issuer, name="City", versions_url=address, token=token)
    invited.refresh_from_db()
    return Two(
        owner=owner,
        city=cast.organisation,
        issuer=issuer[1],
        city_sees=invited,
        issuer_sees=theirs,
    )


def told_to_issuer(module: str) -> list[Any]:
    """What the issuer was told."""
    rows = ForeignObject.objects.filter(module=module).order_by("pk")
    return [row.content for row in rows]


def test_a_card_roams_from_its_issuer_to_one_record(
    two: Two, station: Station, charge: Callable[..., None]
) -> None:
    """The card is read, charges; session and record reach its issuer, the record once."""
    Token.objects.create(tenant_id=two.issuer.pk, token="CARD-7")
    refresh_all(timezone.now())
    n_read = read_due(timezone.now())
    assert n_read == Pull.objects.count()
    assert not Pull.objects.exclude(error="").exists()
    card = ForeignToken.objects.get()
    assert (card.partner, card.token and card.token.status) == (two.city_sees, "Accepted")
    charge(station, "CARD-7", range(3))
    two.publish()
    send_due(timezone.now())
    assert told_to_issuer("sessions")[0]["status"] == "ACTIVE"
    assert told_to_issuer("locations")[0]["id"].startswith("L")
    charge(station, "CARD-7", range(3, 6))
    close_bills(timezone.now())
    for _ in range(3):
        two.publish()
        send_due(timezone.now())
    assert told_to_issuer("sessions")[0]["status"] == "COMPLETED"
    (cdr,) = told_to_issuer("cdrs")
    assert (cdr["total_cost"]["incl_vat"], cdr["cdr_token"]["uid"]) == (3.0, "CARD-7")
    assert Push.objects.filter(module="cdrs", sent_at__isnull=False).count() == 1
    assert not Push.objects.filter(sent_at=None).exists()
    Pull.objects.update(due_at=timezone.now())
    read_due(timezone.now())
    assert len(told_to_issuer("cdrs")) == 1
    Token.objects.filter(tenant_id=two.issuer.pk).update(status="Blocked")
    two.publish()
    send_due(timezone.now())
    card.refresh_from_db()
    assert card.token is not None
    assert card.token.status == "Blocked"


def test_only_the_evse_that_changed_is_told(two: Two, station: Station) -> None:
    """The location once, then the EVSE alone, and the last of several changes."""
    two.publish()
    send_due(timezone.now())
    for status in ("Faulted", "Unavailable"):
        Outlet.objects.filter(station=station, evse=2).update(status=status)
        two.publish()
    waiting = Push.objects.get(sent_at=None)
    assert waiting.object_id.endswith(f"/{station.pk}-2")
    send_due(timezone.now())
    (location,) = told_to_issuer("locations")
    assert {evse["status"] for evse in location["evses"]} == {"AVAILABLE", "INOPERATIVE"}
    (own,) = OwnObject.objects.filter(module=Module.LOCATIONS)
    told = {evse["uid"]: evse for evse in location["evses"]}
    assert told == {evse["uid"]: evse for evse in own.content["evses"]}


def test_a_partner_that_is_down_is_told_later_in_order(two: Two, station: Station) -> None:
    """Nothing overtakes; the error is shown, and goes with the first success."""
    reached = two.city_sees.endpoints
    down = [{**one, "url": "http://127.0.0.1:9/"} for one in reached]
    Partner.objects.filter(pk=two.city_sees.pk).update(endpoints=down)
    two.publish()
    names = list(Push.objects.order_by("pk").values_list("module", flat=True))
    assert names == ["tariffs", "locations"]
    assert send_due(timezone.now()) == 1
    assert send_due(timezone.now()) == 0
    first, second = Push.objects.order_by("pk")
    assert (first.tries, second.tries, first.refused_at) == (1, 0, None)
    assert "127.0.0.1" in Partner.objects.get(pk=two.city_sees.pk).error
    Partner.objects.filter(pk=two.city_sees.pk).update(endpoints=reached)
    assert send_due(timezone.now() + LATER) == 2
    assert Partner.objects.get(pk=two.city_sees.pk).error == ""
    ids = Exchange.objects.filter(is_ours=True, what__startswith="tariffs")
    assert len(set(ids.values_list("request_id", flat=True))) == 1
    sent = list(Push.objects.order_by("sent_at").values_list("pk", flat=True))
    assert sent == [first.pk, second.pk]
    assert station.pk


def test_what_a_partner_refuses_keeps_nothing_waiting(two: Two, station: Station) -> None:
    """It is set aside, the next is told; an editor may have it tried again."""
    Partner.objects.filter(pk=two.issuer_sees.pk).update(
        roles=[{**role, "party_id": "OLD"} for role in two.issuer_sees.roles]
    )
    two.publish()
    assert send_due(timezone.now()) == 2
    refused = list(Push.objects.exclude(refused_at=None))
    assert len(refused) == 2
    assert "2001" in refused[0].error
    assert send_due(timezone.now() + LATER) == 0
    Partner.objects.filter(pk=two.issuer_sees.pk).update(roles=two.issuer_sees.roles)
    try_again(two.owner, refused[0])
    assert send_due(timezone.now()) == 1
    assert len(told_to_issuer("tariffs")) == 1
    assert station.pk


def test_a_suspended_partner_is_told_and_asked_nothing(two: Two, station: Station) -> None:
    """Neither pushes nor reads go out; its requests are refused."""
    suspend(two.owner, two.city_sees, is_suspended=True)
    n = Exchange.objects.count()
    two.publish()
    Pull.objects.filter(partner=two.issuer_sees).delete()
    assert (send_due(timezone.now()), read_due(timezone.now())) == (0, 0)
    assert Exchange.objects.count() == n
    assert not Push.objects.exists()
    assert station.pk


def test_reading_goes_on_where_it_was(two: Two) -> None:
    """A reading that fails is tried again; objects of others in a list are left out."""
    tokens = Pull.objects.get(partner=two.city_sees, module="tokens")
    reached = two.city_sees.endpoints
    Partner.objects.filter(pk=two.city_sees.pk).update(
        endpoints=[{**one, "url": "http://127.0.0.1:9/"} for one in reached]
    )
    read_due(timezone.now())
    tokens.refresh_from_db()
    assert (tokens.failures, tokens.read_until, bool(tokens.error)) == (1, None, True)
    Partner.objects.filter(pk=two.city_sees.pk).update(endpoints=reached)
    for i in range(150):
        Token.objects.create(tenant_id=two.issuer.pk, token=f"CARD-{i}")
    party = Party.objects.get(organisation=two.issuer)
    refresh(party.pk, timezone.now())
    stray = OwnObject.objects.filter(module=Module.TOKENS).order_by("pk").first()
    assert stray is not None
    stray.content = {**stray.content, "party_id": "XXX"}
    stray.save()
    read_due(timezone.now() + LATER)
    tokens.refresh_from_db()
    assert (tokens.failures, tokens.n_objects) == (0, 149)
    assert "1 objects" in tokens.error
    assert ForeignToken.objects.count() == 149
    assert tokens.read_until is not None


def test_a_next_page_elsewhere_is_not_followed(two: Two, monkeypatch: Any) -> None:
    """A partner's list does not lead us, with its token, to another machine."""
    from viavolta.hub.ocpi import pulling  # noqa: PLC0415 - changed below

    real = pulling.ask

    def ask(*args: Any, **more: Any) -> Any:
        told = real(*args, **more)
        return type(told)(
            data=told.data, headers={**told.headers, "link": '<https://other/x>; rel="next"'}
        )

    monkeypatch.setattr(pulling, "ask", ask)
    read_due(timezone.now())
    tokens = Pull.objects.get(partner=two.city_sees, module="tokens")
    assert "elsewhere" in tokens.error
