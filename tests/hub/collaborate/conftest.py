"""A company beside the city of the cast, and shorthands."""

from collections.abc import Callable
from typing import Any

import pytest

from viavolta.hub.collaborate.actions.collaborations import start_collaboration
from viavolta.hub.collaborate.models import Collaboration
from viavolta.hub.people.models import Membership, Organisation, Role, User


@pytest.fixture
def company(make_user: Callable[..., User]) -> Organisation:
    """A company of twelve with an editor, `company.editor`."""
    company = Organisation.objects.create(
        name="Twelve Chargers", slug="twelve-chargers", kind="sme", country="SI", is_sme=True
    )
    person = make_user("ana")
    Membership.objects.create(organisation=company, user=person, role=Role.EDITOR)
    company.editor = person
    return company


@pytest.fixture
def collaboration(cast: Any) -> Collaboration:
    """A collaboration that the city leads."""
    return start_collaboration(
        cast.users["editor"],
        cast.organisation,
        title="Charging at night",
        segment="public-transport",
    )
