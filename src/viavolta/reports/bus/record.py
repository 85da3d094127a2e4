"""What a bus study rests on: its assumptions, with source and how sure they are."""

from viavolta.model.messages import text
from viavolta.model.study import AssumptionUsed, Study
from viavolta.reports.figure import paragraph, section
from viavolta.reports.markup import Html, clip, tag
from viavolta.reports.numbers import number
from viavolta.reports.tables import table, values, words


def assumptions(study: Study) -> Html:
    """Every figure that was not in the inputs, with source and how sure it is."""
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
            "(viavolta config bus prints one).",
            n=number(len(study.assumptions)),
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
