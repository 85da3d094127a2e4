"""Addresses made from titles."""

from django.db import models
from django.utils.text import slugify

RESERVED = frozenset({"join", "month", "new", "places", "sessions"})
"""Words that stand where a slug could stand in an address."""


def free_slug(kind: type[models.Model], title: str, fallback: str) -> str:
    """A slug of the title that no other row has; `fallback` where the title has no letters."""
    base = slugify(title)[:150].strip("-") or fallback
    taken = set(kind._default_manager.filter(slug__startswith=base).values_list("slug", flat=True))
    taken |= RESERVED
    if base not in taken:
        return base
    number = 2
    while f"{base}-{number}" in taken:
        number += 1
    return f"{base}-{number}"
