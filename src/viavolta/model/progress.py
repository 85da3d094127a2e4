"""How long work reports and how it is asked to stop."""

from collections.abc import Callable

from viavolta.model.errors import InterruptedRun
from viavolta.model.messages import text

Progress = Callable[[str, float], None]
"""Called with a stage, or `stage: what it does now` (see `within`), and the share done, 0..1."""

StopRule = Callable[[], bool]
"""Asked now and then by long work; True means: finish with the best found so far."""


def silent(stage: str, share: float) -> None:
    """Ignore progress."""


def within(progress: Progress, stage: str) -> Progress:
    """Progress of a part of a stage: what the part tells stands behind the name of the stage.

    `stage` is a fixed word, the same in every language, by which programs follow a run.
    """
    return lambda told, share: progress(f"{stage}: {told}", share)


def stage_of(told: str) -> tuple[str, str]:
    """The stage that was told, and what it does now (empty where it does not say).

    Examples
    --------
    >>> stage_of("blocks: trying bus_12m_350")
    ('blocks', 'trying bus_12m_350')
    """
    stage, _, message = told.partition(": ")
    return stage, message


def never() -> bool:
    """Never stop."""
    return False


def interrupted(stage: str) -> InterruptedRun:
    """The error to raise when a run is cancelled between two stages."""
    return InterruptedRun(
        code="interrupted", message=text("stopped by the user during {stage}", stage=stage)
    )
