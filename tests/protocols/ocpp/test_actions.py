"""The actions of each version, compared with the official schemas."""

from importlib import resources

import pytest

from viavolta.protocols.ocpp.actions import FROM_CENTRAL, FROM_STATION, SENT_BY_STATION
from viavolta.protocols.ocpp.schemas import Version

_FOLDER = {Version.V16: "v16", Version.V201: "v201", Version.V21: "v21"}


@pytest.mark.parametrize("version", list(Version))
def test_every_schema_is_somebodys_action(version: Version) -> None:
    """Each official schema belongs to an action of the station or of the central system."""
    folder = resources.files("ocpp") / _FOLDER[version] / "schemas"
    stems = {p.name.removesuffix(".json") for p in folder.iterdir() if p.name.endswith(".json")}
    actions = {stem.removesuffix("Response").removesuffix("Request") for stem in stems}
    named = FROM_CENTRAL[version] | FROM_STATION[version] | SENT_BY_STATION[version]
    assert named == actions


@pytest.mark.parametrize("version", list(Version))
def test_only_data_transfer_goes_both_ways(version: Version) -> None:
    """No other action may be called by both sides."""
    assert FROM_CENTRAL[version] & FROM_STATION[version] == {"DataTransfer"}
