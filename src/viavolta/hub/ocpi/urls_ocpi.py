"""The address below which partners ask."""

from django.urls import path

from viavolta.hub.ocpi.addresses import answer

urlpatterns = [path("<path:path>", answer, name="ocpi")]
