"""Addresses of accounts, organisations and moderation."""

from django.urls import path

from viavolta.hub.people.views import account

urlpatterns = [
    path("account/", account.account, name="account"),
    path("account/consent/", account.consent, name="consent"),
    path("i18n/setlang/", account.set_language, name="set_language"),
    path("terms/", account.terms, name="terms"),
    path("privacy-notice/", account.privacy_notice, name="privacy-notice"),
]
