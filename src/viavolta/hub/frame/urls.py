"""Addresses of the frame itself."""

from django.urls import path

from viavolta.hub.frame.views import basemap, components, home, set_theme

urlpatterns = [
    path("", home, name="home"),
    path("theme/", set_theme, name="set-theme"),
    path("basemap/<slug:name>/", basemap, name="basemap"),
    path("components/", components, name="components"),
]
