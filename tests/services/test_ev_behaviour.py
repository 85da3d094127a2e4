"""Stays at home from the shipped sessions: a year of vehicles that a grid can be asked about."""

from zoneinfo import ZoneInfo

import numpy as np

from viavolta.catalogue import Assumptions
from viavolta.services.ev_behaviour import (
    SUBJECTS,
    Behaviour,
    behaviour_input,
    draw_stays,
    in_utc,
    recorded_behaviour,
)

FIRST = np.datetime64("2023-01-01T00:00:00", "s")
END = np.datetime64("2024-01-01T00:00:00", "s")


def _behaviour() -> Behaviour:
    return recorded_behaviour(Assumptions(SUBJECTS))


def test_a_year_of_vehicles_looks_like_the_record() -> None:
    """About four sessions a week and 2,400 kWh a year each, plugs of three powers, no overlap."""
    drawn = draw_stays(
        200, behaviour=_behaviour(), first=FIRST, end=END, rng=np.random.default_rng(1)
    )
    stays = drawn.stays
    assert 150 < len(stays) / 200 < 320
    assert 1800 < (stays.energy_kwh / stays.charge_efficiency).sum() / 200 < 3000
    assert set(drawn.plug_kw.tolist()) == {3.7, 11.0, 22.0}
    same = np.diff(drawn.vehicle) == 0
    assert (stays.departure[:-1][same] <= stays.arrival[1:][same]).all()
    assert stays.arrival.min() >= FIRST
    assert stays.departure.max() <= END
    assert (stays.max_discharge_kw == 0).all()


def test_the_first_vehicles_stay_the_same_when_more_are_drawn() -> None:
    """So that the number of vehicles can be searched, one being added after the other."""
    few, many = (
        draw_stays(n, behaviour=_behaviour(), first=FIRST, end=END, rng=np.random.default_rng(7))
        for n in (5, 12)
    )
    n_stays = len(few.stays)
    assert many.stays.stay_id[:n_stays] == few.stays.stay_id
    np.testing.assert_array_equal(many.stays.energy_kwh[:n_stays], few.stays.energy_kwh)
    assert many.vehicle[n_stays] == 5


def test_only_some_give_back_and_only_where_asked() -> None:
    """A share of the vehicles, the same whether others are there or not, with a battery to use."""
    drawn = draw_stays(
        300,
        behaviour=_behaviour(),
        first=FIRST,
        end=END,
        rng=np.random.default_rng(1),
        has_v2x=True,
    )
    gives = np.unique(drawn.vehicle[drawn.stays.max_discharge_kw > 0])
    assert 0.3 < len(gives) / 300 < 0.5
    assert (drawn.stays.soc_min_kwh <= drawn.stays.soc_arrival_kwh).all()


def test_clocks_that_change_are_followed() -> None:
    """Six in the evening in Berlin is 17:00 UTC in winter and 16:00 in summer."""
    local = np.array(["2023-03-25T18:00", "2023-03-26T18:00", "2023-10-29T18:00"], "datetime64[s]")
    utc = in_utc(local, ZoneInfo("Europe/Berlin"))
    assert [str(t)[11:16] for t in utc] == ["17:00", "16:00", "17:00"]


def test_the_record_is_credited() -> None:
    """The shipped sessions name their authors and licence, and stay small."""
    source = behaviour_input()
    assert "Sørensen" in source.origin
    assert source.licence == "CC BY 4.0"
    assert source.bytes < 200_000
