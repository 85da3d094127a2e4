"""Every address of the hub, by app."""

from django.contrib import admin
from django.urls import include, path

from viavolta.hub.site.api import api

urlpatterns = [
    path("", include("viavolta.hub.frame.urls")),
    path("", include("viavolta.hub.studies.urls")),
    path("", include("viavolta.hub.market.urls")),
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
    path("api/", api.urls),
]
