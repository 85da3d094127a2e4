"""Addresses of running stations."""

from django.urls import path

from viavolta.hub.operate.views import (
    certificates,
    enrolment,
    limits,
    prices,
    sessions,
    stations,
    tokens,
)
from viavolta.hub.operate.views import map as live

_TENANT = "stations/<slug:organisation>"
_STATION = f"{_TENANT}/at/<str:station>"
_LIMIT = f"{_TENANT}/limits/<int:site_limit>"
_TOKEN = f"{_TENANT}/tokens/<int:charging_token>"

urlpatterns = [
    path("stations/", live.operate, name="operate"),
    path(f"{_TENANT}/", live.live_map, name="operate-map"),
    path(f"{_TENANT}/list/", stations.stations, name="operate-stations"),
    path(f"{_TENANT}/new/", stations.new_station, name="operate-station-new"),
    path(f"{_STATION}/", stations.station, name="operate-station"),
    path(f"{_STATION}/edit/", stations.edit_station, name="operate-station-edit"),
    path(f"{_STATION}/key/", stations.new_key, name="operate-station-key"),
    path(f"{_STATION}/remove/", stations.remove, name="operate-station-remove"),
    path(f"{_STATION}/ask/", stations.ask, name="operate-station-ask"),
    path(f"{_TENANT}/sessions/", sessions.sessions, name="operate-sessions"),
    path(f"{_TENANT}/sessions/<int:charging_session>/", sessions.session, name="operate-session"),
    path(f"{_TENANT}/limits/", limits.limits, name="operate-limits"),
    path(f"{_TENANT}/limits/new/", limits.new_limit, name="operate-limit-new"),
    path(f"{_LIMIT}/", limits.edit_limit, name="operate-limit"),
    path(f"{_LIMIT}/set/", limits.set_one, name="operate-limit-set"),
    path(f"{_LIMIT}/remove/", limits.remove_one, name="operate-limit-remove"),
    path(f"{_TENANT}/prices/", prices.prices, name="operate-prices"),
    path(f"{_TENANT}/prices/new/", prices.new_prices, name="operate-prices-new"),
    path(f"{_TENANT}/tokens/", tokens.tokens, name="operate-tokens"),
    path(f"{_TENANT}/tokens/new/", tokens.new_token, name="operate-token-new"),
    path(f"{_TOKEN}/", tokens.token, name="operate-token"),
    path(f"{_TOKEN}/set/", tokens.set_token, name="operate-token-set"),
    path(f"{_TENANT}/enrolment/", enrolment.enrolment, name="operate-enrolment"),
    path(f"{_TENANT}/enrolment/open/", enrolment.open_one, name="operate-window-open"),
    path(
        f"{_TENANT}/enrolment/<int:window>/close/", enrolment.close_one, name="operate-window-close"
    ),
    path(
        f"{_TENANT}/enrolment/<str:waiting_station>/decide/",
        enrolment.decide,
        name="operate-adopt",
    ),
    path(f"{_TENANT}/certificates/", certificates.certificates, name="operate-certificates"),
    path(f"{_TENANT}/certificates/add/", certificates.add_one, name="operate-certificate-add"),
    path(f"{_TENANT}/certificates/pool/", certificates.set_pool, name="operate-pool"),
    path(
        f"{_TENANT}/certificates/<int:trusted_certificate>/remove/",
        certificates.remove_one,
        name="operate-certificate-remove",
    ),
]
