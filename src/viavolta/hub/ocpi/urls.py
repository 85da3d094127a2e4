"""Addresses of the pages of roaming."""

from django.urls.resolvers import URLPattern

urlpatterns: list[URLPattern] = []
