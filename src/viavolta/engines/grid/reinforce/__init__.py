"""What must be built so that a grid holds its rules: a cheap plan, its bound, and why.

Public names: `reinforce` (one loading), `expand` (over years), `verify` (findings by full power
flow), `build_rules` and `BuildRules`; `Plan`, `Measure`, `Why`, `YearLoad`, `Method`,
`MeasureKind`, `Finding`, `FindingKind`. Smart charging, V2X and dimming are no measures: call these
with the loads that they leave. May import engines.grid.flow, engines.kit and model.
"""

from viavolta.engines.grid.reinforce.plan import Measure, Method, Plan, Why, YearLoad
from viavolta.engines.grid.reinforce.reinforce import expand, reinforce
from viavolta.engines.grid.reinforce.rules import BuildRules, MeasureKind, build_rules
from viavolta.engines.grid.reinforce.verify import Finding, FindingKind, verify

__all__ = [
    "BuildRules",
    "Finding",
    "FindingKind",
    "Measure",
    "MeasureKind",
    "Method",
    "Plan",
    "Why",
    "YearLoad",
    "build_rules",
    "expand",
    "reinforce",
    "verify",
]
