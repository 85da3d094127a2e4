"""VAT numbers: well formed or not; nobody says that they belong to somebody."""

import pytest

from viavolta.services.billing.vat_numbers import VatVerdict, verdict_of

EXAMPLES = (
    "ATU13585627",
    "BE 0428759497",
    "DE 136,695 976".replace(",", ""),
    "DK 13585628",
    "FI 20774740",
    "Fr 40 303 265 045",
    "IT 00743110157",
    "LU 150 274 42",
    "PL 8567346215",
    "PT 501 964 843",
    "SI 5022 3054",
)
"""Valid by the documentation of python-stdnum, each in its country's module."""


@pytest.mark.parametrize("number", EXAMPLES)
def test_the_check_digit_is_right_and_another_is_not(number: str) -> None:
    """Any other last digit is wrong."""
    assert verdict_of(number) is VatVerdict.CHECKED
    last = int(number[-1])
    others = {verdict_of(number[:-1] + str((last + k) % 10)) for k in range(1, 10)}
    assert others == {VatVerdict.WRONG}


@pytest.mark.parametrize(
    ("number", "verdict"),
    [
        ("NL004495445B01", VatVerdict.FORM_ONLY),
        ("EL023456780", VatVerdict.FORM_ONLY),
        ("GR023456780", VatVerdict.FORM_ONLY),
        ("SI12345678", VatVerdict.WRONG),
        ("SI1", VatVerdict.WRONG),
        ("DE13669597\N{ARABIC-INDIC DIGIT SIX}", VatVerdict.WRONG),
        ("CH123456789", VatVerdict.FOREIGN),
        ("", VatVerdict.FOREIGN),
    ],
)
def test_what_is_not_checked_is_said(number: str, verdict: VatVerdict) -> None:
    """A right form is no right number."""
    assert verdict_of(number) is verdict
