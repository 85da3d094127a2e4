"""What `viavolta charge` is asked to do, and the command that asks it again."""

import shlex
from dataclasses import dataclass
from pathlib import Path

MOST_PASSES = {"low": 60, "normal": 240, "high": 960}
"""Passes over all vehicles at most, by effort."""

N_SAMPLES = {"low": 50, "normal": 200, "high": 800}
"""Sampled departures of each stay where departures are uncertain, by effort."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeRequest:
    """The options of `viavolta charge`; 0 leaves a goal beside cost out."""

    stays: Path
    limits: Path
    signals: Path
    limit_profile: Path | None = None
    base_load: Path | None = None
    power_profile: Path | None = None
    step_s: int = 900
    gap: float = 1e-3
    unmet_eur_per_kwh: float = 10.0
    unfair_eur_per_kwh: float = 0.0
    carbon_eur_per_t: float = 0.0
    early_spread_h: float = 0.0
    seed: int = 1
    effort: str = "normal"
    time_limit_s: float | None = None

    @property
    def files(self) -> tuple[Path, ...]:
        """All files to read."""
        needed = (self.stays, self.limits, self.signals)
        return (*needed, *(path for _, path in self._further))

    @property
    def _further(self) -> tuple[tuple[str, Path], ...]:
        further = (
            ("--limit-profile", self.limit_profile),
            ("--base-load", self.base_load),
            ("--power-profile", self.power_profile),
        )
        return tuple((option, path) for option, path in further if path is not None)

    def command(self) -> str:
        """Give the command that makes the same study again; files by name, without their folders.

        A time limit is left out: what it cuts short does not repeat.
        """
        words = ["viavolta", "charge", self.stays.name]
        words += ["--limits", self.limits.name, "--signals", self.signals.name, "--out", "STUDY"]
        for option, path in self._further:
            words += [option, path.name]
        words += ["--step", f"{self.step_s}s"]
        for option, figure in (
            ("--gap", self.gap),
            ("--unmet-eur-per-kwh", self.unmet_eur_per_kwh),
            ("--unfair-eur-per-kwh", self.unfair_eur_per_kwh),
            ("--carbon-eur-per-t", self.carbon_eur_per_t),
            ("--early-spread-h", self.early_spread_h),
        ):
            words += [option, repr(float(figure))]
        return shlex.join([*words, "--seed", str(self.seed), "--effort", self.effort])
