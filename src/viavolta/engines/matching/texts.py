"""What many texts speak of as arrays, and how much of what one speaks of the others take up."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import blake2b

import numpy as np

from viavolta.model.arrays import Floats, Ints, freeze, require

_SATURATION = 1.2
_LENGTH_SHARE = 0.4
"""How soon a word that is repeated stops counting, and how far long texts are held back (BM25)."""


def feature_id(word: str) -> int:
    """The number that stands for a term or stem, the same on every machine."""
    return int.from_bytes(blake2b(word.encode(), digest_size=8).digest(), "little", signed=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bag:
    """What one text says: feature (K,), each once and rising, and how often, count (K,)."""

    feature: Ints
    count: Ints

    def __post_init__(self) -> None:
        shape = (len(self.feature),)
        freeze(self, "feature", "int64", shape)
        freeze(self, "count", "int64", shape)
        require(self.feature[1:] > self.feature[:-1], "features must be rising")
        require(self.count > 0, "a feature is counted once at least")

    @staticmethod
    def of(said: Counter[str]) -> "Bag":
        """The bag of counted words."""
        pairs = sorted((feature_id(word), count) for word, count in said.items())
        feature, count = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
        return Bag(feature=feature, count=count)

    def to_bytes(self) -> bytes:
        """What `from_bytes` reads: all features, then all counts (up to 255)."""
        count = np.minimum(self.count, 255).astype("u1")
        return self.feature.astype("<i8").tobytes() + count.tobytes()

    @staticmethod
    def from_bytes(kept: bytes) -> "Bag":
        """Read a kept bag."""
        n = len(kept) // 9
        feature, count = np.frombuffer(kept, "<i8", n), np.frombuffer(kept, "u1", n, 8 * n)
        return Bag(feature=feature.astype(np.int64), count=count.astype(np.int64))


@dataclass(frozen=True, slots=True, kw_only=True)
class TextTable:
    """The bags of N texts as one list sorted by feature; feature, row, count have shape (M,).

    `length` is the number of words of each text, shape (N,).
    """

    n_rows: int
    feature: Ints
    row: Ints
    count: Ints
    length: Ints = field(init=False)

    def __post_init__(self) -> None:
        length = np.bincount(self.row, self.count, minlength=self.n_rows).astype(np.int64)
        object.__setattr__(self, "length", length)

    @staticmethod
    def of(bags: Sequence[Bag]) -> "TextTable":
        """The table of many bags, one row each, in their order."""
        nothing = [np.zeros(0, dtype=np.int64)]
        feature = np.concatenate([bag.feature for bag in bags] or nothing)
        count = np.concatenate([bag.count for bag in bags] or nothing)
        row = np.repeat(np.arange(len(bags)), [len(bag.feature) for bag in bags])
        order = np.argsort(feature, kind="stable")
        return TextTable(
            n_rows=len(bags), feature=feature[order], row=row[order], count=count[order]
        )

    def entries_of(self, features: Ints) -> tuple[Ints, Ints]:
        """Entries of the given features, and for each the place of its feature among them."""
        first = np.searchsorted(self.feature, features, "left")
        last = np.searchsorted(self.feature, features, "right")
        spans = [np.arange(a, b) for a, b in zip(first, last, strict=True)]
        entries = np.concatenate([*spans, np.zeros(0, dtype=np.int64)])
        return entries, np.repeat(np.arange(len(features)), last - first)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rarity:
    """How much a feature tells: much where few texts have it; feature, weight (U,).

    `mean_length` is the mean number of words of the texts that offer.
    """

    feature: Ints
    weight: Floats
    most: float
    mean_length: float

    @staticmethod
    def of(wanting: TextTable, offering: TextTable) -> "Rarity":
        """Rarity among the texts of both sides."""
        n = wanting.n_rows + offering.n_rows
        both = np.concatenate([wanting.feature, offering.feature])
        feature, n_texts = np.unique(both, return_counts=True)
        return Rarity(
            feature=feature,
            weight=_weight(n, n_texts),
            most=float(_weight(n, np.zeros(1, dtype=np.int64))[0]),
            mean_length=max(float(offering.count.sum()) / max(offering.n_rows, 1), 1.0),
        )

    def of_features(self, features: Ints) -> Floats:
        """Weights of features; one that no text has weighs most."""
        if not len(self.feature):
            return np.full(len(features), self.most)
        at = np.minimum(np.searchsorted(self.feature, features), len(self.feature) - 1)
        return np.where(self.feature[at] == features, self.weight[at], self.most)


def _weight(n: int, n_texts: Ints) -> Floats:
    weight: Floats = np.log(1.0 + (n - n_texts + 0.5) / (n_texts + 0.5))
    return weight


def shares_offered(wanted: Bag, offers: TextTable, rarity: Rarity) -> Floats:
    """For each of N offers, how much of what one text wants it takes up, (N,), about 0 to 1."""
    weight = rarity.of_features(wanted.feature)
    entries, of = offers.entries_of(wanted.feature)
    row, count = offers.row[entries], offers.count[entries]
    said = _saturated(count, offers.length[row] / rarity.mean_length)
    total = np.bincount(row, weight[of] * said, minlength=offers.n_rows)
    return total / max(float(weight.sum()), _least(rarity))


def shares_wanted(offer: Bag, wanted: TextTable, whole: Floats, rarity: Rarity) -> Floats:
    """For each of N texts that want, how much of it one offer takes up: the same figure, (N,).

    `whole` is what each of them wants, `weights_wanted(wanted, rarity)`.
    """
    entries, of = wanted.entries_of(offer.feature)
    row = wanted.row[entries]
    said = _saturated(offer.count, offer.count.sum() / rarity.mean_length)
    weight = rarity.of_features(offer.feature) * said
    total = np.bincount(row, weight[of], minlength=wanted.n_rows)
    return total / np.maximum(whole, _least(rarity))


def weights_wanted(wanted: TextTable, rarity: Rarity) -> Floats:
    """How much each of N texts wants in all, (N,)."""
    each = rarity.of_features(wanted.feature)
    whole: Floats = np.bincount(wanted.row, each, minlength=wanted.n_rows).astype(np.float64)
    return whole


def _saturated(count: Ints, length: Floats | float) -> Floats:
    held_back = _SATURATION * (1.0 - _LENGTH_SHARE + _LENGTH_SHARE * length)
    said: Floats = count * (_SATURATION + 1.0) / (count + held_back)
    return said


def _least(rarity: Rarity) -> float:
    """A text of a single word shall not be taken up wholly by whoever has it."""
    return rarity.most
