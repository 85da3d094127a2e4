"""Personal fields of payloads are masked or left out, however deep they stand."""

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from viavolta.protocols.ocpp.personal import FIELDS, MASK, masked, without

_PARTS: st.SearchStrategy[Any] = st.recursive(
    st.integers() | st.text(max_size=5),
    lambda part: (
        st.lists(part, max_size=3)
        | st.dictionaries(st.sampled_from([*sorted(FIELDS)[:3], "evseId"]), part, max_size=3)
    ),
    max_leaves=8,
)


def keys_of(part: Any) -> set[str]:
    """The names of all fields, however deep."""
    if isinstance(part, list):
        return set().union(*map(keys_of, part))
    if isinstance(part, dict):
        return set(part).union(*map(keys_of, part.values()))
    return set()


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(_PARTS)
def test_no_personal_field_is_left(part: Any) -> None:
    """Without them nothing of them is left; twice is as once; the rest stays."""
    bare = without(part)
    assert not keys_of(bare) & FIELDS
    assert without(bare) == bare == without(masked(part))


def test_a_mask_stands_in_their_place() -> None:
    """So that one sees that something was there."""
    told = {"idToken": {"idToken": "04AB"}, "evse": [{"id": 1, "emaid": "DE8AA"}]}
    assert masked(told) == {"idToken": MASK, "evse": [{"id": 1, "emaid": MASK}]}
