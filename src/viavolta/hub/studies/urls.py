"""Addresses of studies."""

from viavolta.hub.studies.urls_new import urlpatterns as new
from viavolta.hub.studies.urls_results import urlpatterns as results

app_name = "studies"
urlpatterns = [*new, *results]
