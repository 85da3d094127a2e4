"""Limits: a tree of power limits, from plug and site up to transformer, feeder and zone."""

import dataclasses
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from viavolta.model.arrays import Floats, Ints, freeze, require


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitTree:
    """Power limits over the T steps of a SignalTable. Scalars and rows are broadcast.

    Net power at a limit is its base load, that of the limits below it and the stays below it.

    Attributes
    ----------
    limit_id : (L,) unique names.
    parent : (L,) row of the limit above, -1 for a root; every row reaches a root.
    import_kw, export_kw : (L, T) net power stays within [-export_kw, import_kw]; both >= 0.
    base_load_kw : (L, T) load that is not a vehicle's; negative for sun.
    peak_eur_per_kw : (L,) price of the highest net import of the horizon, above
        peak_so_far_kw : (L,) what was already reached in the billing period.
    phase_kw : (L,) what stays may take of each of the three phases, net of base load spread
        evenly; inf where phases are not looked at.
    zone : (L,) zone of the SignalTable in which a root buys and sells; "" for the only one.
    """

    limit_id: tuple[str, ...]
    parent: Ints
    import_kw: Floats
    export_kw: Floats
    base_load_kw: Floats
    peak_eur_per_kw: Floats
    peak_so_far_kw: Floats
    zone: tuple[str, ...]
    phase_kw: Floats = dataclasses.field(default_factory=lambda: np.array(np.inf))

    def __post_init__(self) -> None:
        n_limits = len(self.limit_id)
        n_steps = max(np.shape(getattr(self, f))[-1:] or (1,) for f in _STEP_FIELDS)[0]
        require(n_limits > 0, "a limit tree has at least one limit")
        freeze(self, "parent", "int64", (n_limits,))
        for field in _STEP_FIELDS:
            freeze(self, field, "float64", (n_limits, n_steps))
            require(np.isfinite(getattr(self, field)), f"{field} is not finite")
        for field in ("peak_eur_per_kw", "peak_so_far_kw"):
            freeze(self, field, "float64", (n_limits,))
            values = getattr(self, field)
            require(np.isfinite(values) & (values >= 0), f"{field} >= 0 does not hold")
        freeze(self, "phase_kw", "float64", (n_limits,))
        require(self.phase_kw >= 0, "phase_kw >= 0")
        require(self.import_kw >= 0, "import_kw >= 0")
        require(self.export_kw >= 0, "export_kw >= 0")
        require(len(self.zone) == n_limits, "one zone per limit")
        require(len(set(self.limit_id)) == n_limits, "limit_id is not unique")
        require((self.parent >= -1) & (self.parent < n_limits), "parent is a row of the tree")
        require(len(top_down(self.parent)) == n_limits, "the limit tree has a cycle")

    def __len__(self) -> int:
        return len(self.limit_id)

    @property
    def n_steps(self) -> int:
        """Number of steps T."""
        return int(self.import_kw.shape[1])


_STEP_FIELDS = ("import_kw", "export_kw", "base_load_kw")


def top_down(parent: Ints) -> list[int]:
    """Rows of a forest so that parents come before their children; rows on a cycle are left out."""
    children: dict[int, list[int]] = {}
    for row, above in enumerate(parent.tolist()):
        children.setdefault(above, []).append(row)
    order = list(children.get(-1, ()))
    for row in order:  # grows while it is read
        order.extend(children.get(row, ()))
    return order


def one_limit(
    limit_id: str,
    import_kw: ArrayLike,
    *,
    n_steps: int,
    export_kw: ArrayLike = 0.0,
    base_load_kw: ArrayLike = 0.0,
    peak_eur_per_kw: float = 0.0,
    peak_so_far_kw: float = 0.0,
    zone: str = "",
) -> LimitTree:
    """Build the tree of a single connection; powers are scalars or (T,)."""
    return LimitTree(
        limit_id=(limit_id,),
        parent=np.array([-1]),
        import_kw=np.broadcast_to(np.asarray(import_kw, dtype=np.float64), (1, n_steps)),
        export_kw=np.asarray(export_kw, dtype=np.float64),
        base_load_kw=np.asarray(base_load_kw, dtype=np.float64),
        peak_eur_per_kw=np.asarray(peak_eur_per_kw, dtype=np.float64),
        peak_so_far_kw=np.asarray(peak_so_far_kw, dtype=np.float64),
        zone=(zone,),
    )
