"""Addresses of fleets."""

from django.urls import path

from viavolta.hub.fleets.views import departures, fleet, vehicles

_FLEET = "stations/<slug:organisation>/fleet"
_VEHICLE = f"{_FLEET}/<int:vehicle>"

urlpatterns = [
    path(f"{_FLEET}/", fleet.fleet, name="fleet"),
    path(f"{_FLEET}/new/", vehicles.new_vehicle, name="fleet-vehicle-new"),
    path(f"{_FLEET}/departures/", departures.departures, name="fleet-departures"),
    path(f"{_FLEET}/departures/load/", departures.load, name="fleet-departures-load"),
    path(f"{_VEHICLE}/", vehicles.vehicle, name="fleet-vehicle"),
    path(f"{_VEHICLE}/edit/", vehicles.edit_vehicle, name="fleet-vehicle-edit"),
    path(f"{_VEHICLE}/remove/", vehicles.remove, name="fleet-vehicle-remove"),
    path(f"{_VEHICLE}/departure/", departures.new_departure, name="fleet-departure-new"),
    path(
        f"{_VEHICLE}/departure/<int:departure>/remove/",
        departures.remove,
        name="fleet-departure-remove",
    ),
]
