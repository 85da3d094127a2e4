"""Shares of what is wanted: against a slow twin, and the same figure both ways."""

from collections import Counter
from math import log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from viavolta.engines.matching.texts import (
    Bag,
    Rarity,
    TextTable,
    shares_offered,
    shares_wanted,
    weights_wanted,
)

words = st.sampled_from(["bus", "depot", "charge", "hill", "ferry", "tender"])
texts = st.dictionaries(words, st.integers(1, 3), max_size=5).map(Counter)


def share_by_hand(wanted, offer, all_wanted, all_offers):
    """BM25 as a share of the rarity of all that is wanted, in obvious lines."""
    n = len(all_wanted) + len(all_offers)

    def rarity(word):
        having = sum(word in text for text in [*all_wanted, *all_offers])
        return log(1 + (n - having + 0.5) / (having + 0.5))

    mean = max(sum(text.total() for text in all_offers) / max(len(all_offers), 1), 1)
    held_back = 1.2 * (0.6 + 0.4 * offer.total() / mean)
    got = sum(
        rarity(word) * offer[word] * 2.2 / (offer[word] + held_back)
        for word in wanted
        if word in offer
    )
    return got / max(sum(map(rarity, wanted)), log(1 + (n + 0.5) / 0.5))


@settings(max_examples=60, deadline=None)
@given(st.lists(texts, min_size=1, max_size=4), st.lists(texts, min_size=1, max_size=4))
def test_shares_both_ways(wanted, offers):
    """One with many, both ways, gives what the slow twin gives for each pair."""
    need_bags, offer_bags = [Bag.of(w) for w in wanted], [Bag.of(o) for o in offers]
    needs, solutions = TextTable.of(need_bags), TextTable.of(offer_bags)
    rarity = Rarity.of(needs, solutions)
    expected = np.array([[share_by_hand(w, o, wanted, offers) for o in offers] for w in wanted])
    forth = [shares_offered(bag, solutions, rarity) for bag in need_bags]
    whole = weights_wanted(needs, rarity)
    back = [shares_wanted(bag, needs, whole, rarity) for bag in offer_bags]
    assert np.allclose(forth, expected)
    assert np.allclose(np.array(back).T, expected)


def test_a_bag_must_be_sorted_and_counted():
    """A bag that could not be searched cannot exist."""
    with pytest.raises(ValueError, match="rising"):
        Bag(feature=np.array([2, 1]), count=np.array([1, 1]))
    with pytest.raises(ValueError, match="counted once"):
        Bag(feature=np.array([1]), count=np.array([0]))


def test_nothing_to_compare():
    """An empty market and an empty text give no share, and no division by nothing."""
    nothing, one = TextTable.of([]), TextTable.of([Bag.of(Counter())])
    rarity = Rarity.of(nothing, nothing)
    assert shares_offered(Bag.of(Counter("a")), nothing, rarity).shape == (0,)
    assert shares_offered(Bag.of(Counter()), one, Rarity.of(one, one)).tolist() == [0.0]
