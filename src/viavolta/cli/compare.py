"""`viavolta compare`: what changed between two studies."""

from collections import Counter
from pathlib import Path
from typing import Annotated, Any

import typer

from viavolta.cli.runner import JsonOption, LangOption, run, say
from viavolta.model.errors import UsageError, Where
from viavolta.model.messages import text
from viavolta.model.progress import Progress

SHOWN_BLOCKS = 20


def compare(
    first: Annotated[Path, typer.Argument(help="Folder of the first study.")],
    second: Annotated[Path, typer.Argument(help="Folder of the second study.")],
    *,
    csv: Annotated[
        Path | None, typer.Option("--csv", help="Folder for figures.csv, changes.csv, blocks.csv.")
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Replace these files if they exist.")
    ] = False,
    as_json: JsonOption = False,
    lang: LangOption = "en",
) -> None:
    """Say what changed between two studies: figure by figure, block by block."""

    def work(progress: Progress) -> dict[str, Any]:
        import polars as pl  # noqa: PLC0415 - start-up time

        from viavolta.reports.comparison.blocks import block_frame  # noqa: PLC0415
        from viavolta.reports.comparison.changes import differences  # noqa: PLC0415
        from viavolta.reports.comparison.figures import figure_frame  # noqa: PLC0415
        from viavolta.storage.study_folder import read_study, study_of  # noqa: PLC0415

        studies = [study_of(*read_study(folder)) for folder in (first, second)]
        if studies[0].kind != studies[1].kind:
            raise UsageError(
                code="compare-other-kind",
                message=text(
                    "a study of kind {a} and one of kind {b}", a=studies[0].kind, b=studies[1].kind
                ),
                where=Where(file=second.name, field="kind", value=studies[1].kind),
                expected=text("two studies of one kind"),
                hint=text("compare plans with plans, simulations with simulations"),
            )
        progress(text("compare"), 0.0)
        changes = [
            {"name": d.name, "first": d.values[0], "second": d.values[1], "acts_on": list(d.drives)}
            for d in differences(studies)
        ]
        frames = {"figures": figure_frame(studies)}
        if studies[0].kind == "bus":
            frames["blocks"] = block_frame(studies[0], studies[1])
        if csv is not None:
            words = [{**c, "acts_on": ", ".join(c["acts_on"])} for c in changes]
            columns = ("name", "first", "second", "acts_on")
            listed = pl.DataFrame(words, schema=dict.fromkeys(columns, pl.String))
            _write(csv, {**frames, "changes": listed}, force=force)
        return {
            "first": str(first),
            "second": str(second),
            "kind": studies[0].kind,
            "figures": frames["figures"].to_dicts(),
            "changes": changes,
            "blocks": frames["blocks"].to_dicts() if "blocks" in frames else None,
            **({} if csv is None else {"out": str(csv)}),
        }

    run(work, as_json=as_json, lang=lang, show=_show)


def _write(folder: Path, frames: dict[str, Any], *, force: bool) -> None:
    from viavolta.formats.gtfs_write import check_target, write_whole  # noqa: PLC0415

    if folder.parent.is_dir():
        folder.mkdir(exist_ok=True)
    paths = {folder / f"{name}.csv": frame for name, frame in frames.items()}
    for path in paths:
        check_target(path, force=force)
    for path, frame in paths.items():
        write_whole(path, frame.write_csv().encode())


def _show(summary: dict[str, Any]) -> None:
    """Print the comparison for people."""
    from viavolta.reports.numbers import NOTHING, plain  # noqa: PLC0415 - start-up time

    say(text("changed between {a} and {b}:", a=summary["first"], b=summary["second"]))
    for change in summary["changes"]:
        say(f"  {change['name']}: {change['first']} -> {change['second']}")
    if not summary["changes"]:
        say("  " + text("nothing that the studies rest on"))
    say(text("figures:"))
    for row in summary["figures"]:
        values = [NOTHING if row[k] is None else plain(row[k]) for k in ("value_0", "value_1")]
        share = row["share_1"]
        change = "" if not share else f" ({share:+.1%})"
        say(f"  {row['label']}: {values[0]} -> {values[1]} {row['unit']}".rstrip() + change)
    _show_blocks(summary["blocks"])


def _show_blocks(blocks: list[dict[str, Any]] | None) -> None:
    if blocks is None:
        return
    counts = Counter(row["pairing"] for row in blocks)
    say(
        text(
            "blocks: {same} the same, {same_trips} with the same trips, {changed} with other "
            "trips, {gone} only in the first, {new} only in the second",
            same=counts["same"],
            same_trips=counts["same_trips"],
            changed=counts["changed"],
            gone=counts["only_first"],
            new=counts["only_second"],
        )
    )
    others = [row for row in blocks if row["pairing"] != "same"]
    for row in others[:SHOWN_BLOCKS]:
        say(
            "  "
            + text(
                "{a} -> {b}: {n} trips, then {m}, {shared} of them the same",
                a=row["block_0"] or "-",
                b=row["block_1"] or "-",
                n=row["trips_0"] or 0,
                m=row["trips_1"] or 0,
                shared=row["shared_trips"],
            )
        )
    if len(others) > SHOWN_BLOCKS:
        say("  " + text("and {n} more", n=len(others) - SHOWN_BLOCKS))
