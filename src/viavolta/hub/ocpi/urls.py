"""Addresses of the pages of roaming."""

from django.urls import path

from viavolta.hub.ocpi.views import partners, places

_ROAMING = "stations/<slug:organisation>/roaming"
_PARTNER = f"{_ROAMING}/<int:number>"
_PLACES = f"{_ROAMING}/places"
_PLUGS = f"{_ROAMING}/plugs"

urlpatterns = [
    path(f"{_ROAMING}/", partners.partners, name="roaming"),
    path(f"{_ROAMING}/party/", partners.edit_party, name="roaming-party"),
    path(f"{_ROAMING}/invite/", partners.invite_one, name="roaming-invite"),
    path(f"{_ROAMING}/register/", partners.connect_one, name="roaming-connect"),
    path(f"{_PARTNER}/", partners.partner, name="roaming-partner"),
    path(f"{_PARTNER}/suspend/", partners.set_suspended, name="roaming-suspend"),
    path(f"{_PARTNER}/renew/", partners.renew, name="roaming-renew"),
    path(f"{_PARTNER}/end/", partners.end, name="roaming-end"),
    path(f"{_PARTNER}/again/<int:push>/", partners.again, name="roaming-again"),
    path(f"{_PLACES}/", places.places, name="roaming-places"),
    path(f"{_PLACES}/new/", places.new_place, name="roaming-place-new"),
    path(f"{_PLACES}/<int:number>/", places.edit_place, name="roaming-place"),
    path(f"{_PLACES}/<int:number>/remove/", places.drop_place, name="roaming-place-remove"),
    path(f"{_PLUGS}/new/", places.new_plug, name="roaming-plug-new"),
    path(f"{_PLUGS}/<int:number>/", places.edit_plug, name="roaming-plug"),
    path(f"{_PLUGS}/<int:number>/remove/", places.drop_plug, name="roaming-plug-remove"),
]
