"""Addresses of the pages of grid signals."""

from django.urls import path

from viavolta.hub.openadr.views import connections, signals

_SIGNALS = "stations/<slug:organisation>/signals"
_CONNECTION = f"{_SIGNALS}/<int:number>"

urlpatterns = [
    path(f"{_SIGNALS}/", signals.signals, name="grid-signals"),
    path(f"{_SIGNALS}/clients/", signals.new_client, name="grid-client-new"),
    path(f"{_SIGNALS}/clients/<int:client>/end/", signals.end_client, name="grid-client-end"),
    path(f"{_SIGNALS}/new/", connections.new_connection, name="grid-connection-new"),
    path(f"{_CONNECTION}/", connections.connection, name="grid-connection"),
    path(f"{_CONNECTION}/edit/", connections.edit_connection, name="grid-connection-edit"),
    path(f"{_CONNECTION}/programs/", connections.set_programs, name="grid-connection-programs"),
    path(f"{_CONNECTION}/look/", connections.look_now, name="grid-connection-look"),
    path(f"{_CONNECTION}/end/", connections.end, name="grid-connection-end"),
    path(f"{_CONNECTION}/events/<int:event>/", connections.choose, name="grid-event-choose"),
]
