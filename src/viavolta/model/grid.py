"""Grids: nodes and branches of an electricity network, the load at its nodes, its flow."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NewType

import numpy as np

from viavolta.model.arrays import Flags, Floats, Ints, Times, freeze, require

NodeId = NewType("NodeId", str)
BranchId = NewType("BranchId", str)


class NodeKind(StrEnum):
    """What a node is: where power comes from, a bar, a joint of cables, or a customer."""

    SOURCE = "source"
    BUSBAR = "busbar"
    JOINT = "joint"
    CONNECTION = "connection"


class BranchKind(StrEnum):
    """What joins two nodes."""

    LINE = "line"
    CABLE = "cable"
    TRANSFORMER = "transformer"
    SWITCH = "switch"


class Grade(StrEnum):
    """How far figures from a grid can be trusted; every figure carries the grade of its grid."""

    MEASURED = "A"
    """The operator's own model, checked against measurements."""
    MODELLED = "B"
    """The operator's own model, or its records."""
    FILLED_IN = "C"
    """Partly known, the rest filled in from typical values."""
    TWIN = "D"
    """Not this grid: a typical one of the same kind of settlement, scaled to the place."""


class Phase(StrEnum):
    """Phases a load hangs on."""

    ABC = "abc"
    A = "a"
    B = "b"
    C = "c"


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """A grid as kernels see it: N nodes, B branches. Scalars are broadcast, arrays read-only.

    Impedances are those of the whole branch, in ohm at the nominal voltage of `from_node`; a
    transformer's follow from its rating (IEC 60076-1), with `from_node` at the higher voltage.

    Attributes
    ----------
    node_id : (N,) unique names. node_kind : (N,).
    nominal_kv : (N,) phase to phase. lat, lon : (N,) degrees, NaN where not known.
    u_ref_pu, sk_mva : (N,) voltage held behind the short-circuit power of a source; 1.0 and
        infinite at nodes that are none.
    branch_id : (B,) unique names. branch_kind : (B,). from_node, to_node : (B,) rows of nodes.
    is_closed : (B,) False for a branch that is open at one end or both.
    length_km : (B,) 0 for transformers and switches.
    r_ohm, x_ohm, c_nf : (B,) positive sequence; NaN for transformers, 0 for switches.
    r0_ohm, x0_ohm, c0_nf : (B,) zero sequence; NaN where not known.
    max_a : (B,) current that lines, cables and switches bear; infinite where not known.
    n_parallel : (B,) equal systems side by side; impedances, max_a and sn_kva are those of one.
    sn_kva, uk_percent, pk_kw, p0_kw, i0_percent : (B,) of transformers, NaN elsewhere: rated power,
        short-circuit voltage, load losses, no-load losses, no-load current.
    rated_from_kv, rated_to_kv : (B,) rated voltages of transformers at tap 0, NaN elsewhere.
    tap_pos, tap_step_percent, tap_min, tap_max : (B,) tap changer at from_node: its turns are
        1 + tap_pos * tap_step_percent / 100 of the rated ones. 0 where there is none.
    regulated_pu : (B,) voltage that a regulated transformer holds at to_node by its taps; NaN for
        one that is not regulated.
    vector_group : (B,) such as Dyn5; "" where not known and for other branches.
    """

    node_id: tuple[str, ...]
    node_kind: tuple[NodeKind, ...]
    nominal_kv: Floats
    lat: Floats
    lon: Floats
    u_ref_pu: Floats
    sk_mva: Floats
    branch_id: tuple[str, ...]
    branch_kind: tuple[BranchKind, ...]
    from_node: Ints
    to_node: Ints
    is_closed: Flags
    length_km: Floats
    r_ohm: Floats
    x_ohm: Floats
    c_nf: Floats
    r0_ohm: Floats
    x0_ohm: Floats
    c0_nf: Floats
    max_a: Floats
    n_parallel: Ints
    sn_kva: Floats
    uk_percent: Floats
    pk_kw: Floats
    p0_kw: Floats
    i0_percent: Floats
    rated_from_kv: Floats
    rated_to_kv: Floats
    tap_pos: Ints
    tap_step_percent: Floats
    tap_min: Ints
    tap_max: Ints
    regulated_pu: Floats
    vector_group: tuple[str, ...]
    grade: Grade

    def __post_init__(self) -> None:
        nodes, branches = (len(self.node_id),), (len(self.branch_id),)
        for field in _NODE_FLOATS:
            freeze(self, field, "float64", nodes)
        for field in _BRANCH_FLOATS:
            freeze(self, field, "float64", branches)
        for field in ("from_node", "to_node", "n_parallel", "tap_pos", "tap_min", "tap_max"):
            freeze(self, field, "int64", branches)
        freeze(self, "is_closed", "bool", branches)
        require(len(set(self.node_id)) == nodes[0], "node_id is not unique")
        require(len(set(self.branch_id)) == branches[0], "branch_id is not unique")
        require(len(self.node_kind) == nodes[0], "one node_kind per node")
        for field in ("branch_kind", "vector_group"):
            require(len(getattr(self, field)) == branches[0], f"one {field} per branch")
        for field in ("from_node", "to_node"):
            rows = getattr(self, field)
            require((rows >= 0) & (rows < nodes[0]), f"{field} is a row of the nodes")
        require(self.from_node != self.to_node, "a branch joins two nodes")
        require(self.nominal_kv > 0, "nominal_kv > 0")
        require((self.u_ref_pu > 0) & (self.sk_mva > 0), "u_ref_pu > 0 and sk_mva > 0")
        require(self.n_parallel >= 1, "n_parallel >= 1")
        require(NodeKind.SOURCE in self.node_kind, "a grid has at least one source")
        is_transformer = self.is_kind(BranchKind.TRANSFORMER)
        for field in _RATINGS:
            values = getattr(self, field)[is_transformer]
            require(np.isfinite(values) & (values >= 0), f"{field} >= 0 for transformers")
        for field in ("length_km", "r_ohm", "x_ohm", "c_nf"):
            values = getattr(self, field)[~is_transformer]
            require(np.isfinite(values) & (values >= 0), f"{field} >= 0 for lines")

    @property
    def n_nodes(self) -> int:
        """Number of nodes N."""
        return len(self.node_id)

    @property
    def n_branches(self) -> int:
        """Number of branches B."""
        return len(self.branch_id)

    def is_kind(self, kind: NodeKind | BranchKind) -> Flags:
        """(B,) or (N,) which branches or nodes are of a kind."""
        kinds = self.node_kind if isinstance(kind, NodeKind) else self.branch_kind
        return np.array([one is kind for one in kinds], dtype=bool)


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeLoads:
    """Power drawn at nodes over time: M loads, T steps; feed-in negative.

    Attributes
    ----------
    start : (T,) datetime64[s] in UTC, begin of each step. step_s : length of all steps.
    node : (M,) rows of the grid's nodes. phase : (M,).
    p_kw, q_kvar : (M, T) mean over the step; of a load on ABC the sum of the three.
    """

    start: Times
    step_s: int
    node: Ints
    phase: tuple[Phase, ...]
    p_kw: Floats
    q_kvar: Floats

    def __post_init__(self) -> None:
        shape = (len(self.phase), len(self.start))
        freeze(self, "start", "datetime64[s]", shape[1:])
        freeze(self, "node", "int64", shape[:1])
        freeze(self, "p_kw", "float64", shape)
        freeze(self, "q_kvar", "float64", shape)
        require(np.isfinite(self.p_kw) & np.isfinite(self.q_kvar), "loads are finite")
        require(self.step_s > 0, "step_s > 0")
        require(self.node >= 0, "node is a row of the grid")

    @property
    def n_steps(self) -> int:
        """Number of steps T."""
        return len(self.start)

    @property
    def step_h(self) -> float:
        """Length of a step in hours."""
        return self.step_s / 3600

    @property
    def is_balanced(self) -> bool:
        """Whether every load hangs on all three phases."""
        return all(phase is Phase.ABC for phase in self.phase)


_NODE_FLOATS = ("nominal_kv", "lat", "lon", "u_ref_pu", "sk_mva")
_RATINGS = ("sn_kva", "uk_percent", "pk_kw", "p0_kw", "i0_percent", "rated_from_kv", "rated_to_kv")
_BRANCH_FLOATS = (
    *("length_km", "r_ohm", "x_ohm", "c_nf", "r0_ohm", "x0_ohm", "c0_nf", "max_a"),
    *("tap_step_percent", "regulated_pu"),
    *_RATINGS,
)
