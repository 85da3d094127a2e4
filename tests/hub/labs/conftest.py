"""A lab of the city's region, with a host, and a host elsewhere."""

from collections.abc import Callable
from typing import Any

import pytest

from viavolta.hub.labs.actions.labs import LabFacts, open_lab
from viavolta.hub.labs.models import Lab
from viavolta.hub.people.models import Membership, Organisation, Role, User


@pytest.fixture
def host(cast: Any, make_user: Callable[..., User]) -> User:
    """An editor of the city who is a lab host."""
    person = make_user("hana", is_lab_host=True)
    Membership.objects.create(organisation=cast.organisation, user=person, role=Role.EDITOR)
    return person


@pytest.fixture
def other_host(make_user: Callable[..., User]) -> User:
    """A lab host of another region."""
    return make_user("otto", is_lab_host=True)


@pytest.fixture
def lab(cast: Any, host: User) -> Lab:
    """A lab in Carinthia, which speaks German and Slovenian."""
    return open_lab(
        host,
        cast.organisation,
        LabFacts(
            name="Labor Kärnten",
            nuts="AT21",
            region_name="Kärnten",
            texts={"de": "Wir laden gemeinsam.", "sl": "Polnimo skupaj.", "en": ""},
        ),
    )


@pytest.fixture
def company(make_user: Callable[..., User]) -> Organisation:
    """A company with an editor, `company.editor`."""
    company = Organisation.objects.create(
        name="Twelve Chargers", slug="twelve-chargers", kind="sme", country="SI", is_sme=True
    )
    person = make_user("ana")
    Membership.objects.create(organisation=company, user=person, role=Role.EDITOR)
    company.editor = person
    return company
