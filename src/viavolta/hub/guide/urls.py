"""Addresses of the guide."""

from django.urls import path

from viavolta.hub.guide import views

app_name = "guide"
urlpatterns = [
    path("", views.index, name="index"),
    path("words/", views.words, name="words"),
    path("portals/", views.timetable_portals, name="portals"),
    path("<str:chapter>/", views.chapter, name="chapter"),
]
