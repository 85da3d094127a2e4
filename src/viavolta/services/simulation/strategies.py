"""The ways of charging that a simulation compares."""

from enum import StrEnum
from typing import assert_never

from viavolta.model.messages import text


class Strategy(StrEnum):
    """How power is shared out; see `follow.follow`."""

    UNCONTROLLED = "uncontrolled"
    FIRST_COME = "first-come"
    SMART = "smart"
    SMART_V2X = "smart-v2x"

    @property
    def rests_on_beliefs(self) -> bool:
        """Whether the strategy plans ahead by what it believes of vehicles."""
        return self in {Strategy.SMART, Strategy.SMART_V2X}


def strategy_label(strategy: Strategy) -> str:
    """The strategy in words."""
    match strategy:
        case Strategy.UNCONTROLLED:
            return text("Uncontrolled")
        case Strategy.FIRST_COME:
            return text("First come, first served")
        case Strategy.SMART:
            return text("Smart")
        case Strategy.SMART_V2X:
            return text("Smart, giving back")
        case _ as never:
            assert_never(never)
