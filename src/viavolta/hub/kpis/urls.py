"""Addresses of indicators."""

from django.urls import path

from viavolta.hub.kpis import views

urlpatterns = [
    path("indicators/", views.kpis, name="kpis"),
    path("indicators/baseline/", views.new_baseline, name="kpi-baseline"),
    path("indicators/<str:code>/", views.kpi, name="kpi"),
    path("indicators/<str:code>/history.csv", views.history, name="kpi-history"),
]
