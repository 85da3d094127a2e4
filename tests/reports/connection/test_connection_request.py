"""Requests for grid connections: one page per site, its own figures, nothing of others."""

import dataclasses
from collections.abc import Callable

import numpy as np
import polars as pl
import pytest
from pdf_text import pdf_text, squeezed

from viavolta.model.grid import Grade
from viavolta.model.study import Study
from viavolta.reports.connection.from_bus import requests_of
from viavolta.reports.connection.request import ConnectionRequest, DayProfile
from viavolta.reports.connection.sheet import connection_requests_pdf
from viavolta.reports.pdf.document import n_pages


@pytest.fixture(scope="module")
def requests(study: Study) -> list[ConnectionRequest]:
    """The requests of the small bus study: two depots."""
    return requests_of(study)


def test_each_depot_asks_for_its_own(study: Study, requests: list[ConnectionRequest]) -> None:
    """Connection, peaks and energy are those of the depot's rows, the largest first."""
    chargers, power = study.tables["chargers"], study.tables["power"]
    assert sorted(one.asked_kw for one in requests) == sorted(chargers["connection_kw"])
    assert [one.asked_kw for one in requests] == sorted(chargers["connection_kw"], reverse=True)
    names = dict(study.tables["places"].select("name", "place_id").iter_rows())
    for one in requests:
        own = power.filter(place_id=names[one.site])
        assert one.peak_kw == own["managed_kw"].max()
        assert one.unmanaged_peak_kw == own["unmanaged_kw"].max()
        assert one.energy_kwh_per_day == pytest.approx(own["managed_kw"].sum() / 4)


def test_a_page_per_site_in_the_same_bytes(requests: list[ConnectionRequest]) -> None:
    """Two depots, two pages, twice the same."""
    made = connection_requests_pdf(requests)
    assert n_pages(made) == 2
    assert connection_requests_pdf(requests) == made
    assert b"pdfuaid" in made


def test_a_sheet_says_nothing_of_other_sites(requests: list[ConnectionRequest]) -> None:
    """Neither the name nor the place of the other depot stands on a sheet."""
    first, second = requests
    words = pdf_text(connection_requests_pdf([first]))
    assert squeezed(first.site) in words
    assert squeezed(second.site) not in words
    assert squeezed(second.place) not in words


def test_figures_on_the_sheet_are_those_of_the_request(
    requests: list[ConnectionRequest],
) -> None:
    """Power now and later, peaks, flexibility by part of the day, and how sure it is."""
    one = dataclasses.replace(
        requests[0], now_kw=37.0, grade=Grade.TWIN, node="UW-17", export_kw=25.0
    )
    words = pdf_text(connection_requests_pdf([one]))
    night = one.profile.highest_kw(0, 6)
    assert night is not None
    for said in (
        f"A connection of {one.asked_kw:,.0f} kW is asked for; the load without vehicles is 37 kW",
        f"draws at most {one.peak_kw:,.0f} kW, without it {one.unmanaged_peak_kw:,.0f} kW",
        "UW-17",
        f"00:00\N{EN DASH}06:00{night[0]:,.1f}{night[1]:,.1f}",
        "Feeding back: up to 25 kW",
        "Grade of the grid data: D",
        "The loads are planned, not measured: Monaco, February 2025",
    ):
        assert squeezed(said) in words


def test_what_management_does_not_spare_is_said(requests: list[ConnectionRequest]) -> None:
    """Where managed charging peaks as high as unmanaged, no flexibility is claimed."""
    profile = requests[0].profile
    flat = DayProfile(
        start_s=profile.start_s,
        managed_kw=profile.unmanaged_kw,
        unmanaged_kw=profile.unmanaged_kw,
    )
    words = pdf_text(connection_requests_pdf([dataclasses.replace(requests[0], profile=flat)]))
    assert squeezed("Managed charging does not lower the highest load of this site") in words
    assert squeezed("Grade of the grid data: none, as no model of the grid was used") in words


@pytest.mark.parametrize(
    "name", ["#panic(1) $x$ *b*", "</svg><script>alert(1)</script>", "B" * 5000, "\u2028\x00 {0}"]
)
def test_hostile_names_keep_to_their_page(requests: list[ConnectionRequest], name: str) -> None:
    """Names are shown as they are, and a page stays a page."""
    evil = dataclasses.replace(
        requests[0], site=name, node=name, place=name, equipment=name, day=name, timezone=name
    )
    made = connection_requests_pdf([evil, requests[1]])
    assert n_pages(made) == 2
    assert squeezed(name.replace("\x00", " ").replace("\u2028", " "))[:15] in pdf_text(made)


def test_a_study_without_power_asks_for_nothing(study: Study) -> None:
    """Without a profile or chargers there is no request, and no empty sheet."""
    for name in ("power", "chargers"):
        tables = {n: t for n, t in study.tables.items() if n != name}
        assert requests_of(dataclasses.replace(study, tables=tables)) == []
    with pytest.raises(ValueError, match="needs a site"):
        connection_requests_pdf([])


def test_a_profile_is_one_day() -> None:
    """Steps beyond the day or of unequal number are refused."""
    kw = np.zeros(2)
    for start in ([0.0, 86400.0], [0.0]):
        with pytest.raises(ValueError, match="steps of one day"):
            DayProfile(start_s=np.array(start), managed_kw=kw, unmanaged_kw=kw)


def test_nodes_of_the_grid_are_named_where_the_study_has_them(
    study: Study, make_study: Callable[..., Study]
) -> None:
    """The node of a depot and the grade of its grid come from the summary."""
    summary = {**study.summary, "grid_nodes": {"D0": "UW-17"}, "grade": "B"}
    found = {one.site: one for one in requests_of(dataclasses.replace(study, summary=summary))}
    depots = study.tables["places"].filter(pl.col("is_depot"))["name"].to_list()
    assert {found[name].node for name in depots} == {"UW-17", ""}
    assert {one.grade for one in found.values()} == {Grade.MODELLED}
    assert len(requests_of(make_study(n_vehicles=9, n_depots=3))) == 3
