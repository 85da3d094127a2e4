"""Whether a text may be a VAT number of the EU: by its form and, where the rule is here, its check.

An approximation: no register is asked, so that a number may be well formed and belong to nobody.
Forms: as the questions and answers of VIES (European Commission) list them. Check digits of eleven
countries, as their tax authorities compute them; those of other countries are not checked. The
numbers in the tests are the examples of python-stdnum.
"""

import re
from collections.abc import Callable, Sequence
from enum import StrEnum

_FORMS = {
    "AT": r"U\d{8}",
    "BE": r"[01]\d{9}",
    "BG": r"\d{9,10}",
    "CY": r"\d{8}[A-Z]",
    "CZ": r"\d{8,10}",
    "DE": r"\d{9}",
    "DK": r"\d{8}",
    "EE": r"\d{9}",
    "EL": r"\d{9}",
    "ES": r"[A-Z0-9]\d{7}[A-Z0-9]",
    "FI": r"\d{8}",
    "FR": r"[A-HJ-NP-Z0-9]{2}\d{9}",
    "HR": r"\d{11}",
    "HU": r"\d{8}",
    "IE": r"\d[A-Z0-9+*]\d{5}[A-Z]{1,2}",
    "IT": r"\d{11}",
    "LT": r"\d{9}|\d{12}",
    "LU": r"\d{8}",
    "LV": r"\d{11}",
    "MT": r"\d{8}",
    "NL": r"[A-Z0-9+*]{10}\d{2}",
    "PL": r"\d{10}",
    "PT": r"\d{9}",
    "RO": r"\d{2,10}",
    "SE": r"\d{10}01",
    "SI": r"[1-9]\d{7}",
    "SK": r"\d{10}",
    "XI": r"\d{9}|\d{12}|(GD|HA)\d{3}",
}
_SPACES = re.compile(r"[\s.\-/]")


class VatVerdict(StrEnum):
    """What can be said of a number without asking a register."""

    CHECKED = "checked"
    """Its form and its check digit are right."""
    FORM_ONLY = "form-only"
    """Its form is right; the check of its country is not computed here."""
    WRONG = "wrong"
    FOREIGN = "foreign"
    """Of no country whose forms are known here."""


def verdict_of(text: str) -> VatVerdict:
    """What can be said of a number with its country's letters in front."""
    plain = _SPACES.sub("", text).upper()
    country, number = plain[:2], plain[2:]
    country = "EL" if country == "GR" else country
    form = _FORMS.get(country)
    if form is None:
        return VatVerdict.FOREIGN
    if not re.fullmatch(form, number, flags=re.ASCII):
        return VatVerdict.WRONG
    check = _CHECKS.get(country)
    if check is None or not number.removeprefix("U").isdigit():
        return VatVerdict.FORM_ONLY
    digits = [int(sign) for sign in number.removeprefix("U")]
    return VatVerdict.CHECKED if check(digits) else VatVerdict.WRONG


def _weighted(digits: Sequence[int], weights: Sequence[int]) -> int:
    return sum(d * w for d, w in zip(digits, weights, strict=False))


def _number(digits: Sequence[int]) -> int:
    return int("".join(map(str, digits)))


def _luhn(digits: Sequence[int]) -> bool:
    doubled = [sum(divmod(2 * d, 10)) if k % 2 else d for k, d in enumerate(reversed(digits))]
    return sum(doubled) % 10 == 0


def _austria(digits: Sequence[int]) -> bool:
    total = sum(sum(divmod(2 * d, 10)) if k % 2 else d for k, d in enumerate(digits[:7]))
    return (10 - (total + 4) % 10) % 10 == digits[7]


def _germany(digits: Sequence[int]) -> bool:
    """ISO 7064, mod 11, 10."""
    check = 5
    for digit in digits:
        check = ((check or 10) * 2 % 11 + digit) % 10
    return check == 1


def _finland(digits: Sequence[int]) -> bool:
    return _weighted(digits, (7, 9, 10, 5, 8, 4, 2, 1)) % 11 == 0


def _france(digits: Sequence[int]) -> bool:
    """Only the usual form, of digits alone, reaches this."""
    return (_number(digits[2:]) * 100 + 12) % 97 == _number(digits[:2]) and _luhn(digits[2:])


def _portugal(digits: Sequence[int]) -> bool:
    rest = 11 - _weighted(digits, range(9, 1, -1)) % 11
    return rest % 11 % 10 == digits[8]


def _slovenia(digits: Sequence[int]) -> bool:
    check = 11 - _weighted(digits, range(8, 1, -1)) % 11
    return (0 if check == 10 else check) == digits[7]  # noqa: PLR2004 - 10 is no digit


_CHECKS: dict[str, Callable[[Sequence[int]], bool]] = {
    "AT": _austria,
    "BE": lambda d: 97 - _number(d[:8]) % 97 == _number(d[8:]),
    "DE": _germany,
    "DK": lambda d: _weighted(d, (2, 7, 6, 5, 4, 3, 2, 1)) % 11 == 0,
    "FI": _finland,
    "FR": _france,
    "IT": _luhn,
    "LU": lambda d: _number(d[:6]) % 89 == _number(d[6:]),
    "PL": lambda d: _weighted(d, (6, 5, 7, 2, 3, 4, 5, 6, 7)) % 11 == d[9],
    "PT": _portugal,
    "SI": _slovenia,
}
