"""Addresses of the frame itself."""

from django.urls import include, path

from viavolta.hub.frame.views import home, set_theme

urlpatterns = [
    path("", home, name="home"),
    path("theme/", set_theme, name="set-theme"),
    path("i18n/", include("django.conf.urls.i18n")),
]
