"""Every address of the hub, by app."""

from django.contrib import admin
from django.urls import include, path

from viavolta.hub.site.api import api
from viavolta.hub.site.health import health
from viavolta.hub.site.sign_in_link import sign_in_by_link

urlpatterns = [
    path("", include("viavolta.hub.frame.urls")),
    path("", include("viavolta.hub.studies.urls")),
    path("", include("viavolta.hub.market.urls")),
    path("", include("viavolta.hub.drive.urls")),
    path("", include("viavolta.hub.operate.urls")),
    path("", include("viavolta.hub.fleets.urls")),
    path("", include("viavolta.hub.collaborate.urls")),
    path("", include("viavolta.hub.labs.urls")),
    path("", include("viavolta.hub.kpis.urls")),
    path("guide/", include("viavolta.hub.guide.urls")),
    path("", include("viavolta.hub.people.urls")),
    path("", include("viavolta.hub.ocpi.urls")),
    path("ocpi/", include("viavolta.hub.ocpi.urls_ocpi")),
    path("", include("viavolta.hub.openadr.urls")),
    path("openadr3/", include("viavolta.hub.openadr.urls_vtn")),
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
    path("api/", api.urls),
    path("health", health, name="health"),
    path("sign-in/<str:token>", sign_in_by_link, name="sign_in_by_link"),
]

handler400 = "viavolta.hub.site.failures.bad_request"
handler403 = "viavolta.hub.site.failures.not_allowed"
handler404 = "viavolta.hub.site.failures.not_found"
handler500 = "viavolta.hub.site.failures.server_error"
