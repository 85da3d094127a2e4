"""When vehicles leave: what was said, else what past sessions teach."""

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from plugs import NOW, plug

from viavolta.services.live.departure import Source, leaving
from viavolta.services.live.facts import Giver, NeedsFacts, Past, WishFacts
from viavolta.services.live.figures import live_figures

LATER = {k: NOW + dt.timedelta(hours=k) for k in range(1, 13)}
FIGURES = live_figures()


def past(*hours: float) -> tuple[Past, ...]:
    """Sessions that lasted so many hours."""
    return tuple(Past(stay_s=h * 3600, energy_kwh=10.0) for h in hours)


def test_who_says_it_counts_in_this_order() -> None:
    """Driver, vehicle, her usual wish, fleet, her past, the station's past, the default."""
    all_of_them = plug(
        wish=WishFacts(ready_at=LATER[1]),
        needs=NeedsFacts(departure_at=LATER[2]),
        token_past=past(5, 5, 5),
        station_past=past(6, 6, 6),
    )
    usual = replace(all_of_them, wish=WishFacts(ready_at=LATER[3], giver=Giver.PREFERENCE))
    fleet = replace(usual, needs=None, wish=WishFacts(ready_at=LATER[4], giver=Giver.FLEET))
    steps = [
        (all_of_them, Source.DRIVER, LATER[1]),
        (usual, Source.VEHICLE, LATER[2]),
        (replace(usual, needs=None), Source.PREFERENCE, LATER[3]),
        (fleet, Source.FLEET, LATER[4]),
        (replace(usual, needs=None, wish=None), Source.TOKEN_PAST, LATER[5]),
        (
            replace(usual, needs=None, wish=None, token_past=past(5)),
            Source.STATION_PAST,
            LATER[6],
        ),
        (plug(), Source.ASSUMED, NOW + dt.timedelta(seconds=FIGURES.first_stay_s)),
    ]
    for facts, source, at in steps:
        found = leaving(facts, now=NOW, figures=FIGURES)
        assert (found.source, found.at) == (source, at)


def test_a_forecast_tells_how_sure_it_is() -> None:
    """Of a hundred stays the tenth and the ninetieth frame what is likely; the tenth is planned."""
    found = leaving(plug(token_past=past(*range(1, 101))), now=NOW, figures=FIGURES)
    assert found.earliest == found.at == NOW + dt.timedelta(hours=11)
    assert found.latest == NOW + dt.timedelta(hours=91)


def test_what_has_not_happened_yet_is_learnt_from() -> None:
    """After six hours the short stays of the past do not count any more."""
    found = leaving(plug(token_past=past(1, 2, 3, 8, 9)), now=LATER[6], figures=FIGURES)
    assert found.at == LATER[8]


@given(
    hours=st.lists(st.floats(0.1, 100), max_size=60),
    passed=st.floats(0, 120),
    share=st.floats(0, 1),
)
def test_a_forecast_is_never_over(hours: list[float], passed: float, share: float) -> None:
    """Whatever the past was like, a forecast lies ahead, and its frame holds it."""
    now = NOW + dt.timedelta(hours=passed)
    figures = replace(FIGURES, stay_share=share)
    found = leaving(plug(token_past=past(*hours)), now=now, figures=figures)
    assert found.at >= now
    if found.earliest is not None and found.latest is not None:
        assert now <= found.earliest <= found.latest
    assert found.source in {Source.TOKEN_PAST, Source.ASSUMED}
    if len(hours) < FIGURES.min_past:
        assert found.source is Source.ASSUMED


@pytest.mark.parametrize("hours", [-3, 3])
def test_what_was_said_holds_though_it_be_over(hours: int) -> None:
    """A driver who overstays has said what she said."""
    at = NOW + dt.timedelta(hours=hours)
    found = leaving(plug(wish=WishFacts(ready_at=at)), now=NOW, figures=FIGURES)
    assert found.at == at
