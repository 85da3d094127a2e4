"""Power flow in bulk: voltages, currents and losses of a grid over many steps.

Public names: `prepare` (a grid, made ready once), `FlowSolver` with `solve` (every value of every
step), `extremes` (the worst values alone, in blocks) and `extremes_of_draws`; `Flow`, `Extremes`,
`Draw`, `Method`. May import engines.kit and model.
"""

from viavolta.engines.grid.flow.results import Draw, Extremes, Flow, Method
from viavolta.engines.grid.flow.solver import FlowSolver, prepare

__all__ = ["Draw", "Extremes", "Flow", "FlowSolver", "Method", "prepare"]
