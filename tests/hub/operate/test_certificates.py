"""Whom an operator trusts, and its pool of contracts."""

from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from oca.pki import DAY, Holder, pem

from viavolta.gateway.trust import Trust
from viavolta.storage.tables.certificates import ContractPool, TrustedCertificate

PAGE = "/stations/sampleton/certificates/"
ROOT = Holder.root("MO root")
BELOW = ROOT.below("MO authority")


def test_what_an_owner_trusts_the_gateway_trusts(cast: Any) -> None:
    """Until it is removed; the same one twice is one row."""
    client, trust, tenant = cast.client("owner"), Trust(), cast.organisation.pk
    for _ in range(2):
        for kind, one in (("mo-root", ROOT), ("below", BELOW)):
            words = {"kind": kind, "certificate": pem(one.certificate)}
            assert client.post(f"{PAGE}add/", words).status_code == 302
    trust.refresh(None)
    assert trust.of(tenant).roots == (ROOT.certificate,)
    assert trust.of(tenant).below == (BELOW.certificate,)
    assert trust.of(tenant + 1).all == ()
    page = cast.client("reader").get(PAGE).content.decode()
    assert "CN=MO root" in page
    assert f"{PAGE}add/" not in page
    row = TrustedCertificate.objects.get(kind="mo-root")
    client.post(f"{PAGE}{row.pk}/remove/")
    trust.refresh(None)
    assert trust.of(tenant).roots == ()


@pytest.mark.parametrize(
    ("kind", "certificate", "why"),
    [
        ("mo-root", "none", "no certificate in PEM"),
        ("mo-root", pem(BELOW.certificate), "a root has signed itself"),
        ("below", pem(BELOW.contract("DE8AACA2B3C4D5").certificate), "may not issue"),
        ("mo-root", pem(ROOT.certificate, BELOW.certificate), "more than one"),
        (
            "mo-root",
            pem(Holder.root("old", ends=ROOT.certificate.not_valid_before_utc + DAY).certificate),
            "expired",
        ),
    ],
)
def test_what_cannot_be_trusted(cast: Any, kind: str, certificate: str, why: str) -> None:
    """It is said what is wrong, and nothing is kept."""
    words = {"kind": kind, "certificate": certificate}
    answer = cast.client("owner").post(f"{PAGE}add/", words)
    assert answer.status_code == 422
    assert why in answer.content.decode()
    assert not TrustedCertificate.objects.exists()


def test_a_pool_is_named_and_its_token_kept_secret(cast: Any) -> None:
    """An empty token leaves the one that there is; another address has none of it."""
    client, trust, tenant = cast.client("owner"), Trust(), cast.organisation.pk
    url, data = "https://pool.example/contracts", Path(settings.CONFIG.data)
    client.post(f"{PAGE}pool/", {"url": url, "token": "open-sesame"})
    client.post(f"{PAGE}pool/", {"url": url, "token": ""})
    trust.refresh(data)
    pool = trust.pool(tenant)
    assert pool is not None
    assert (pool.url, pool.token) == (url, "open-sesame")
    assert "open-sesame" not in ContractPool.objects.get().sealed_token
    assert "open-sesame" not in client.get(PAGE).content.decode()
    client.post(f"{PAGE}pool/", {"url": f"{url}/new", "token": ""})
    trust.refresh(data)
    pool = trust.pool(tenant)
    assert pool is not None
    assert pool.token == ""
    client.post(f"{PAGE}pool/", {"url": "", "token": ""})
    trust.refresh(data)
    assert trust.pool(tenant) is None


@pytest.mark.parametrize("url", ["http://pool.example/", "ftp://x/", "https://u:p@pool.example/"])
def test_an_address_that_is_not_called(cast: Any, url: str) -> None:
    """A pool is asked over https, at an address without a password."""
    answer = cast.client("owner").post(f"{PAGE}pool/", {"url": url, "token": "t"})
    assert answer.status_code == 422
    assert not ContractPool.objects.exists()
