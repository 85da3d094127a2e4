"""`viavolta grid twin`: a typical grid where nobody may show the real one."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from viavolta.cli.runner import ForceOption, JsonOption, LangOption, run, say
from viavolta.model.errors import UsageError, Where
from viavolta.model.messages import text
from viavolta.model.progress import Progress

Choice = TypeVar("Choice", bound=StrEnum)


def twin(
    out: Annotated[Path, typer.Option("--out", help="Folder for the grid (made new).")],
    *,
    settlement: Annotated[
        str, typer.Option("--settlement", help="Kind of place: urban, suburban or rural.")
    ],
    level: Annotated[
        str, typer.Option("--level", help="Low voltage, medium voltage, or both: lv, mv, both.")
    ] = "lv",
    households: Annotated[
        int | None, typer.Option("--households", help="Households of the whole grid.")
    ] = None,
    lv_m_per_household: Annotated[
        float | None,
        typer.Option("--lv-m-per-household", help="Metres of line at low voltage per household."),
    ] = None,
    place: Annotated[
        str | None, typer.Option("--place", help="Middle of the place: LAT,LON.")
    ] = None,
    force: ForceOption = False,
    lang: LangOption = "en",
    as_json: JsonOption = False,
) -> None:
    """Put together a typical grid, and who hangs on it, for `viavolta grid assess`."""

    def work(progress: Progress) -> dict[str, Any]:
        from viavolta.model.grid_twin import (  # noqa: PLC0415 - start-up
            Settlement,
            TwinLevel,
        )
        from viavolta.services.make_twin import TwinRequest, make_twin  # noqa: PLC0415 - start-up
        from viavolta.storage.grid_folder import (  # noqa: PLC0415 - start-up
            prepare_grid_out,
            write_grid_folder,
        )

        request = TwinRequest(
            settlement=_choice("--settlement", settlement, Settlement),
            level=_choice("--level", level, TwinLevel),
            n_households=households,
            lv_m_per_household=lv_m_per_household,
            place=None if place is None else _position(place),
        )
        prepare_grid_out(out, force=force)
        summary, files = make_twin(request)
        progress(text("twin"), 1.0)
        return {**summary, "out": str(write_grid_folder(out, files, force=force))}

    run(work, as_json=as_json, lang=lang, show=_show)


def _choice(option: str, word: str, kinds: type[Choice]) -> Choice:
    known = [kind.value for kind in kinds]
    if word not in known:
        raise UsageError(
            code="option-out-of-range",
            message=text("{option} {word} is not known", option=option, word=word[:200]),
            where=Where(field=option, value=word[:200]),
            expected=", ".join(known),
            hint=text("choose one of these words"),
        )
    return kinds(word)


def _position(word: str) -> tuple[float, float]:
    try:
        lat, lon = (float(part) for part in word.split(","))
    except ValueError as error:
        raise UsageError(
            code="option-out-of-range",
            message=text("--place {word} cannot be read", word=word[:200]),
            where=Where(field="--place", value=word[:200]),
            expected=text("LAT,LON in degrees, such as 52.09,5.11"),
            hint=text("write latitude, a comma, longitude, with points for decimals"),
        ) from error
    return lat, lon


def _show(summary: dict[str, Any]) -> None:
    say(text("a twin, data grade {grade}: the grid of no place", grade=summary["grade"]))
    say(
        text(
            "{households} households, {nodes} nodes, {branches} branches; made of {types}",
            households=summary["n_households"],
            nodes=summary["n_nodes"],
            branches=summary["n_branches"],
            types=", ".join(f"{count} x {name}" for name, count in summary["types"].items()),
        )
    )
    for warning in summary["warnings"]:
        say(text("warning: {warning}", warning=warning))
    say(text("licence: {licence}", licence=summary["licence"]))
    say(text("grid: {out}", out=summary["out"]))
