"""Requests for connections from a charge study: one per root, with its load and its limit."""

from collections.abc import Callable

import pytest
from pdf_text import pdf_text, squeezed

from viavolta.model.study import Study
from viavolta.reports.connection.from_charge import requests_of
from viavolta.reports.connection.sheet import connection_requests_pdf
from viavolta.reports.pdf.document import n_pages


def test_the_root_asks_for_its_limit(study: Study) -> None:
    """Limit and peaks are those of the root's rows in the table limit_profile."""
    (one,) = requests_of(study)
    limits = study.tables["limits"]
    root = limits.filter(limits["parent_id"].is_null() | (limits["parent_id"] == ""))["limit_id"][0]
    own = study.tables["limit_profile"].filter(limit_id=root)
    assert one.site == root
    assert one.asked_kw == own["import_kw"].max()
    assert one.peak_kw == pytest.approx(own["net_kw"].max())
    assert one.unmanaged_peak_kw == pytest.approx(own["net_unmanaged_kw"].max())
    words = pdf_text(connection_requests_pdf([one]))
    assert squeezed(f"A connection of {one.asked_kw:,.0f} kW is asked for") in words


def test_roots_apart_have_pages_apart(make_charge_study: Callable[..., Study]) -> None:
    """Two roots, two pages; more than a desk can file, none."""
    found = requests_of(make_charge_study(n_sites=6, n_roots=2))
    assert n_pages(connection_requests_pdf(found)) == len(found) == 2
    assert requests_of(make_charge_study(n_sites=60, n_roots=30)) == []
