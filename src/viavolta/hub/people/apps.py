"""People as a Django app, and Django's admin behind the hub's own sign-in."""

from django.apps import AppConfig
from django.contrib.admin import apps as admin
from django.utils.translation import gettext_lazy as _

from viavolta.hub.frame.registry import Area, NavEntry, add_to_navigation, moderators


class PeopleConfig(AppConfig):
    """Accounts, organisations, roles."""

    name = "viavolta.hub.people"
    label = "people"

    def ready(self) -> None:
        """Give accounts and organisations their places on pages, at the desk and in exports."""
        from viavolta.hub.people.moderation import ORGANISATIONS, can_be_reported  # noqa: PLC0415 - needs the models
        from viavolta.hub.people.privacy import ACCOUNT, ELSEWHERE, holds  # noqa: PLC0415 - needs the models

        can_be_reported(ORGANISATIONS)
        holds(ACCOUNT)
        holds(ELSEWHERE)
        for label, url_name, order, area in (
            (_("Organisations"), "organisations", 60, Area.MAIN),
            (_("Your account"), "account", 10, Area.ACCOUNT),
            (_("Terms of use"), "terms", 90, Area.FOOT),
            (_("Privacy notice"), "privacy-notice", 91, Area.FOOT),
        ):
            add_to_navigation(NavEntry(label=label, url_name=url_name, order=order, area=area))
        for label, url_name, order in (
            (_("Moderation"), "moderation", 80),
            (_("Log"), "moderation-log", 81),
        ):
            add_to_navigation(
                NavEntry(
                    label=label,
                    url_name=url_name,
                    order=order,
                    area=Area.ACCOUNT,
                    is_for=moderators,
                )
            )


class HubAdminConfig(admin.AdminConfig):
    """The admin app with the hub's site."""

    default = False
    default_site = "viavolta.hub.people.admin_site.HubAdmin"
