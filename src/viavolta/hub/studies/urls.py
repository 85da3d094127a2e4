"""Addresses of studies."""

from viavolta.hub.studies.urls_results import urlpatterns as results

app_name = "studies"
urlpatterns = [*results]
