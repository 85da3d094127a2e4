"""Headers, proxies, error pages, and limits that every process sees."""

import json

import pytest
from cast import Cast
from django.core.cache.backends.db import DatabaseCache
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from viavolta.hub.site import settings as hub_settings
from viavolta.hub.site.config import hub_config
from viavolta.hub.site.proxy import ProxyMiddleware
from viavolta.model.errors import UsageError


@pytest.mark.django_db
def test_every_answer_carries_the_headers() -> None:
    """A page switches off what it does not use and stays out of foreign frames and caches."""
    answer = Client().get("/accounts/login/")
    assert "camera=()" in answer.headers["Permissions-Policy"]
    assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert (
        "no-store" in answer.headers["Cache-Control"]
        or "private" in answer.headers["Cache-Control"]
    )


@pytest.mark.parametrize(
    ("n_proxies", "address", "is_secure"), [(0, "10.0.0.1", False), (1, "9.9.9.9", True)]
)
def test_only_named_proxies_are_believed(
    settings,  # type: ignore[no-untyped-def] # pytest-django's fixture
    n_proxies: int,
    address: str,
    is_secure: bool,
) -> None:
    """What a visitor claims about her address counts for nothing without a named proxy."""
    settings.N_PROXIES = n_proxies
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if n_proxies else None
    seen: list[HttpRequest] = []

    def view(request: HttpRequest) -> HttpResponse:
        seen.append(request)
        return HttpResponse()

    request = RequestFactory().get(
        "/",
        REMOTE_ADDR="10.0.0.1",
        headers={"x-forwarded-for": "1.1.1.1, 9.9.9.9", "x-forwarded-proto": "https"},
    )
    ProxyMiddleware(view)(request)
    assert seen[0].META["REMOTE_ADDR"] == address
    assert seen[0].is_secure() is is_secure
    assert "HTTP_X_FORWARDED_FOR" not in seen[0].META


@pytest.mark.django_db
def test_errors_are_pages_in_the_readers_language() -> None:
    """Nothing there is said in German; programs get a problem."""
    page = Client().get("/nowhere/", headers={"accept-language": "de"})
    assert page.status_code == 404
    assert '<html lang="de"' in page.content.decode()
    answer = Client().get("/api/nowhere")
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "not-found"


def test_a_foreign_host_gets_a_plain_page() -> None:
    """A request for a host that is not ours is refused without looking anything up."""
    page = Client().get("/", headers={"host": "evil.example"})
    assert page.status_code == 400
    assert "This request makes no sense to us" in page.content.decode()


@pytest.mark.django_db
def test_a_fault_of_ours_tells_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The page of a fault holds no trace of the inside, and needs no database."""
    monkeypatch.setattr("viavolta.hub.frame.views.render", lambda *_args: 1 / 0)
    page = Client(raise_request_exception=False).get("/")
    assert page.status_code == 500
    assert "division" not in page.content.decode()
    assert "Traceback" not in page.content.decode()


def test_a_stale_or_wrong_body_is_a_problem(cast: Cast) -> None:
    """409 for a stale version, 422 with the place of each wrong value."""
    browser = cast.client("owner")
    body = {"name": "Sampleton", "kind": "city", "country": "AT", "version": 7}
    answer = browser.put(
        "/api/organisations/sampleton", json.dumps(body), content_type="application/json"
    )
    assert (answer.status_code, answer.json()["code"]) == (409, "stale-edit")
    answer = browser.put("/api/organisations/sampleton", "{}", content_type="application/json")
    assert answer.status_code == 422
    assert {row["where"] for row in answer.json()["errors"]} >= {"body.body.name"}


@pytest.mark.django_db
def test_limits_are_counted_where_every_process_sees_them() -> None:
    """The hub's cache is a table that migrations make."""
    assert hub_settings.CACHES["default"]["BACKEND"].endswith("DatabaseCache")
    table = hub_settings.CACHES["default"]["LOCATION"]
    DatabaseCache(table, {}).set("attempts", [1, 2])
    assert DatabaseCache(table, {}).get("attempts") == [1, 2]


def test_settings_that_make_no_sense_are_refused(tmp_path) -> None:  # type: ignore[no-untyped-def] # pytest's path
    """A number of proxies that is none, and a file of providers that is none."""
    for name, value in (("VIAVOLTA_PROXIES", "two"), ("VIAVOLTA_OIDC", str(tmp_path / "none"))):
        with pytest.raises(UsageError):
            hub_config({"VIAVOLTA_DATA": str(tmp_path), name: value})


def test_providers_of_sign_in_come_from_a_file(tmp_path) -> None:  # type: ignore[no-untyped-def] # pytest's path
    """A file names OpenID Connect providers with their secrets."""
    path = tmp_path / "providers.json"
    row = {
        "id": "town",
        "name": "Town",
        "client_id": "hub",
        "secret": "s",
        "server_url": "https://x",
    }
    path.write_text(json.dumps([row]))
    config = hub_config({"VIAVOLTA_DATA": str(tmp_path), "VIAVOLTA_OIDC": str(path)})
    assert config.oidc[0]["settings"] == {"server_url": "https://x"}


@pytest.mark.django_db
def test_the_description_of_the_api_names_its_problems() -> None:
    """Every operation says how it may fail, and public ones ask for no token."""
    schema = Client().get("/api/openapi.json").json()
    listed = schema["paths"]["/api/organisations"]["get"]
    assert {} in listed["security"]
    assert "application/problem+json" in listed["responses"]["429"]["content"]
    assert schema["paths"]["/api/me"]["get"]["x-access"] == "signed-in"
