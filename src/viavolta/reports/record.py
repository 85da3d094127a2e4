"""What any study rests on and how anyone finds it again: assumptions, inputs, commands."""

import shlex

from viavolta import __version__
from viavolta.model.messages import text
from viavolta.model.study import AssumptionUsed, Study
from viavolta.reports.figure import missing, paragraph, section
from viavolta.reports.markup import Html, clip, fill, tag
from viavolta.reports.numbers import number
from viavolta.reports.tables import figures, table, values, words

_COMMAND_MAX = 2000


def assumptions(study: Study, *, config: str) -> Html:
    """Every figure that was not in the inputs, with source and how sure it is.

    `config` is the command that prints the file in which each can be changed.
    """
    title = text("Assumptions")
    if not study.assumptions:
        return section("assumptions", title, paragraph(text("None are recorded.")))
    counts: dict[str, int] = {}
    for one in study.assumptions:
        counts[one.status] = counts.get(one.status, 0) + 1
    intro = paragraph(
        text(
            "{n} figures are not in the inputs. Verified means read at the source, secondary "
            "means quoted by someone else, general knowledge means no source could be named, "
            "user means set by you. Each can be changed in a configuration file "
            "({config} prints one).",
            n=number(len(study.assumptions)),
            config=config,
        )
    )
    columns = (
        words(text("Assumption")),
        values(text("Value")),
        values(text("Lowest")),
        values(text("Highest")),
        words(text("Unit")),
        words(text("Status")),
        words(text("Source")),
        words(text("Year")),
    )
    listed = table(
        "assumptions",
        columns,
        (_assumption_row(a) for a in study.assumptions),
        caption=text("Assumptions with source and status"),
    )
    return section("assumptions", title, intro, _filter(counts), listed)


def _assumption_row(one: AssumptionUsed) -> tuple[object, ...]:
    status = tag("span", clip(one.status, 30), class_="status", data_status=clip(one.status, 30))
    year = "" if one.year is None else str(one.year)
    unit, source = clip(one.unit, 40), clip(one.source)
    return (one.key, one.value, one.minimum, one.maximum, unit, status, source, year)


def _filter(counts: dict[str, int]) -> Html:
    """Choose a status or search; the script hides the rows that do not match."""
    options = [tag("option", text("all"), value="")]
    options += [
        tag("option", text("{status} ({n})", status=clip(status, 30), n=n), value=clip(status, 30))
        for status, n in sorted(counts.items())
    ]
    return tag(
        "div",
        tag("label", text("Status"), " ", tag("select", *options, class_="by-status")),
        tag("label", text("Find"), " ", tag("input", type="search", class_="by-word", autocomplete="off")),  # noqa: E501 - one control
        class_="controls",
        data_for="assumptions",
        hidden="",
    )  # fmt: skip


def repairs(study: Study) -> Html:
    """Show what was wrong in the input and mended."""
    title = text("Repairs of the input")
    if not study.repairs:
        return section("repairs", title, paragraph(text("None were needed.")))
    columns = (
        words(text("Repair")),
        words(text("File")),
        figures(text("Times")),
        words(text("Example")),
        words(text("What was done")),
    )
    rows = ((r.code, r.file, r.count, r.example, r.action) for r in study.repairs)
    caption = text("Repairs, each with one example")
    return section("repairs", title, table("repairs", columns, rows, caption=caption))


def warnings(study: Study) -> Html:
    """List all that must be known before a figure is trusted."""
    title = text("Warnings")
    if not study.warnings:
        return section("warnings", title, paragraph(text("None.")))
    columns = (words(text("Warning")), words(text("File")), words(text("What it says")))
    rows = ((w.code, w.file or "", w.message) for w in study.warnings)
    return section(
        "warnings", title, table("warnings", columns, rows, caption=text("All warnings"))
    )


def inputs(study: Study) -> Html:
    """Show inputs by hash, with origin and licence."""
    columns = (
        words(text("File")),
        figures(text("Bytes")),
        words(text("Origin")),
        words(text("Licence")),
        words(text("SHA-256")),
    )
    rows = (
        (i.name, i.bytes, i.origin, i.licence, tag("code", clip(i.sha256, 64)))
        for i in study.inputs
    )
    return section(
        "inputs",
        text("Inputs"),
        table("inputs", columns, rows, caption=text("Input files of this study")),
    )


def reproduce(study: Study) -> Html:
    """Show the commands that make this study again and verify it."""
    command = command_of(study)
    return section(
        "reproduce",
        text("Do it again, check it"),
        paragraph(
            text(
                "The same inputs, options, seed and effort give the same tables, bit for bit. Run "
                "this in the folder of the inputs:"
            )
        ),
        tag("pre", tag("code", command)) if command else missing(text("recorded command")),
        paragraph(
            text(
                "Check this study from its tables alone; no code of the planner takes part. Run "
                "it in the folder above this report, with the folder's name in place of STUDY:"
            )
        ),
        tag("pre", tag("code", "viavolta check STUDY")),
        paragraph(
            fill(
                text("Made with viavolta {version}, seed {seed}, effort {effort}."),
                version=__version__,
                seed=study.seed,
                effort=clip(study.effort, 20),
            )
        ),
    )


def command_of(study: Study) -> str:
    """Give the recorded command, a line or a list of words; empty where there is none."""
    recorded = study.summary.get("command")
    if isinstance(recorded, list):
        recorded = shlex.join(str(word) for word in recorded)
    return clip(recorded, _COMMAND_MAX) if isinstance(recorded, str) else ""
