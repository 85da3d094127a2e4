"""`viavolta profiles`: the schedule of a study as OCPP charging profiles."""

import time
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from viavolta.cli.probe_tables import first_unreadable
from viavolta.cli.runner import ForceOption, JsonOption, LangOption, OutOption, run, say
from viavolta.model.errors import InputError, UsageError, Where
from viavolta.model.messages import text
from viavolta.model.progress import Progress

_FILE_BYTES_MAX = 4_000_000_000
_STACK_LEVEL_MAX = 1_000_000

Choice = TypeVar("Choice", bound=StrEnum)


def profiles(
    study: Annotated[Path, typer.Argument(help="Folder of the study.")],
    out: OutOption,
    ocpp: Annotated[str, typer.Option("--ocpp", help="Version: 1.6, 2.0.1 or 2.1.")],
    max_periods: Annotated[
        int, typer.Option("--max-periods", help="Most periods that a station takes.")
    ],
    *,
    unit: Annotated[str, typer.Option("--unit", help="W, or A per phase.")] = "W",
    keep: Annotated[
        str, typer.Option("--keep", help="limits (never above the plan) or energy (the mean).")
    ] = "limits",
    purpose: Annotated[
        str, typer.Option("--purpose", help="TxDefaultProfile or TxProfile.")
    ] = "TxDefaultProfile",
    stack_level: Annotated[
        int, typer.Option("--stack-level", help="Higher levels go before lower ones.")
    ] = 1,
    stay: Annotated[str | None, typer.Option("--stay", help="Only this stay (stay_id).")] = None,
    force: ForceOption = False,
    lang: LangOption = "en",
    as_json: JsonOption = False,
) -> None:
    """Write the schedule of a study as OCPP charging profiles, one per stay, with their loss."""

    def work(progress: Progress) -> dict[str, Any]:
        # heavy imports: not on the way to --help
        from viavolta.engines.profiles.staircase import Keep  # noqa: PLC0415
        from viavolta.protocols.ocpp.charging_profile import (  # noqa: PLC0415
            MAX_PERIODS,
            Purpose,
            RateUnit,
        )
        from viavolta.protocols.ocpp.schemas import Version  # noqa: PLC0415
        from viavolta.services.charging_profiles import (  # noqa: PLC0415
            ProfilesRequest,
            charging_profiles,
        )
        from viavolta.services.planned_power import PLAN_FILES  # noqa: PLC0415
        from viavolta.storage.study_folder import prepare_out, write_study  # noqa: PLC0415

        _check_range("--max-periods", max_periods, least=1, most=MAX_PERIODS)
        _check_range("--stack-level", stack_level, least=0, most=_STACK_LEVEL_MAX)
        version = _choice(Version, ocpp, option="--ocpp")
        rate_unit = _choice(RateUnit, unit, option="--unit")
        rule = _choice(Keep, keep, option="--keep")
        chosen_purpose = _choice(Purpose, purpose, option="--purpose")
        prepare_out(out, force=force)
        request = ProfilesRequest(
            files=_read(study, PLAN_FILES),
            version=version,
            max_periods=max_periods,
            unit=rate_unit,
            purpose=chosen_purpose,
            keep=rule,
            stack_level=stack_level,
            stay=stay,
        )
        made = charging_profiles(request, progress=progress, clock=time.perf_counter)
        folder = write_study(out, made.study, force=force, extra=made.files)
        warnings = [f"{warning.code}: {warning.message}" for warning in made.study.warnings]
        return {**made.study.summary, "warnings": warnings, "out": str(folder)}

    run(work, as_json=as_json, lang=lang, show=_show)


def _choice(choices: type[Choice], value: str, *, option: str) -> Choice:
    for choice in choices:
        if choice.value.lower() == value.strip().lower():
            return choice
    raise UsageError(
        code="unknown-choice",
        message=text("{option} {value} is not known", option=option, value=value[:200]),
        where=Where(field=option, value=value[:200]),
        expected=", ".join(choice.value for choice in choices),
        hint=text("write one of them"),
    )


def _check_range(option: str, value: int, *, least: int, most: int) -> None:
    if not least <= value <= most:
        raise UsageError(
            code="option-out-of-range",
            message=text("{option} {value} is not usable", option=option, value=value),
            where=Where(field=option, value=str(value)[:200]),
            expected=text("{least} to {most}", least=least, most=most),
        )


def _read(folder: Path, names: tuple[str, ...]) -> dict[str, bytes]:
    """The named files of a study folder, as far as they are there; tables were tried before."""
    if not folder.is_dir():
        raise UsageError(
            code="missing-path",
            message=text("there is no folder {folder}", folder=folder),
            hint=text("name the folder that --out named when the study was made"),
        )
    paths = [path for name in names if (path := folder / name).is_file()]
    for path in paths:
        if path.stat().st_size > _FILE_BYTES_MAX:
            raise InputError(
                code="study-too-large",
                message=text("{file} holds more than any study", file=path.name),
                where=Where(file=path.name),
                expected=text("at most {n} bytes", n=_FILE_BYTES_MAX),
                hint=text("name the folder of one study"),
            )
    bad = first_unreadable([path for path in paths if path.suffix == ".parquet"])
    if bad is not None:
        raise InputError(
            code="study-table-unreadable",
            message=text("{file} is not a readable Parquet file", file=bad.name),
            where=Where(file=bad.name),
            hint=text("the study is damaged; make it anew"),
        )
    return {path.name: _bytes(path) for path in paths}


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(
            code="study-file-unreadable",
            message=text("{file} cannot be read", file=path.name),
            where=Where(file=path.name, value=str(error.strerror)),
            hint=text("check that you may read the file, and that its disk is sound"),
        ) from error


def _show(summary: dict[str, Any]) -> None:
    say(
        text(
            "{n} profiles for OCPP {ocpp}, {periods} periods of at most {most} each",
            n=summary["profiles"],
            ocpp=summary["ocpp"],
            periods=summary["periods"],
            most=summary["max_periods"],
        )
    )
    say(
        text(
            "{profile:.1f} of {planned:.1f} kWh at the plug; differs from the plan by "
            "{deviation:.1f} kWh, and is above it by {excess:.1f} kW at most",
            profile=summary["profile_kwh"],
            planned=summary["planned_kwh"],
            deviation=summary["deviation_kwh"],
            excess=summary["worst_excess_kw"],
        )
    )
    for warning in summary["warnings"]:
        say(text("warning: {warning}", warning=warning))
    say(text("written: {out}", out=summary["out"]))
