"""What the reader of a simulation must know before trusting a figure."""

from collections.abc import Sequence

import numpy as np

from viavolta.formats.sessions.table import SessionsRead
from viavolta.model.messages import text
from viavolta.model.notices import StudyWarning
from viavolta.services.simulation.outcome import Case, Outcome
from viavolta.services.simulation.strategies import Strategy, strategy_label

_NOTHING_KWH = 1e-6


def warnings_of(
    case: Case,
    outcomes: Sequence[Outcome],
    *,
    read: SessionsRead,
    file: str,
    n_outside: int,
    has_prices: bool,
    has_limits: bool,
) -> tuple[StudyWarning, ...]:
    """All warnings of a simulation."""
    every = (
        None if has_prices else _assumed_prices(),
        None if has_limits else _no_limit(),
        _outside(n_outside, file),
        _ignored(read, file),
        _blind(case, file),
        *(_cut_short(outcome) for outcome in outcomes),
        *(_unmet(outcome, file) for outcome in outcomes),
        *(_above(outcome, case) for outcome in outcomes),
    )
    return tuple(warning for warning in every if warning is not None)


def _assumed_prices() -> StudyWarning:
    return StudyWarning(
        code="simulation-prices-assumed",
        file=None,
        message=text(
            "no prices were given: energy costs what it does on a mean weekday of the catalogue, "
            "so days do not differ and less can be saved than on real days; --signals takes yours"
        ),
    )


def _no_limit() -> StudyWarning:
    return StudyWarning(
        code="simulation-no-limit",
        file=None,
        message=text(
            "no limit was given: each site's connection is as strong as all plugs that were ever "
            "in use together, so power never runs short; --site-kw or --limits sets one"
        ),
    )


def _outside(n_outside: int, file: str) -> StudyWarning | None:
    if not n_outside:
        return None
    message = text("{n} sessions reach beyond the prices and are left out", n=n_outside)
    return StudyWarning(code="simulation-sessions-outside", file=file, message=message)


def _ignored(read: SessionsRead, file: str) -> StudyWarning | None:
    if not read.ignored:
        return None
    message = text("columns that a simulation does not use: {names}", names=", ".join(read.ignored))
    return StudyWarning(code="simulation-columns-ignored", file=file, message=message)


def _blind(case: Case, file: str) -> StudyWarning | None:
    n_blind = case.world.beliefs.source.count("assumed")
    if not n_blind:
        return None
    message = text(
        "{n} vehicles arrive before there is any past to learn from: their stay and energy are "
        "assumed",
        n=n_blind,
    )
    return StudyWarning(code="simulation-no-past", file=file, message=message)


def _cut_short(outcome: Outcome) -> StudyWarning | None:
    if not outcome.was_stopped:
        return None
    message = text(
        "{strategy} was cut short by --time-limit: from then on it is first come, first served",
        strategy=strategy_label(outcome.strategy),
    )
    return StudyWarning(code="simulation-cut-short", file=None, message=message)


def _unmet(outcome: Outcome, file: str) -> StudyWarning | None:
    unmet_kwh = outcome.account.unmet_kwh
    n_unmet = int((unmet_kwh > _NOTHING_KWH).sum())
    if not n_unmet:
        return None
    message = text(
        "{strategy}: {n} vehicles leave with {kwh:.1f} kWh less than they took in truth; the table "
        "sessions says which, and why",
        strategy=strategy_label(outcome.strategy),
        n=n_unmet,
        kwh=float(unmet_kwh.sum()),
    )
    return StudyWarning(code="simulation-unmet-energy", file=file, message=message)


def _above(outcome: Outcome, case: Case) -> StudyWarning | None:
    if outcome.strategy is not Strategy.UNCONTROLLED:
        return None
    excess_kw = outcome.plan.net_kw - case.limits.import_kw
    over = excess_kw > _NOTHING_KWH * np.maximum(1.0, case.limits.import_kw)
    if not over.any():
        return None
    message = text(
        "uncontrolled charging breaks limits for {h:.1f} h, by up to {kw:.1f} kW: its cost is that "
        "of a connection which is not there",
        h=float(over.sum()) * case.signals.step_h,
        kw=float(excess_kw.max()),
    )
    return StudyWarning(code="simulation-limit-broken", file=None, message=message)
