"""Addresses of living labs."""

from django.urls import path

from viavolta.hub.labs.views import labs, practices, regions, sessions

urlpatterns = [
    path("labs/", labs.labs, name="labs"),
    path("labs/new/", labs.new_lab, name="lab-new"),
    path("labs/join/<str:token>/", labs.join, name="lab-join"),
    path("labs/places/<int:place_id>/answer/", labs.answer, name="lab-answer"),
    path("labs/places/<int:place_id>/leave/", labs.leave, name="lab-leave"),
    path("labs/sessions/<int:session_id>/", sessions.session, name="lab-session"),
    path("labs/sessions/<int:session_id>/edit/", sessions.edit_session, name="lab-session-edit"),
    path("labs/<slug:slug>/", labs.lab, name="lab"),
    path("labs/<slug:slug>/edit/", labs.edit_lab, name="lab-edit"),
    path("labs/<slug:slug>/invite/", labs.invite, name="lab-invite"),
    path("labs/<slug:slug>/letters/", labs.invite_by_letter, name="lab-letter"),
    path("labs/<slug:slug>/hosts/", labs.host, name="lab-hosts"),
    path("labs/<slug:slug>/sessions/new/", sessions.new_session, name="lab-session-new"),
    path("labs/<slug:slug>/figures/", sessions.figures, name="lab-figures"),
    path("labs/<slug:slug>/figures/<str:which>.csv", sessions.figures_file, name="lab-file"),
    path("labs/<slug:slug>/practices/new/", practices.new_practice, name="practice-new"),
    path("practices/", practices.practices, name="practices"),
    path("practices/<slug:slug>/", practices.practice, name="practice"),
    path("practices/<slug:slug>/edit/", practices.edit_practice, name="practice-edit"),
    path("practices/<slug:slug>/submit/", practices.submit, name="practice-submit"),
    path("practices/<slug:slug>/review/", practices.review, name="practice-review"),
    path("regions/<str:nuts>/", regions.region, name="region"),
    path("regions/<str:nuts>/<str:language>/", regions.region_in, name="region-in"),
]
