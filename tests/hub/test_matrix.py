"""The permission matrix: who opens which route. How to add samples: matrix.py."""

import pytest
from allauth.mfa.models import Authenticator
from cast import Cast
from django.test import Client
from matrix import (
    FAILED,
    HIDDEN,
    LOGIN,
    NO_METHOD,
    OK,
    REFUSED,
    VISITORS,
    Route,
    Visitors,
    api_patterns,
    api_routes,
    load_samples,
    page_routes,
    samples_of,
)

from viavolta.hub.frame.access import Access

load_samples()

# Pages of allauth, with what they answer to nobody and to somebody who is signed in.
ENTRANCE, OWN, STAGE = "entrance", "own", "stage"
ALLAUTH = {
    "account_login": ENTRANCE,
    "account_logout": ENTRANCE,
    "account_inactive": ENTRANCE,
    "account_signup": ENTRANCE,
    "account_reauthenticate": OWN,
    "account_request_reauthentication_code": OWN,
    "account_confirm_reauthentication_code": OWN,
    "account_email": OWN,
    "account_email_verification_sent": ENTRANCE,
    "account_confirm_email": ENTRANCE,
    "account_change_password": OWN,
    "account_set_password": OWN,
    "account_reset_password": ENTRANCE,
    "account_reset_password_done": ENTRANCE,
    "account_reset_password_from_key": ENTRANCE,
    "account_reset_password_from_key_done": ENTRANCE,
    "account_confirm_login_code": STAGE,
    "mfa_index": OWN,
    "mfa_authenticate": STAGE,
    "mfa_reauthenticate": OWN,
    "mfa_activate_totp": OWN,
    "mfa_deactivate_totp": OWN,
    "mfa_view_recovery_codes": OWN,
    "mfa_generate_recovery_codes": OWN,
    "mfa_download_recovery_codes": OWN,
    "mfa_list_webauthn": OWN,
    "mfa_add_webauthn": OWN,
    "mfa_reauthenticate_webauthn": OWN,
    "mfa_remove_webauthn": OWN,
    "mfa_edit_webauthn": OWN,
    "mfa_login_webauthn": ENTRANCE,
    "socialaccount_login_cancelled": ENTRANCE,
    "socialaccount_login_error": ENTRANCE,
    "socialaccount_signup": STAGE,
    "socialaccount_connections": OWN,
    "openid_connect_login": ENTRANCE,
    "openid_connect_callback": ENTRANCE,
    "usersessions_list": OWN,
}
OLD_ADDRESSES = "/accounts/social/"  # allauth's redirects to the pages above
DESCRIPTIONS = {"api:openapi-json", "api:api-root"}

PAGES = page_routes()
OPERATIONS = api_routes()
ADMIN_PAGES = [route for route in PAGES if route.pattern.startswith("/admin/")]
HUB_PAGES = [
    route for route in PAGES if route.module.startswith("viavolta.") and route not in ADMIN_PAGES
]
ALLAUTH_PAGES = [
    route
    for route in PAGES
    if route.module.startswith("allauth.") and not route.pattern.startswith(OLD_ADDRESSES)
]


def _names(routes: list[Route]) -> list[str]:
    return [route.name for route in routes]


@pytest.fixture
def visitors(cast: Cast) -> Visitors:
    """All kinds of visitors, signed in."""
    return Visitors(cast)


def test_every_route_says_who_may_open_it() -> None:
    """No page and no operation is without a word on access, outside the lists of this test."""
    listed = {route.pattern for route in (*ALLAUTH_PAGES, *ADMIN_PAGES)}
    silent = [
        f"{route.name} {route.pattern}"
        for route in (*PAGES, *OPERATIONS)
        if route.access is None
        and route.pattern not in listed
        and route.name not in DESCRIPTIONS
        and not route.pattern.startswith(OLD_ADDRESSES)
    ]
    assert not silent


def test_every_operation_of_the_api_is_walked() -> None:
    """The operations that are walked are all that the resolver knows."""
    assert api_patterns() == {route.pattern for route in OPERATIONS}
    assert len(set(_names(OPERATIONS))) == len(OPERATIONS), "operation ids must differ"


@pytest.mark.parametrize("route", HUB_PAGES, ids=_names(HUB_PAGES))
def test_a_page_opens_for_those_it_names(route: Route, visitors: Visitors) -> None:
    """A page answers each kind of visitor as its declared access says, read and written."""
    _check(route, visitors)


@pytest.mark.parametrize("route", OPERATIONS, ids=_names(OPERATIONS))
def test_an_operation_answers_those_it_names(route: Route, visitors: Visitors) -> None:
    """An operation of the API answers each kind of visitor as its declared access says."""
    _check(route, visitors)


def test_every_app_brings_samples() -> None:
    """Every app with routes has a file of samples."""
    apps = {route.app for route in (*HUB_PAGES, *OPERATIONS)}
    assert {app for app in apps if not samples_of(app).exists()} == set()


def _check(route: Route, visitors: Visitors) -> None:
    assert route.access is not None, "see test_every_route_says_who_may_open_it"
    wrong, answered = [], False
    for method in route.methods:
        for visitor in VISITORS:
            outcome = visitors.open(visitor, route, method)
            expected = route.expected(visitor)
            answered = answered or outcome == OK
            if outcome not in expected and outcome != NO_METHOD:
                wrong.append(f"{method} {route.pattern} as {visitor}: {outcome}, not {expected}")
    assert not wrong, "\n".join(wrong)
    opens = answered or route.row.outcomes or route.access is Access.MACHINE
    assert opens, f"{route.name} opens for nobody: is its sample right?"


def test_no_page_takes_a_form_without_its_secret(cast: Cast) -> None:
    """No page is exempt from the CSRF check, and the check works."""
    open_pages = {route.access for route in PAGES if not route.checks_csrf}
    assert open_pages <= {Access.MACHINE}  # where a session counts for nothing
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(cast.users["owner"])
    assert browser.post("/account/", {"name": "Mallory", "language": "en"}).status_code == 403


@pytest.mark.parametrize("route", ALLAUTH_PAGES, ids=_names(ALLAUTH_PAGES))
def test_pages_of_accounts_are_those_we_know(route: Route, visitors: Visitors) -> None:
    """Each page of allauth is listed, and shows what is somebody's own to nobody else."""
    kind = ALLAUTH[route.name]
    for method in route.methods:
        nobody = visitors.open("anonymous", route, method)
        assert not nobody.startswith(FAILED)
        if kind == OWN:
            assert nobody in {LOGIN, NO_METHOD}, f"{method} {route.pattern}: {nobody}"
        if kind == STAGE:
            assert nobody in {LOGIN, NO_METHOD, HIDDEN}, f"{method} {route.pattern}: {nobody}"
        for visitor in ("stranger", "owner"):
            assert not visitors.open(visitor, route, method).startswith(FAILED)
    if "pk" in route.arguments:
        assert visitors.open("owner", route, "GET") == OK
        assert visitors.open("stranger", route, "GET") in {HIDDEN, REFUSED}


def test_pages_of_accounts_that_went_are_noticed() -> None:
    """The list of allauth's pages holds no page that is gone."""
    assert set(ALLAUTH) == set(_names(ALLAUTH_PAGES))


def test_the_admin_is_closed(visitors: Visitors) -> None:
    """No page of the admin opens for anybody but staff with a second factor."""
    opened = [
        f"{route.pattern} {visitor}: {outcome}"
        for route in ADMIN_PAGES
        if route.name not in {"admin:login", "admin:logout"}
        for visitor in ("anonymous", "moderator")
        if (outcome := visitors.open(visitor, route, "GET")) not in {LOGIN, HIDDEN}
    ]
    assert opened == []


def test_the_admin_opens_for_staff_with_a_second_factor(cast: Cast) -> None:
    """Staff see the admin; without a second factor they do not."""
    staff = cast.client("staff")
    assert staff.get("/admin/").status_code == 200
    Authenticator.objects.filter(user=cast.users["staff"]).delete()
    assert staff.get("/admin/").headers["Location"].startswith("/admin/login/")
    assert staff.get("/admin/login/").headers["Location"] == "/accounts/2fa/"
