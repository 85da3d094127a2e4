"""A picture with its title, caption, download and the same content as a table."""

from collections.abc import Iterable

from viavolta.model.messages import text
from viavolta.reports.markup import Content, Html, tag


def figure(
    name: str,
    *,
    title: str,
    picture: Html,
    legend: Html | None = None,
    caption: Content,
    table: Html,
    table_label: str | None = None,
) -> Html:
    """One figure of the page; `name` is the stem of its downloads."""
    save = tag("button", text("Save picture"), type="button", class_="svg", hidden="")
    return tag(
        "figure",
        tag("div", tag("h3", title), save, class_="head"),
        legend,
        tag("div", picture, class_="picture"),
        tag("figcaption", caption),
        tag("details", tag("summary", table_label or text("The same as a table")), table),
        data_name=name,
    )


def swatch(content: str, **attributes: object) -> Html:
    """Build a small picture of 22 x 12 px for a legend; `content` is markup made here."""
    return tag(
        "svg",
        Html(content),
        viewBox="0 0 22 12",
        width="22",
        height="12",
        aria_hidden="true",
        **{"class_": "swatch", **attributes},
    )


def area(colour: str) -> Html:
    """Build a filled swatch; `colour` is a custom property of the page."""
    return swatch(f'<path d="M3 0h16v12h-16z" fill="var({colour})"/>')


def stroke(colour: str, dashes: str = "none") -> Html:
    """Build a line as a swatch."""
    return swatch(
        f'<path d="M0 6h22" fill="none" stroke="var({colour})" stroke-width="2.5" '
        f'stroke-dasharray="{dashes}"/>'
    )


def legend_of(entries: Iterable[tuple[Html, str]]) -> Html:
    """Which mark means what; wraps on a narrow screen."""
    return tag("ul", *(tag("li", mark, label) for mark, label in entries), class_="legend")


def section(identifier: str, title: str, *content: Content) -> Html:
    """Build a section of the page under its heading."""
    return tag("section", tag("h2", title), *content, id=identifier)


def paragraph(*content: Content, **attributes: object) -> Html:
    """Build a paragraph of text."""
    return tag("p", *content, **attributes)


def missing(what: str) -> Html:
    """Say plainly that this study does not hold what a section would show."""
    return paragraph(
        text("Not available: this study holds no {what}.", what=what), class_="missing"
    )
