"""Samples of running stations: the city's station, session, limit, token and window."""

import datetime as dt

from cast import Cast
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from matrix import row, sample
from oca.pki import Holder, pem

from viavolta.hub.operate.api.operations import OPERATIONS
from viavolta.protocols.ocpp.example import smallest
from viavolta.protocols.ocpp.schemas import Version, schema_of
from viavolta.storage.enrolment import open_window
from viavolta.storage.station_commands import ask
from viavolta.storage.tables.live import SiteLimit
from viavolta.storage.tables.stations import Outlet, Session, Station, Token
from viavolta.storage.trusted_certificates import add_trusted

ROOT = Holder.root("root")


def a_station(cast: Cast) -> Station:
    """A station of the city that is on line."""
    made, is_new = Station.objects.get_or_create(
        identity="cp-1",
        defaults={
            "tenant_id": cast.organisation.pk,
            "ocpp_version": "2.0.1",
            "gateway": "gateway",
            "lat": 46.6,
            "lon": 14.3,
        },
    )
    if is_new:
        Outlet.objects.create(
            station=made, evse=1, connector=1, status="Available", status_at=timezone.now()
        )
    return made


def a_session(cast: Cast) -> Session:
    """A session that is under way there."""
    return Session.objects.get_or_create(
        station=a_station(cast), transaction="tx-1", defaults={"started_at": timezone.now()}
    )[0]


@sample("station")
def _station(cast: Cast) -> str:
    return a_station(cast).identity


@sample("charging_session")
def _session(cast: Cast) -> int:
    return a_session(cast).pk


@sample("organisation", route="get_latest_transaction")
def _with_a_session(cast: Cast) -> str:
    a_session(cast)
    return cast.organisation.slug


@sample("command")
def _command(cast: Cast) -> int:
    return ask(a_station(cast).pk, "ClearCache", {}, by="").pk


@sample("limit_name")
def _limit_name(cast: Cast) -> str:
    return _site_limit(cast).limit_id


@sample("site_limit")
def _limit(cast: Cast) -> int:
    return _site_limit(cast).pk


def _site_limit(cast: Cast) -> SiteLimit:
    return SiteLimit.objects.get_or_create(
        tenant_id=cast.organisation.pk, limit_id="site", defaults={"import_kw": 50.0}
    )[0]


@sample("charging_token")
def _token(cast: Cast) -> int:
    return Token.objects.create(tenant_id=cast.organisation.pk, token="card").pk


@sample("window")
def _window(cast: Cast) -> int:
    window, _ = open_window(cast.organisation.pk, by="", lasts=dt.timedelta(hours=1))
    return window.pk


@sample("waiting_station")
def _waiting(cast: Cast) -> str:
    return Station.objects.create(
        tenant_id=cast.organisation.pk, identity="new-1", admission="Pending"
    ).identity


@sample("trusted_certificate")
def _trusted(cast: Cast) -> int:
    return add_trusted(cast.organisation.pk, "mo-root", pem(Holder.root("root").certificate)).pk


row("operate-certificate-add", post={"kind": "mo-root", "certificate": pem(ROOT.certificate)})
row("operate-pool", post={"url": "https://pool.example/", "token": "t"})
row("operate-station-new", post={"identity": "cp-9", "security_profile": 1})
row("operate-station-edit", post={"name": "North", "security_profile": 2})
row("operate-station-ask", post={"wanted": "soft-reset", "evse": 0, "connector": 1})
row("operate-limit-new", post={"limit_id": "feeder"})
row("operate-limit", post={"name": "Site"})
row("operate-limit-set", post={"import_kw": "20"})
row(
    "operate-prices-new",
    post=lambda _cast: {"file": SimpleUploadedFile("prices.csv", b"start\n")},
)
row("operate-token-new", post={"token": "card-2", "status": "Accepted"})
row("operate-token-set", post={"block": "1"})
row("operate-window-open", post={"hours": 2, "capacity": 5})
row("operate-adopt", post={"adopt": "1"})
row("set_limit", post={"import_kw": 20.0})
row("add_charging_token", post={"token": "card-3"})
row("change_charging_token", post={"status": "Blocked"})


def _for_a_version(version: Version) -> None:
    """Each command with the smallest payload, asked of a station that has it."""
    for operation in OPERATIONS:
        if version in operation.actions:
            name = f"station_{operation.name.replace('-', '_')}"
            row(name, post=smallest(schema_of(version, operation.actions[version])))
            sample("station", route=name)(lambda cast: _station_of(cast, version))


def _station_of(cast: Cast, version: Version) -> str:
    Station.objects.filter(pk=a_station(cast).pk).update(ocpp_version=version)
    return "cp-1"


for _version in Version:
    _for_a_version(_version)
