"""What is published of a month: no figure, and no difference of two, is of fewer than k cards."""

import dataclasses
import itertools

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from viavolta.services.statistics.anonymity import (
    OTHERS,
    Cut,
    Entry,
    Part,
    cut_of_all,
    cut_of_operator,
    figures_of,
)

K = 3
AREAS = ("a", "b")
OPERATORS = (1, 2, 3)
REGIONS = {1: "north", 2: "north", 3: "south"}
SLOW = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])


def entries(operator: int, area: str, cards: str) -> list[Entry]:
    """A session of each card, of 1 kWh."""
    return [
        Entry(operator=operator, area=area, card=card, energy_wh=1000.0, plugged_h=2.0)
        for card in cards
    ]


def test_a_cell_of_few_cards_is_withheld_and_in_no_total() -> None:
    """Two cards, however many sessions; the total is that of the rest."""
    month = [*entries(1, "a", "xyz"), *entries(1, "b", "xyxyxyxy")]
    cut = cut_of_operator(month, K)
    assert [(part.area, part.cards) for part in cut.parts] == [("a", 3)]
    assert cut.withheld_areas == 1
    assert figures_of(cut.parts, 720.0).sessions == 3


def test_small_areas_stand_together_where_they_have_enough() -> None:
    """And never alone: one that is left is withheld."""
    month = [*entries(1, "a", "xy"), *entries(1, "b", "yz"), *entries(1, "c", "uvw")]
    cut = cut_of_operator(month, K)
    assert {part.area for part in cut.parts} == {"c", OTHERS}
    assert not cut.withheld


def test_sessions_of_nobody_count_as_one_card() -> None:
    """A hundred sessions without a card hide nobody."""
    cut = cut_of_operator(entries(1, "a", "xy") + [Entry(operator=1, area="a", card="")] * 100, K)
    assert [part.cards for part in cut.parts] == [3]
    assert not cut_of_operator([Entry(operator=1, area="a", card="")] * 100, K).parts


def test_figures_by_hand() -> None:
    """Of three cards over 10 hours: 6 of 30 hours, a quarter smart, one of two promises kept."""
    month = entries(1, "a", "xyz")
    month[0] = dataclasses.replace(
        month[0], energy_wh=2000.0, flexible_wh=1000.0, judged=True, is_kept=True
    )
    month[1] = dataclasses.replace(month[1], judged=True)
    found = figures_of([Part(area="a", entries=tuple(month))], 10.0)
    assert (found.sessions, found.energy_kwh) == (3, 4)
    assert (found.smart_share, found.kept_share, found.plug_in_share) == (0.25, 0.5, 0.2)


_MONTHS = st.lists(
    st.builds(
        Entry,
        operator=st.sampled_from(OPERATORS),
        area=st.sampled_from(AREAS),
        card=st.sampled_from("stuvwxyz"),
        energy_wh=st.integers(1, 9).map(lambda kwh: 1000.0 * kwh),
    ),
    min_size=1,
    max_size=30,
)


def cuts_of(month: list[Entry]) -> tuple[dict[int, Cut], Cut]:
    """The cuts of all operators, and of all together."""
    cuts = {n: cut_of_operator([e for e in month if e.operator == n], K) for n in OPERATORS}
    return cuts, cut_of_all(cuts, REGIONS, K)


@SLOW
@given(_MONTHS)
def test_parts_do_not_overlap_and_each_has_k_cards(month: list[Entry]) -> None:
    """Every session stands in one part or is withheld."""
    cuts, whole = cuts_of(month)
    for own, cut in [
        *(([e for e in month if e.operator == n], cut) for n, cut in cuts.items()),
        (month, whole),
    ]:
        assert all(part.cards >= K for part in cut.parts)
        told = [entry for part in cut.parts for entry in part.entries]
        assert sorted(map(repr, [*told, *cut.withheld])) == sorted(map(repr, own))


@SLOW
@given(_MONTHS)
def test_what_is_withheld_changes_nothing_that_is_published(month: list[Entry]) -> None:
    """Whatever the withheld sessions drew, the figures are the same."""
    cuts, whole = cuts_of(month)
    hidden = {id(entry) for entry in whole.withheld}
    other = [
        dataclasses.replace(e, energy_wh=77.0, plugged_h=9.0) if id(e) in hidden else e
        for e in month
    ]
    others, other_whole = cuts_of(other)
    for mine, changed in [*((cuts[n], others[n]) for n in OPERATORS), (whole, other_whole)]:
        assert [figures_of([part], 10.0) for part in mine.parts] == [
            figures_of([part], 10.0) for part in changed.parts
        ]
        assert figures_of(mine.parts, 10.0) == figures_of(changed.parts, 10.0)


@SLOW
@given(_MONTHS)
def test_no_sum_or_difference_tells_of_fewer_than_k_cards(month: list[Entry]) -> None:
    """An attacker solves for every set of areas with fewer cards, and gets none of them.

    She knows all published figures, of operators and of the hub, and may be an operator who knows
    her own areas besides; then it is the others' areas that she must not get.
    """
    groups = sorted({(e.operator, e.area) for e in month})
    cuts, whole = cuts_of(month)
    published = [
        _row(groups, part.entries)
        for cut in (*cuts.values(), whole)
        for part in (*cut.parts, Part(area="total", entries=_all(cut)))
    ]
    for insider in (None, *OPERATORS):
        own = [_unit(groups, g) for g in groups if g[0] == insider]
        known = np.array([*published, *own]).reshape(-1, len(groups))
        foreign = [g for g in groups if g[0] != insider]
        for n in range(1, len(foreign) + 1):
            for some in itertools.combinations(foreign, n):
                cards = {e.card for e in month if (e.operator, e.area) in some}
                if len(cards) < K:
                    assert not _is_solved(known, sum(_unit(groups, g) for g in some))


def _all(cut: Cut) -> tuple[Entry, ...]:
    return tuple(entry for part in cut.parts for entry in part.entries)


def _row(groups: list[tuple[int, str]], told: tuple[Entry, ...]) -> np.ndarray:
    """Which areas a published figure is the sum of."""
    found = np.zeros(len(groups))
    for entry in told:
        found[groups.index((entry.operator, entry.area))] = 1.0
    return found


def _unit(groups: list[tuple[int, str]], group: tuple[int, str]) -> np.ndarray:
    found = np.zeros(len(groups))
    found[groups.index(group)] = 1.0
    return found


def _is_solved(known: np.ndarray, wanted: np.ndarray) -> bool:
    """Whether a sum of areas follows from the published ones."""
    if not known.size:
        return False
    return bool(np.linalg.matrix_rank(np.vstack([known, wanted])) == np.linalg.matrix_rank(known))


def test_the_attack_finds_what_is_badly_published() -> None:
    """A total that counts a withheld cell gives it away: the test above would see it."""
    groups = [(1, "a"), (1, "b")]
    known = np.array([_unit(groups, groups[0]), [1.0, 1.0]])
    assert _is_solved(known, _unit(groups, groups[1]))
