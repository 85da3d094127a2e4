"""The sample hub of the demo: people, a study, a market, all clearly marked as samples.

Each app that has something to show has a module `samples` with `seed(...)`, which adds what is
missing, changes nothing that is there, and marks all of it. They are called in the order in which
the apps build on each other. An app that has none is left out.
"""

from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec

from allauth.account.models import EmailAddress
from django.db import transaction

from viavolta.hub.market import samples as market
from viavolta.hub.operate import samples as operate
from viavolta.hub.people.models import Membership, Organisation, OrganisationKind, Role, User
from viavolta.hub.studies.models import Scenario, Study, Visibility
from viavolta.hub.studies.sharing import share
from viavolta.hub.studies.wizard.sample import sample_study

EMAIL = "demo@example.org"
SLUG = "sample-city"
_FURTHER = ("drive", "fleets", "collaborate", "labs", "kpis")


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleHub:
    """Who opens the demo, and the study it begins with."""

    person: User
    scenario: Scenario


def seed() -> SampleHub:
    """Make the samples that are not there yet."""
    person, city = _person_and_city()
    scenario = _study(person, city)
    market.seed(scenario.study)
    operate.seed(person)
    for app in _FURTHER:
        name = f"viavolta.hub.{app}.samples"
        if find_spec(name) is not None:
            import_module(name).seed()
    return SampleHub(person=person, scenario=scenario)


@transaction.atomic
def _person_and_city() -> tuple[User, Organisation]:
    """A person who sees all that the demo shows, and the city she works for."""
    person = User.objects.filter(email=EMAIL).first()
    if person is None:
        person = User.objects.create_user(
            EMAIL, name="Sample Planner", is_moderator=True, is_lab_host=True
        )
        EmailAddress.objects.create(user=person, email=EMAIL, verified=True, primary=True)
    city, _is_new = Organisation.objects.get_or_create(
        slug=SLUG,
        defaults={
            "name": "Monaco (sample city)",
            "kind": OrganisationKind.CITY,
            "country": "MC",
            "lat": 43.73,
            "lon": 7.42,
            "is_sample": True,
        },
    )
    Membership.objects.get_or_create(organisation=city, user=person, defaults={"role": Role.OWNER})
    return person, city


def _study(person: User, city: Organisation) -> Scenario:
    """The sample city's study, open to everybody."""
    known = Scenario.objects.filter(
        study__organisation=city, study__is_sample=True, is_baseline=True
    ).select_related("study")
    scenario = known.first()
    if scenario is None:
        scenario = sample_study(person, city)
        study = Study.objects.get(pk=scenario.study_id)
        scenario.study = share(person, study, Visibility.PUBLIC, seen=study.version)
    return scenario
