"""People as a Django app, and Django's admin behind the hub's own sign-in."""

from django.apps import AppConfig
from django.contrib.admin import apps as admin


class PeopleConfig(AppConfig):
    """Accounts, organisations, roles."""

    name = "viavolta.hub.people"
    label = "people"


class HubAdminConfig(admin.AdminConfig):
    """The admin app with the hub's site."""

    default = False
    default_site = "viavolta.hub.people.admin_site.HubAdmin"
