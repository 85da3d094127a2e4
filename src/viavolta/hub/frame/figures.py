"""Key figures, each of which can be asked "why?"."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.utils.functional import Promise

from viavolta.hub.frame.forms import Source

Words = str | Promise


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """What is behind a figure: its rule and inputs, what binds it, what one unit more is worth.

    `inputs` are pairs of label and value as shown; leave out what does not apply.
    """

    rule: Words = ""
    inputs: Sequence[tuple[Words, Words]] = field(default_factory=tuple)
    binds: Words = ""
    worth: Words = ""
    sure: Words = ""  # how sure it is
    sources: Sequence[Source] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A number with its unit, a note below it and, opened by "why?", what is behind it."""

    label: Words
    value: Words
    unit: Words = ""
    note: Words = ""
    why: Why | None = None
    link: str = ""  # to the rows behind it
