"""A power flow of its own: nodal equations in volts and siemens, by a fixed point of currents.

Nothing here is shared with the engines. Branches are pi circuits (a transformer's behind its ideal
turns, at the side of to_node); loads draw constant power per phase. Unequal phases are solved in
symmetrical components. The matrix is factored once for each position of the taps.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

Complex = NDArray[np.complex128]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_OMEGA = 2 * np.pi * 50
_R_OVER_X = 0.1  # of a source
_STIFF_S = 1e9  # admittance of a source that holds its voltage
_LEAK_S = 1e-9
_SHORT_OHM = 1e-9  # per kV squared: what a switch has
_ITERATIONS = 400
_NEAR = 1e-10
_ZIGZAG = 0.1  # zero sequence of a zigzag winding, of its positive one
_HOUR = np.deg2rad(30)
_TURN = np.exp(2j * np.pi / 3)
_TO_PHASES = np.array([[1, 1, 1], [1, _TURN**2, _TURN], [1, _TURN, _TURN**2]])
"""From zero, positive and negative sequence to phases a, b, c."""
_TO_SEQUENCE = np.linalg.inv(_TO_PHASES)
_ZERO, _POSITIVE, _NEGATIVE = 0, 1, 2


@dataclass(frozen=True, slots=True, kw_only=True)
class TwinFlow:
    """What flows at K steps: P phases, 1 where all are equal.

    Attributes
    ----------
    u_pu : (K, N, P), NaN without a path to a source. percent : (K, B) of the rating.
    import_kw, loss_kw : (K,). is_settled : (K,) whether the fixed point was found.
    """

    u_pu: Floats
    percent: Floats
    import_kw: Floats
    loss_kw: Floats
    is_settled: NDArray[np.bool_]


class TwinGrid:
    """The grid of a study's tables nodes and branches."""

    def __init__(self, nodes: pl.DataFrame, branches: pl.DataFrame) -> None:
        row = {name: number for number, name in enumerate(nodes["node_id"])}
        self.n = nodes.height
        self._kv = nodes["nominal_kv"].to_numpy()
        self._source = np.flatnonzero((nodes["kind"] == "source").to_numpy())
        self._u_ref = nodes["u_ref_pu"].to_numpy()
        self._sk = nodes["sk_mva"].cast(pl.Float64).fill_null(np.inf).to_numpy()
        self._from = np.array([row[name] for name in branches["from_node"]], dtype=np.int64)
        self._to = np.array([row[name] for name in branches["to_node"]], dtype=np.int64)
        self._is_transformer = (branches["kind"] == "transformer").to_numpy()
        self._closed = branches["is_closed"].to_numpy()
        self._value = {
            name: branches[name].cast(pl.Float64).fill_null(np.nan).to_numpy()
            for name in branches.columns
            if branches[name].dtype.is_numeric()
        }
        self._group = branches["vector_group"].to_list()
        self.is_live = self._reach()
        self._used = self._closed & self.is_live[self._from]
        self._pi = [self._pi_of(sequence) for sequence in (_ZERO, _POSITIVE)]

    @property
    def has_zero_sequence(self) -> bool:
        """Whether the return path of every used branch is known."""
        y, shunt = self._pi[_ZERO]
        return bool(np.isfinite(y[self._used]).all() and np.isfinite(shunt[self._used]).all())

    def flow(self, tap: Ints, power_va: Complex) -> TwinFlow:
        """Solve K steps with the same taps (B,); power_va (K, N, P) drawn at each phase."""
        n_steps, _, n_phases = power_va.shape
        live = np.flatnonzero(self.is_live)
        power = np.where(self.is_live[:, None], power_va, 0)
        sequences = (_POSITIVE,) if n_phases == 1 else (_ZERO, _POSITIVE, _NEGATIVE)
        factors = {s: _Factors(*self._matrix(s, tap, live), n=len(live)) for s in sequences}
        held = {s: self._held(s)[live] for s in sequences}
        u = self._settle(power[:, live], factors, held)
        u_all = np.full((n_steps, self.n, n_phases), np.nan + 0j)
        u_all[:, live] = u[0]
        return self._result(u_all, u[1], power=power, tap=tap)

    def _settle(
        self, power: Complex, factors: dict[int, "_Factors"], held: dict[int, Complex]
    ) -> tuple[Complex, NDArray[np.bool_]]:
        n_steps, n_live, n_phases = power.shape
        u = _phases({s: f.solve(held[s][None, :]) for s, f in factors.items()}, n_phases)
        u = np.repeat(u, n_steps, axis=0)
        is_settled = np.zeros(n_steps, dtype=bool)
        for _ in range(_ITERATIONS):
            with np.errstate(all="ignore"):
                drawn = np.conj(power / u)
            current = _sequences(drawn, n_phases)
            new = _phases(
                {s: f.solve(held[s][None, :] - current[s]) for s, f in factors.items()}, n_phases
            )
            with np.errstate(all="ignore"):
                change = np.abs(new - u).max(axis=(1, 2)) / np.abs(u).max(axis=(1, 2))
            u = new
            is_settled = change < _NEAR
            if is_settled.all() or not n_live:
                break
        return u, is_settled

    def _result(
        self, u: Complex, is_settled: NDArray[np.bool_], *, power: Complex, tap: Ints
    ) -> TwinFlow:
        n_phases = u.shape[2]
        at_from, at_to = self._currents(u, tap)
        per_phase = 3 if n_phases == 1 else 1
        s_from = u[:, self._from] * np.conj(at_from)
        s_to = u[:, self._to] * np.conj(at_to)
        loss_w = np.where(self._used[:, None], (s_from + s_to).real, 0).sum(axis=(1, 2)) * per_phase
        into = np.zeros_like(u)
        for branch in np.flatnonzero(self._used):
            into[:, self._from[branch]] += at_from[:, branch]
            into[:, self._to[branch]] += at_to[:, branch]
        at_source = (u * np.conj(into) + power)[:, self._source]
        n, rated = self._value["n_parallel"], self._rated_a()
        ends = np.stack([np.abs(at_from).max(axis=2), np.abs(at_to).max(axis=2)], axis=2)
        with np.errstate(all="ignore"):
            percent = 100 * (ends / n[None, :, None] / rated[None]).max(axis=2)
        percent = np.where(self._used[None, :], np.nan_to_num(percent, posinf=0.0), 0.0)
        return TwinFlow(
            u_pu=np.abs(u) * np.sqrt(3) / (self._kv[None, :, None] * 1e3),
            percent=percent,
            import_kw=at_source.real.sum(axis=(1, 2)) * per_phase / 1e3,
            loss_kw=loss_w / 1e3,
            is_settled=is_settled,
        )

    def _rated_a(self) -> Floats:
        """(B, 2) rated current of one system at both ends; infinite where not known."""
        value = self._value
        kv = np.stack([value["rated_from_kv"], value["rated_to_kv"]], axis=1)
        line = np.where(np.isnan(value["max_a"]), np.inf, value["max_a"])
        with np.errstate(all="ignore"):
            rated = value["sn_kva"][:, None] / (np.sqrt(3) * kv)
        return np.where(self._is_transformer[:, None], rated, line[:, None])

    def _currents(self, u: Complex, tap: Ints) -> tuple[Complex, Complex]:
        """(K, B, P) currents into all systems of each branch at both ends."""
        if u.shape[2] == 1:
            one, other = self._end_currents(u[..., 0], _POSITIVE, tap)
            return one[..., None], other[..., None]
        parts = np.einsum("sp,knp->skn", _TO_SEQUENCE, u)
        ends = [self._end_currents(parts[s], s, tap) for s in range(3)]
        stacked = [np.stack([end[side] for end in ends]) for side in (0, 1)]
        one, other = (np.einsum("ps,skb->kbp", _TO_PHASES, part) for part in stacked)
        return one, other

    def _end_currents(self, u: Complex, sequence: int, tap: Ints) -> tuple[Complex, Complex]:
        ff, ft, tf, tt = self._terms(sequence, tap)
        u_from, u_to = u[:, self._from], u[:, self._to]
        one, other = ff * u_from + ft * u_to, tf * u_from + tt * u_to
        return np.where(self._used, one, 0), np.where(self._used, other, 0)

    def _terms(self, sequence: int, tap: Ints) -> tuple[Complex, Complex, Complex, Complex]:
        """(B,) admittances of the branches between their ends."""
        y, shunt = self._pi[_ZERO if sequence == _ZERO else _POSITIVE]
        turns = self._turns(tap, sequence)
        ff, tt = (y + shunt / 2) / np.abs(turns) ** 2, y + shunt / 2
        ft, tf = -y / np.conj(turns), -y / turns
        if sequence == _ZERO:
            t = self._is_transformer
            open_at_from = t & np.array([not _is_earthed(g, side=0) for g in self._group])
            open_at_to = t & np.array([not _is_earthed(g, side=1) for g in self._group])
            through = ~(open_at_from | open_at_to)
            zigzag = np.array([1 / _ZIGZAG if "z" in g.lower() else 1.0 for g in self._group])
            earthed = zigzag * y + shunt
            ff = np.where(through, ff, np.where(open_at_from, 0, earthed / np.abs(turns) ** 2))
            tt = np.where(through, tt, np.where(open_at_to, 0, earthed))
            ft, tf = np.where(through, ft, 0), np.where(through, tf, 0)
        return ff, ft, tf, tt

    def _turns(self, tap: Ints, sequence: int) -> Complex:
        value = self._value
        size = value["rated_from_kv"] / value["rated_to_kv"]
        size = size * (1 + tap * value["tap_step_percent"] / 100)
        hours = np.array([_clock(group) for group in self._group])
        sign = -1 if sequence == _NEGATIVE else 1
        return np.where(self._is_transformer, size * np.exp(1j * sign * hours * _HOUR), 1.0 + 0j)

    def _pi_of(self, sequence: int) -> tuple[Complex, Complex]:
        """(B,) series and shunt admittance of all systems of each branch, at to_node."""
        value, n = self._value, self._value["n_parallel"]
        zero = "0" if sequence == _ZERO else ""
        r, x, c = (value[f"{name}{zero}_{unit}"] for name, unit in _LINE)
        is_switch = ~self._is_transformer & (value["r_ohm"] == 0) & (value["x_ohm"] == 0)
        kv = self._kv[self._to]
        z_line = np.where(is_switch, _SHORT_OHM * 1j * kv**2, r + 1j * x)
        c = np.where(is_switch, 0.0, c)
        with np.errstate(all="ignore"):
            base_ohm = value["rated_to_kv"] ** 2 * 1e3 / value["sn_kva"]
            z = value["uk_percent"] / 100 * base_ohm
            copper = value["pk_kw"] / value["sn_kva"] * base_ohm
            z_transformer = copper + 1j * np.sqrt(np.maximum(z**2 - copper**2, 0))
            g = value["p0_kw"] / (value["rated_to_kv"] ** 2 * 1e3)
            y = value["i0_percent"] / 100 / base_ohm
            iron = g - 1j * np.sqrt(np.maximum(y**2 - g**2, 0))
            series = np.where(self._is_transformer, 1 / z_transformer, 1 / z_line)
        shunt = np.where(self._is_transformer, iron, 1j * _OMEGA * c * 1e-9)
        return series * n, shunt * n

    def _matrix(
        self, sequence: int, tap: Ints, live: Ints
    ) -> tuple[list[dict[int, complex]], Complex]:
        """Rows of the nodal matrix of the live nodes, off its diagonal and on it."""
        place = np.full(self.n, -1)
        place[live] = np.arange(len(live))
        rows: list[dict[int, complex]] = [{} for _ in live]
        diagonal = np.zeros(len(live), dtype=complex)
        ff, ft, tf, tt = self._terms(sequence, tap)
        for branch in np.flatnonzero(self._used):
            i, j = place[self._from[branch]], place[self._to[branch]]
            diagonal[i] += ff[branch]
            diagonal[j] += tt[branch]
            rows[i][j] = rows[i].get(j, 0) + ft[branch]
            rows[j][i] = rows[j].get(i, 0) + tf[branch]
        for source in self._source.tolist():
            diagonal[place[source]] += self._source_y(source)
        if sequence == _ZERO:
            diagonal += _LEAK_S  # where nothing leads to earth, the matrix would be singular
        return rows, diagonal

    def _source_y(self, source: int) -> complex:
        if np.isinf(self._sk[source]):
            return _STIFF_S
        z = self._kv[source] ** 2 / self._sk[source]
        x = z / np.hypot(1, _R_OVER_X)
        return complex(1 / (x * _R_OVER_X + 1j * x))

    def _held(self, sequence: int) -> Complex:
        """(N,) currents that the sources send through their own admittance."""
        held = np.zeros(self.n, dtype=complex)
        if sequence == _POSITIVE:
            for source in self._source.tolist():
                volt = self._u_ref[source] * self._kv[source] * 1e3 / np.sqrt(3)
                held[source] = volt * self._source_y(source)
        return held

    def _reach(self) -> NDArray[np.bool_]:
        live = np.zeros(self.n, dtype=bool)
        live[self._source] = True
        near: list[list[int]] = [[] for _ in range(self.n)]
        for branch in np.flatnonzero(self._closed):
            near[self._from[branch]].append(int(self._to[branch]))
            near[self._to[branch]].append(int(self._from[branch]))
        front = self._source.tolist()
        while front:
            for other in near[front.pop()]:
                if not live[other]:
                    live[other] = True
                    front.append(other)
        return live


class _Factors:
    """Triangular factors of a nodal matrix, eliminated where fewest others hang on."""

    def __init__(self, rows: list[dict[int, complex]], diagonal: Complex, *, n: int) -> None:
        self._n = n
        self._steps: list[tuple[int, complex, list[tuple[int, complex, complex]]]] = []
        pivot = diagonal.tolist()
        waiting: dict[int, set[int]] = {}
        for i, row in enumerate(rows):
            waiting.setdefault(len(row), set()).add(i)
        left = [True] * n

        def moved(i: int, before: int) -> None:
            waiting[before].discard(i)
            waiting.setdefault(len(rows[i]), set()).add(i)

        for _ in range(n):
            degree = min(size for size, members in waiting.items() if members)
            k = min(waiting[degree])
            waiting[degree].discard(k)
            left[k] = False
            others = []
            for i in sorted(rows[k]):
                before = len(rows[i])
                below, above = rows[i].pop(k), rows[k][i]
                factor = below / pivot[k]
                pivot[i] -= factor * above
                for j, value in rows[k].items():
                    if j != i:
                        rows[i][j] = rows[i].get(j, 0) - factor * value
                moved(i, before)
                others.append((i, factor, above))
            self._steps.append((k, pivot[k], others))

    def solve(self, current: Complex) -> Complex:
        """(K, n) voltages at which the nodes take (K, n) currents."""
        right = np.array(current.T)
        for k, _, others in self._steps:
            for i, factor, _ in others:
                right[i] -= factor * right[k]
        for k, pivot, others in reversed(self._steps):
            for i, _, above in others:
                right[k] -= above * right[i]
            right[k] /= pivot
        return right.T


_LINE: Sequence[tuple[str, str]] = (("r", "ohm"), ("x", "ohm"), ("c", "nf"))


def _phases(parts: dict[int, Complex], n_phases: int) -> Complex:
    """(K, n, P) phases of sequences (K, n)."""
    if n_phases == 1:
        return parts[_POSITIVE][..., None]
    stacked = np.stack([parts[s] for s in (_ZERO, _POSITIVE, _NEGATIVE)])
    return np.asarray(np.einsum("ps,skn->knp", _TO_PHASES, stacked))


def _sequences(current: Complex, n_phases: int) -> dict[int, Complex]:
    """(K, n) currents of each sequence, of phases (K, n, P)."""
    if n_phases == 1:
        return {_POSITIVE: current[..., 0]}
    parts = np.einsum("sp,knp->skn", _TO_SEQUENCE, current)
    return dict(enumerate(parts))


def _clock(group: str) -> int:
    digits = "".join(letter for letter in group if letter.isdigit())
    return int(digits) % 12 if digits else 0


def _is_earthed(group: str, *, side: int) -> bool:
    """Whether a winding, of from_node (0) or to_node (1), lets zero sequence through to earth."""
    letters = group.rstrip("0123456789")
    split = next((place for place, letter in enumerate(letters) if letter.islower()), len(letters))
    winding = (letters[:split], letters[split:])[side]
    return winding.lower() in {"yn", "zn"}
