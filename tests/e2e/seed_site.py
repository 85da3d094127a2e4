"""Fill the hub of the browser tests with what the demo shows, and sign three people in.

Run in a process of its own, with the hub's real settings; prints the keys of their sessions.
"""

import json
import sys

from viavolta.hub.site.start import migrate, set_up

set_up()

from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY  # noqa: E402
from django.contrib.sessions.backends.db import SessionStore  # noqa: E402

from viavolta.hub.collaborate import samples as collaborate  # noqa: E402 - models need the settings above
from viavolta.hub.labs import samples as labs  # noqa: E402
from viavolta.hub.labs.models import Lab  # noqa: E402
from viavolta.hub.market import samples as market  # noqa: E402
from viavolta.hub.people.models import Membership, Organisation, Role, User  # noqa: E402


def main() -> None:
    migrate()
    market.seed()
    collaborate.seed()
    labs.seed()
    city = Organisation.objects.filter(kind="city", is_sample=True).first()
    keys = {}
    for name, extra in (("owner", {}), ("moderator", {"is_moderator": True, "is_lab_host": True})):
        user = User.objects.create_user(f"{name}@example.org", name=name.title(), **extra)
        Membership.objects.create(organisation=city, user=user, role=Role.OWNER)
        session = SessionStore()
        session[SESSION_KEY] = str(user.pk)
        session[BACKEND_SESSION_KEY] = "allauth.account.auth_backends.AuthenticationBackend"
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        session["is_strong"] = True  # as with a second factor
        session.save()
        keys[name] = session.session_key
    Lab.objects.get().hosts.add(User.objects.get(email="moderator@example.org"))
    json.dump(keys, sys.stdout)


main()
