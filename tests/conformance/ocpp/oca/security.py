"""Steps of the cases about passwords, certificates, TLS and versions."""

from typing import Any

from cryptography import x509
from django.utils import timezone

from oca.cases import Asked, Comes, Does, Hears, Kept, Payload, Says, Step, Stored
from oca.certificates import Pair
from oca.rows import told
from viavolta.protocols.ocpp.schemas import Version
from viavolta.services.station_certificates import sha256_of
from viavolta.storage.tables.stations import Station

TIMESTAMP = "2026-03-01T09:00:00Z"


def station_is(**columns: Any) -> Does:
    """The operator changes what is known of a station."""

    def act(stage: Any) -> None:
        Station.objects.filter(pk=stage.station.pk).update(changed_at=timezone.now(), **columns)
        stage.wait_for_registry(**columns)

    return Does(act)


def _new_request(stage: Any) -> None:
    stage.pair = Pair.new()
    stage.kept["csr"] = stage.pair.request(stage.station.identity)


def _is_for_the_key(stage: Any, payload: Payload) -> None:
    """The chain is PEM, for the station's own key and name, with a key of enough bits."""
    certificate = x509.load_pem_x509_certificate(payload["certificateChain"].encode())
    assert certificate.public_key() == stage.pair.key.public_key()
    assert certificate.subject.rfc4514_string() == f"CN={stage.station.identity},O=Town"
    stage.pair = Pair(stage.pair.key, certificate)


def signing(version: Version, answer: str = "Accepted") -> tuple[Step, ...]:
    """A new certificate is asked for, signed and sent; the station takes it, or does not."""
    if version is Version.V16:
        trigger = ("ExtendedTriggerMessage", "SignChargePointCertificate")
        request: Payload = {"csr": Kept("csr")}
    else:
        trigger = ("TriggerMessage", "SignChargingStationCertificate")
        request = {"csr": Kept("csr"), "certificateType": "ChargingStationCertificate"}
    return (
        Asked(trigger[0], {"requestedMessage": trigger[1]}),
        Does(_new_request),
        Says("SignCertificate", request, {"status": "Accepted"}),
        Hears("CertificateSigned", _is_for_the_key, {"status": answer}),
    )


def _is_known(stage: Any) -> None:
    """The certificate that the station showed is the one that counts."""
    sha256 = sha256_of(stage.pair.certificate)
    stage.wait_for(lambda: _row(stage).certificate_expires_at is not None)
    row = _row(stage)
    assert (row.certificate_sha256, row.next_certificate_sha256) == (sha256, "")


def _is_unknown(stage: Any) -> None:
    stage.wait_for(lambda: not _row(stage).next_certificate_sha256)
    assert not _row(stage).certificate_sha256


def _row(stage: Any) -> Station:
    return Station.objects.get(pk=stage.station.pk)


WITH_CERTIFICATE: tuple[Step, ...] = (
    station_is(security_profile=3),
    Comes(tls=True, shows="own"),
)


def comes_with_it(up: tuple[Step, ...]) -> tuple[Step, ...]:
    """A station comes with the certificate that it was given, and is known by it."""
    return (*WITH_CERTIFICATE, *up, Stored(_is_known))


def renewed(version: Version, up: tuple[Step, ...]) -> tuple[Step, ...]:
    """A station gets its certificate, comes with it, and is known by it."""
    return (*up, *signing(version), *comes_with_it(up))


def not_taken(version: Version, up: tuple[Step, ...], event: str) -> tuple[Step, ...]:
    """A station does not take its certificate, and says so."""
    return (
        *up,
        *signing(version, "Rejected"),
        Says("SecurityEventNotification", {"type": event, "timestamp": TIMESTAMP}),
        told("SecurityEventNotification", type=event),
        Stored(_is_unknown),
    )


def own_certificate(version: Version, up: tuple[Step, ...]) -> tuple[Step, ...]:
    """TLS with the station's own certificate; without it, or without TLS, it stays outside."""
    return (
        *up,
        *signing(version),
        *WITH_CERTIFICATE,
        *up,
        Comes(tls=True, refused=-1),
        Comes(tls=False, refused=401),
    )


def foreign_certificate(version: Version, up: tuple[Step, ...]) -> tuple[Step, ...]:
    """TLS with a certificate of another's making."""
    return (
        *up,
        *signing(version),
        station_is(security_profile=3),
        Comes(tls=True, shows="other", refused=-1),
    )


def _password_check(stage: Any, payload: Payload) -> None:
    """A password of 16 to 40 characters (1.6: as a configuration key)."""
    if stage.version is Version.V16:
        assert payload["key"] == "AuthorizationKey"
        stage.new_password = payload["value"]
    else:
        (variable,) = payload["setVariableData"]
        assert variable["component"] == {"name": "SecurityCtrlr"}
        assert variable["variable"] == {"name": "BasicAuthPassword"}
        stage.new_password = variable["attributeValue"]
    assert 16 <= len(stage.new_password) <= 40


def new_password(version: Version, answer: str) -> tuple[Step, ...]:
    """The operator has a new password given; it counts once it is taken, else the old one."""
    if version is Version.V16:
        heard = Hears("ChangeConfiguration", _password_check, {"status": answer})
    else:
        result = {
            "component": {"name": "SecurityCtrlr"},
            "variable": {"name": "BasicAuthPassword"},
            "attributeStatus": answer,
        }
        heard = Hears("SetVariables", _password_check, {"setVariableResult": [result]})
    is_taken = answer == "Accepted"
    return (
        station_is(wants_key=True),
        heard,
        Stored(lambda stage: stage.wait_for(lambda: not _row(stage).wants_key)),
        Does(lambda stage: stage.wait_for_registry(next_key_hash="")),
        Comes("new", refused=0 if is_taken else 401),
        Comes(refused=401 if is_taken else 0),
    )


def subprotocol(known: str) -> tuple[Step, ...]:
    """A version that nobody knows is refused; of several the known one is chosen."""

    def is_chosen(stage: Any) -> None:
        assert stage.line.getsubprotocol() == known

    return (
        Comes(offers="ocpp0.1", refused=400),
        Comes(offers=f"ocpp0.1,{known}"),
        Does(is_chosen),
    )


OLD_TLS = Comes(tls=True, is_old_tls=True, refused=-1)
OVER_TLS: tuple[Step, ...] = (
    station_is(security_profile=2),
    Comes(tls=True),
    Comes(tls=False, refused=401),
    Comes(tls=True),
)
