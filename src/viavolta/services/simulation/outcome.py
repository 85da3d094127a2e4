"""Strategies with what came of them, and the input they were tried on."""

from dataclasses import dataclass

from viavolta.engines.charging.window import Windows
from viavolta.formats.sessions.table import SessionTable
from viavolta.model.limit import LimitTree
from viavolta.model.schedule import PowerPlan
from viavolta.model.signal import SignalTable
from viavolta.services.simulation.accounts import Account
from viavolta.services.simulation.strategies import Strategy
from viavolta.services.simulation.world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What all strategies of a simulation share."""

    sessions: SessionTable
    world: World
    window: Windows
    limits: LimitTree
    signals: SignalTable


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one strategy did and led to."""

    strategy: Strategy
    plan: PowerPlan
    account: Account
    was_stopped: bool
