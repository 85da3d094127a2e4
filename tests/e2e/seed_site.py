"""Fill the hub of the browser tests with what the demo shows, and sign three people in.

Run in a process of its own, with the hub's real settings; prints the keys of their sessions.
"""

import importlib.util
import json
import sys
from pathlib import Path

from viavolta.hub.site.start import migrate, set_up

set_up()

from django.conf import settings  # noqa: E402 - as below
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY  # noqa: E402
from django.contrib.sessions.backends.db import SessionStore  # noqa: E402

from viavolta.hub.collaborate import samples as collaborate  # noqa: E402 - models need the settings above
from viavolta.hub.drive import samples as drive  # noqa: E402
from viavolta.hub.fleets import samples as fleets  # noqa: E402
from viavolta.hub.labs import samples as labs  # noqa: E402
from viavolta.hub.labs.models import Lab  # noqa: E402
from viavolta.hub.market import samples as market  # noqa: E402
from viavolta.hub.operate import samples as operate  # noqa: E402
from viavolta.hub.people.models import Membership, Organisation, Role, User  # noqa: E402
from viavolta.hub.studies.models import Scenario, Study, Visibility  # noqa: E402
from viavolta.storage.study_folder import write_study  # noqa: E402

PASSWORD = "a-long-word-for-tests"  # without one, nobody can be asked for it again
MADE_UP = Path(__file__).parents[1] / "reports" / "conftest.py"


def make_study(city: Organisation) -> None:
    """A public study with two scenarios that have results, as made up for the tests of reports."""
    spec = importlib.util.spec_from_file_location("made_up", MADE_UP)
    assert spec is not None
    assert spec.loader is not None
    made_up = importlib.util.module_from_spec(spec)
    sys.modules["made_up"] = made_up
    spec.loader.exec_module(made_up)
    study = Study.objects.create(
        organisation=city,
        title="Buses of the sample city",
        slug="sample-buses",
        visibility=Visibility.PUBLIC,
        is_sample=True,
    )
    for name, n_buses in (("Baseline", 6), ("More buses", 8)):
        result = made_up.bus_study(n_vehicles=n_buses)
        scenario = Scenario.objects.create(
            study=study, name=name, is_baseline=name == "Baseline", summary=result.summary
        )
        scenario.result_folder = f"studies/{scenario.pk}"
        write_study(settings.CONFIG.data / scenario.result_folder, result, force=True)
        scenario.save()


def main() -> None:
    migrate()
    market.seed()
    collaborate.seed()
    labs.seed()
    city = Organisation.objects.filter(kind="city", is_sample=True).first()
    make_study(city)
    keys = {}
    for name, extra in (("owner", {}), ("moderator", {"is_moderator": True, "is_lab_host": True})):
        user = User.objects.create_user(
            f"{name}@city.example", PASSWORD, name=name.title(), **extra
        )
        Membership.objects.create(organisation=city, user=user, role=Role.OWNER)
        session = SessionStore()
        session[SESSION_KEY] = str(user.pk)
        session[BACKEND_SESSION_KEY] = "allauth.account.auth_backends.AuthenticationBackend"
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        session["is_strong"] = True  # as with a second factor
        session.save()
        keys[name] = session.session_key
    operate.seed(User.objects.get(email="owner@city.example"))
    drive.seed()
    fleets.seed()
    Lab.objects.get().hosts.add(User.objects.get(email="moderator@city.example"))
    json.dump(keys, sys.stdout)


main()
