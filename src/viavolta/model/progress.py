"""How long work reports and how it is asked to stop."""

from collections.abc import Callable

from viavolta.model.errors import InterruptedRun
from viavolta.model.messages import text

Progress = Callable[[str, float], None]
"""Called with a stage name and the share done, 0..1."""

StopRule = Callable[[], bool]
"""Asked now and then by long work; True means: finish with the best found so far."""


def silent(stage: str, share: float) -> None:
    """Ignore progress."""


def never() -> bool:
    """Never stop."""
    return False


def interrupted(stage: str) -> InterruptedRun:
    """The error to raise when a run is cancelled between two stages."""
    return InterruptedRun(
        code="interrupted", message=text("stopped by the user during {stage}", stage=stage)
    )
