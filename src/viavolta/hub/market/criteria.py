"""What somebody looks for, as the address bar says it: words, and choices in groups."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

from django.http import QueryDict

from viavolta.hub.market.models import EntryKind, SolutionForm
from viavolta.hub.market.shelf import GROUPS, HAS
from viavolta.hub.people.models import OrganisationKind
from viavolta.model.facets import FACET_VALUES, Facet

MAX_WORDS = 200
_MAX_CHOICES = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Criteria:
    """Needs or solutions, words of the text, and for each group the choices (one is enough)."""

    kind: EntryKind
    words: str = ""
    chosen: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @staticmethod
    def from_query(kind: EntryKind, query: QueryDict) -> "Criteria":
        """Read an address; what no longer exists is passed over."""
        chosen = {}
        for group in GROUPS:
            words = {w for w in query.getlist(group)[:_MAX_CHOICES] if _exists(group, w)}
            if words:
                chosen[group] = frozenset(words)
        return Criteria(
            kind=kind, words=" ".join(query.get("q", "").split())[:MAX_WORDS], chosen=chosen
        )

    @staticmethod
    def from_text(kind: EntryKind, query: str) -> "Criteria":
        """Read what `as_text` wrote."""
        return Criteria.from_query(kind, QueryDict(query))

    def as_text(self) -> str:
        """The address's query: the same text for the same search."""
        pairs = [("q", self.words)] if self.words else []
        pairs += [(g, w) for g in GROUPS for w in sorted(self.chosen.get(g, ()))]
        return urlencode(pairs)

    @property
    def is_narrowed(self) -> bool:
        """Whether it asks for anything."""
        return bool(self.words or self.chosen)


def _exists(group: str, word: str) -> bool:
    if group == "has":
        return word in HAS
    if group == "country":
        return len(word) == 2 and word.isascii() and word.isupper()  # noqa: PLR2004 - ISO codes
    if group in {"by", "form"}:
        return word in {"by": OrganisationKind.values, "form": SolutionForm.values}[group]
    return word in {value.value for value in FACET_VALUES[Facet(group)]}
