"""`viavolta grid twin`: a grid and its customers that `viavolta grid assess` reads; bad options."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from viavolta.cli.app import app
from viavolta.engines.grid.flow import prepare
from viavolta.formats.grid_customers import CustomerProfile, read_customers
from viavolta.formats.grids import read_grid
from viavolta.model.grid import Grade, NodeLoads, Phase


def run(*options):
    """Exit code and the JSON document that the command prints."""
    result = CliRunner().invoke(app, ["grid", "twin", *map(str, options), "--json"])
    return result.exit_code, json.loads(result.stdout)


def test_a_twin_is_written_with_its_customers_and_its_licence(tmp_path):
    """What the summary says is what the files hold."""
    code, summary = run(
        *("--settlement", "rural", "--level", "both", "--households", 250),
        *("--lv-m-per-household", 25, "--place", "52.1,5.1", "--out", tmp_path / "twin"),
    )
    assert code == 0
    assert (summary["grade"], summary["n_households"]) == ("D", 250)
    grid, repairs, _ = read_grid(tmp_path / "twin")
    assert (grid.n_nodes, grid.n_branches) == (summary["n_nodes"], summary["n_branches"])
    assert (grid.grade, repairs) == (Grade.TWIN, ())
    assert np.nanmean(grid.lat) == pytest.approx(52.1, abs=0.1)
    customers = read_customers(tmp_path / "twin" / "customers.csv", grid)
    assert len(customers.profile) == summary["n_customers"]
    assert customers.profile.count(CustomerProfile.H0) == 250
    assert customers.power_factor.min() > 0.8
    assert "ODbL" in summary["licence"]
    assert "SimBench" in (tmp_path / "twin" / "NOTICE.txt").read_text(encoding="utf-8")


def test_a_twin_bears_loads_by_phase(tmp_path):
    """SimBench has no zero sequence; it is filled in, which is said, so that phases can differ."""
    code, summary = run("--settlement", "rural", "--out", tmp_path / "twin")
    assert code == 0
    assert any("zero sequence" in warning for warning in summary["warnings"])
    grid, _, _ = read_grid(tmp_path / "twin")
    loads = NodeLoads(
        start=np.array(["2023-01-01T00:00:00"], dtype="datetime64[s]"),
        step_s=900,
        node=np.array([grid.n_nodes - 1]),
        phase=(Phase.A,),
        p_kw=np.array([[3.7]]),
        q_kvar=np.zeros((1, 1)),
    )
    flow = prepare(grid).solve(loads)
    assert flow.is_converged.all()
    assert flow.u_pu[0, -1, 0] < flow.u_pu[0, -1, 1]


def test_what_is_not_exact_is_said(tmp_path):
    """Stations of medium voltage are no households; wind is left out."""
    code, summary = run("--settlement", "suburban", "--level", "mv", "--out", tmp_path / "twin")
    assert code == 0
    assert any("stations" in warning for warning in summary["warnings"])
    assert any("wind" in warning for warning in summary["warnings"])


@pytest.mark.parametrize(
    ("options", "code", "field"),
    [
        (("--settlement", "village"), "option-out-of-range", "--settlement"),
        (("--settlement", "rural", "--level", "hv"), "option-out-of-range", "--level"),
        (("--settlement", "rural", "--households", 0), "option-out-of-range", "--households"),
        (("--settlement", "rural", "--households", 10**9), "option-out-of-range", "--households"),
        (
            ("--settlement", "rural", "--lv-m-per-household", "nan"),
            *("option-out-of-range", "--lv-m-per-household"),
        ),
        (
            ("--settlement", "rural", "--level", "mv", "--lv-m-per-household", 20),
            *("twin-without-low-voltage", "--lv-m-per-household"),
        ),
        (("--settlement", "rural", "--place", "Utrecht"), "option-out-of-range", "--place"),
        (("--settlement", "rural", "--place", "99,5"), "option-out-of-range", "--place"),
    ],
)
def test_bad_options_are_refused(tmp_path, options, code, field):
    """Exit code 2, the option and what it takes; nothing is written."""
    exit_code, document = run(*options, "--out", tmp_path / "twin")
    error = document["error"]
    assert (exit_code, error["code"], error["field"]) == (2, code, field)
    assert error["expected"]
    assert error["hint"]
    assert not (tmp_path / "twin").exists()


def test_only_a_grid_is_replaced_by_force(tmp_path):
    """A folder with anything else stays as it is."""
    out = tmp_path / "twin"
    assert run("--settlement", "urban", "--out", out)[0] == 0
    assert run("--settlement", "rural", "--out", out)[1]["error"]["code"] == "out-not-empty"
    assert run("--settlement", "rural", "--out", out, "--force")[0] == 0
    assert read_grid(out)[0].n_nodes == 97
    (out / "nodes.csv").unlink()
    code, document = run("--settlement", "urban", "--out", out, "--force")
    assert (code, document["error"]["code"]) == (2, "out-not-a-grid")
    (tmp_path / "file").touch()
    code, document = run("--settlement", "urban", "--out", tmp_path / "file")
    assert (code, document["error"]["code"]) == (2, "out-is-a-file")
