"""Power flow as a user of pandapower would calculate it: golden cases, and what a flow takes.

Usage: python pandapower_flow.py golden FOLDER   writes the cases of tests/golden/grid
       python pandapower_flow.py time GRID.json LOADS.npz   prints one line of JSON
LOADS.npz holds `bus` (M,) names, `p_kw` and `q_kvar` (M, T).
"""

import json
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pandapower as pp
import pandapower.networks as pn
import pandas as pd
import simbench

N_STEPS = 300
OPTIONS = {"trafo_model": "pi", "calculate_voltage_angles": True, "numba": False}
TABLES = ("bus", "line", "trafo", "ext_grid", "switch", "load")
CASES = {
    "lv-urban6": ("1-LV-urban6--0-no_sw", 2.0),
    "mv-rural": ("1-MV-rural--0-no_sw", 0.5),
    "mv-oberrhein": (None, 1.0),
}
"""Code of SimBench, or None for the net of pandapower; factor on all loads and feed-in."""


def main() -> None:
    """Do what is asked."""
    warnings.simplefilter("ignore")
    if sys.argv[1] == "golden":
        for name, (code, factor) in CASES.items():
            net = pn.mv_oberrhein() if code is None else simbench.get_simbench_net(code)
            write_case(net, Path(sys.argv[2], name), factor)
    else:
        print(json.dumps(measure(pp.from_json(sys.argv[2]), dict(np.load(sys.argv[3])))))


def write_case(net: pp.pandapowerNet, folder: Path, factor: float) -> None:
    """Write the grid, what its buses draw, and what pandapower calculates."""
    folder.mkdir(parents=True, exist_ok=True)
    loads = base_loads(net, factor)
    loads.round(6).to_csv(folder / "loads.csv", index=False)
    loads = pd.read_csv(folder / "loads.csv")
    net = bare(net)
    pp.to_json(net, str(folder / "grid.json"))
    rows = set_loads(net, loads["bus"].to_numpy())
    n = np.arange(len(loads))[:, None]
    step = np.arange(N_STEPS)
    draw = 0.1 + 1.2 * ((0.6180339887 * n + 0.4142135624 * step) % 1)
    feed = (0.7548776662 * n + 0.7320508076 * step) % 1
    p_kw = loads["p_kw"].to_numpy()[:, None] * draw - loads["feed_kw"].to_numpy()[:, None] * feed
    q_kvar = loads["q_kvar"].to_numpy()[:, None] * draw
    u_pu, line, trafo = [], [], []
    for t in step:
        net.load.loc[rows, "p_mw"] = p_kw[:, t] / 1000
        net.load.loc[rows, "q_mvar"] = q_kvar[:, t] / 1000
        pp.runpp(net, tolerance_mva=1e-9, **OPTIONS)
        u_pu.append(net.res_bus.vm_pu.to_numpy())
        line.append(net.res_line.loading_percent.to_numpy() / 100)
        trafo.append(net.res_trafo.loading_percent.to_numpy() / 100)
    np.savez_compressed(
        folder / "voltages.npz",
        bus=net.bus.name.to_numpy().astype(str),
        u_e8=np.rint(np.array(u_pu) * 1e8).astype(np.int32),
    )
    np.savez_compressed(
        folder / "loadings.npz",
        branch=np.r_[net.line.name.to_numpy(), net.trafo.name.to_numpy()].astype(str),
        share_e6=np.rint(np.hstack([line, trafo]) * 1e6).astype(np.int32),
    )
    print(folder.name, {path.name: path.stat().st_size for path in folder.iterdir()})


def base_loads(net: pp.pandapowerNet, factor: float) -> pd.DataFrame:
    """Sum loads and feed-in by bus."""
    table = pd.DataFrame({"bus": net.bus.name, "p_kw": 0.0, "q_kvar": 0.0, "feed_kw": 0.0})
    for loads, p, q in ((net.load, "p_kw", "q_kvar"), (net.sgen, "feed_kw", None)):
        sums = loads[loads.in_service].groupby("bus")[["p_mw", "q_mvar"]].sum() * 1000 * factor
        table.loc[sums.index, p] = sums.p_mw
        if q is not None:
            table.loc[sums.index, q] = sums.q_mvar
    return table[(table[["p_kw", "q_kvar", "feed_kw"]] != 0).any(axis=1)]


def bare(net: pp.pandapowerNet) -> pp.pandapowerNet:
    """Copy what is needed of a net; taps stay where they are."""
    small = pp.create_empty_network(f_hz=net.f_hz, sn_mva=net.sn_mva)
    for table in TABLES:
        wanted = [column for column in net[table].columns if column in small[table].columns]
        small[table] = net[table][wanted].copy()
    small.load = small.load.iloc[:0]
    small.bus["geo"] = None
    small.line["geo"] = None
    names = small.bus.name
    if names.isna().any() or names.duplicated().any():
        small.bus["name"] = [f"Bus {row}" for row in small.bus.index]
    return small


def set_loads(net: pp.pandapowerNet, buses: np.ndarray) -> list[int]:
    """One load at each bus; their rows."""
    row = {name: index for index, name in net.bus.name.items()}
    return [pp.create_load(net, row[bus], 0.0) for bus in buses]


def measure(net: pp.pandapowerNet, loads: dict[str, np.ndarray]) -> dict[str, object]:
    """Time flows one after the other, and the fastest that pandapower has for a series."""
    rows = set_loads(net, loads["bus"])
    n_steps = loads["p_kw"].shape[1]
    seconds, u_pu = {}, []
    for name, more in (
        ("runpp", {}),
        ("series", {"init": "results", "recycle": {"bus_pq": True, "trafo": False, "gen": False}}),
    ):
        pp.runpp(net, **OPTIONS)
        begin_s = time.perf_counter()
        for t in range(n_steps):
            net.load.loc[rows, "p_mw"] = loads["p_kw"][:, t] / 1000
            net.load.loc[rows, "q_mvar"] = loads["q_kvar"][:, t] / 1000
            pp.runpp(net, **OPTIONS, **more)
            if name == "runpp":
                u_pu.append(net.res_bus.vm_pu.to_list())
        seconds[name] = (time.perf_counter() - begin_s) / n_steps
    return {
        "peer": f"pandapower {pp.__version__}",
        "runpp_s": seconds["runpp"],
        "series_s": seconds["series"],
        "bus": net.bus.name.to_list(),
        "u_pu": u_pu,
    }


if __name__ == "__main__":
    main()
