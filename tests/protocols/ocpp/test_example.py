"""The smallest payloads are payloads."""

import pytest

from viavolta.protocols.ocpp.actions import FROM_CENTRAL, FROM_STATION
from viavolta.protocols.ocpp.example import smallest
from viavolta.protocols.ocpp.schemas import Version, first_violation, schema_of


@pytest.mark.parametrize("version", list(Version))
def test_the_smallest_payload_of_every_action_is_valid(version: Version) -> None:
    """The official validator has nothing to say against any of them."""
    for action in FROM_CENTRAL[version] | FROM_STATION[version]:
        assert first_violation(version, action, smallest(schema_of(version, action))) is None, (
            action
        )
