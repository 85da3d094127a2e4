"""Verify a study from its tables alone."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from viavolta.checks.bus import check_bus
from viavolta.checks.bus_alternatives import check_alternatives
from viavolta.checks.bus_phase_in import check_phase_in
from viavolta.checks.bus_robustness import check_robustness, check_safer_plans
from viavolta.checks.bus_sensitivities import check_sensitivities
from viavolta.checks.finding import Finding
from viavolta.checks.operators import check_operators
from viavolta.checks.study_file import (
    STUDY_FILE,
    check_files,
    check_report,
    check_row_counts,
    check_study_keys,
    parse_study,
    parse_table,
)
from viavolta.model.errors import InputError, Where
from viavolta.model.messages import text

ReadFolder = Callable[[Path], Mapping[str, bytes]]
"""Port: the files of a folder and the folders in it, by relative name with forward slashes."""

Check = Callable[[dict[str, Any], dict[str, pl.DataFrame]], list[Finding]]


def _check_charge(study: dict[str, Any], tables: dict[str, pl.DataFrame]) -> list[Finding]:
    from viavolta.checks.charge import check_charge  # noqa: PLC0415 - only for this kind

    return check_charge(study, tables)


def _check_simulation(study: dict[str, Any], tables: dict[str, pl.DataFrame]) -> list[Finding]:
    from viavolta.checks.simulation import check_simulation  # noqa: PLC0415 - only for this kind

    return check_simulation(study, tables)


def _check_grid(study: dict[str, Any], tables: dict[str, pl.DataFrame]) -> list[Finding]:
    from viavolta.checks.grid import check_grid  # noqa: PLC0415 - only for this kind

    return check_grid(study, tables)


_CHECKS: Mapping[str, Check] = {
    "bus": check_bus,
    "charge": _check_charge,
    "simulation": _check_simulation,
    "grid": _check_grid,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """What the check of one study found; no finding means that every rule holds."""

    kind: str
    findings: tuple[Finding, ...]

    @property
    def is_ok(self) -> bool:
        """Whether every rule holds."""
        return not self.findings


def check_study(folder: Path, read: ReadFolder) -> CheckResult:
    """Check a study folder against every rule of docs/reference/check-rules.md.

    Raises
    ------
    InputError: `study.json` or a table cannot be read, or the kind of study is not known.
    """
    files = read(folder)
    study = parse_study(files.get(STUDY_FILE))
    kind = study.get("kind")
    if not isinstance(kind, str) or kind not in _CHECKS:
        raise InputError(
            code="study-kind-unknown",
            message=text("the kind of study is not known"),
            where=Where(file=STUDY_FILE, field="kind", value=str(kind)[:200]),
            expected=", ".join(_CHECKS),
            hint=text("a newer viavolta may have written it; update, or check the folder"),
        )
    findings = list(check_study_keys(study))
    if findings:  # the other rules rest on these keys
        return CheckResult(kind=kind, findings=tuple(findings))
    findings += check_files(study, files)
    findings += check_report(files)
    tables = _tables(files)
    findings += check_row_counts(study, tables)
    of_kind = _CHECKS[kind](study, tables)
    findings += of_kind
    if kind == "bus" and not of_kind:  # they reckon with sound tables
        findings += check_sensitivities(study, tables)
        findings += check_robustness(study, tables)
        findings += check_safer_plans(study, tables)
        findings += check_phase_in(study, tables)
        findings += check_alternatives(study, tables)
        findings += check_operators(study, tables, files)
    return CheckResult(kind=kind, findings=tuple(findings))


def _tables(files: Mapping[str, bytes]) -> dict[str, pl.DataFrame]:
    names = (n for n in sorted(files) if n.endswith(".parquet") and "/" not in n)
    return {name.removesuffix(".parquet"): parse_table(name, files[name]) for name in names}
