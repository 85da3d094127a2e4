"""Numbers as the reader's language writes them."""

from decimal import Decimal

import pytest
from django.utils import translation

from viavolta.hub.frame.numbers import NOTHING, shown_number


@pytest.mark.parametrize(
    ("value", "digits", "shown"),
    [
        (2.3798, 2, "2.38"),
        (-8.695, 0, "-9"),
        (2_628_377.57, 0, "2,628,378"),
        (-0.3, 0, "0"),
        (Decimal("1.005"), 1, "1.0"),
        (21, 0, "21"),
        (float("nan"), 1, NOTHING),
        (None, 1, NOTHING),
    ],
)
def test_a_number_is_rounded_not_cut_off(value: object, digits: int, shown: str) -> None:
    """The last digit shown is the nearest one, and nought has no sign."""
    with translation.override("en"):
        assert shown_number(value, digits=digits) == shown
