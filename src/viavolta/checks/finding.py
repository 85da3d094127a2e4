"""What a check found wrong."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One rule that a study breaks.

    Attributes
    ----------
    rule : str
        Short stable name of the rule, kebab-case.
    table : str
        Table of the study in which it shows.
    where : str
        Row, key or moment, for a person to find it.
    message : str
        What was expected and what was found.
    """

    rule: str
    table: str
    where: str
    message: str
