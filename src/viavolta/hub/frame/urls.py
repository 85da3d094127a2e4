"""Addresses of the frame itself."""

from django.urls import include, path

from viavolta.hub.frame.views import home

urlpatterns = [
    path("", home, name="home"),
    path("i18n/", include("django.conf.urls.i18n")),
]
