"""Addresses of accounts, organisations and moderation."""

from django.urls import path

from viavolta.hub.people.views import account, members, moderation, organisations

urlpatterns = [
    path("account/", account.account, name="account"),
    path("account/consent/", account.consent, name="consent"),
    path("account/export/", account.export, name="account-export"),
    path("account/erase/", account.erase_account, name="account-erase"),
    path("i18n/setlang/", account.set_language, name="set_language"),
    path("terms/", account.terms, name="terms"),
    path("privacy-notice/", account.privacy_notice, name="privacy-notice"),
    path("organisations/", organisations.organisations, name="organisations"),
    path("organisations/new/", organisations.new, name="organisation-new"),
    path("organisations/regions/", organisations.region_options, name="region-options"),
    path("organisations/<slug:organisation>/", organisations.organisation, name="organisation"),
    path("organisations/<slug:organisation>/edit/", organisations.edit, name="organisation-edit"),
    path(
        "organisations/<slug:organisation>/delete/",
        organisations.delete,
        name="organisation-delete",
    ),
    path("organisations/<slug:organisation>/logo/", organisations.logo, name="organisation-logo"),
    path(
        "organisations/<slug:organisation>/logo/set/",
        organisations.set_logo,
        name="organisation-set-logo",
    ),
    path(
        "organisations/<slug:organisation>/members/", members.members, name="organisation-members"
    ),
    path(
        "organisations/<slug:organisation>/invite/",
        members.send_invitation,
        name="invitation-new",
    ),
    path("organisations/<slug:organisation>/tokens/", members.new_token, name="token-new"),
    path("tokens/<int:api_token>/revoke/", members.end_token, name="token-revoke"),
    path("invitations/<int:invitation>/revoke/", members.revoke, name="invitation-revoke"),
    path("invitation/<str:invitation_secret>/", members.accept, name="invitation"),
    path("members/<int:membership>/role/", members.set_role, name="member-role"),
    path("members/<int:membership>/end/", members.end, name="member-end"),
    path("report/<str:reported_kind>/<int:reported_id>/", moderation.report_thing, name="report"),
    path("moderation/", moderation.desk, name="moderation"),
    path("moderation/reports/<int:report>/", moderation.one_report, name="moderation-report"),
    path("moderation/reports/<int:report>/show/", moderation.show, name="moderation-show"),
    path("moderation/log/", moderation.log, name="moderation-log"),
]
