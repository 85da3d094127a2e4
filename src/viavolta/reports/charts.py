"""Standard charts as inline SVG, drawn by Vega-Lite without network or browser.

Each chart is drawn twice, for a desk and for a phone; the style sheet shows the one that fits.
Colours are custom properties of the page, so that one picture serves light, dark and print.
Legends are the page's own (`figure.legend_of`): they wrap and follow the reader's font. A document
on paper takes the same specification in one width (`chart_on_paper`).
"""

import re
from collections.abc import Callable
from typing import Any

from viavolta.model.messages import language_in_use
from viavolta.reports.markup import Html, esc

WIDE_PX = 810
NARROW_PX = 340
PAPER_FONT = "Libertinus Serif"
"""The typeface of documents on paper, which the typesetter carries along."""

Spec = dict[str, Any]

_CONFIG: Spec = {
    "aria": False,
    "background": None,
    "font": "Arial, Helvetica, Liberation Sans, sans-serif",
    "view": {"stroke": None},
    "axis": {
        "domainColor": "var(--line-strong)",
        "gridColor": "var(--line)",
        "tickColor": "var(--line-strong)",
        "labelColor": "var(--ink-soft)",
        "titleColor": "var(--ink-soft)",
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "titlePadding": 8,
    },
    "axisX": {"grid": False},
    "axisY": {
        "domain": False,
        "ticks": False,
        "titleAlign": "left",
        "titleAngle": 0,
        "titleAnchor": "end",
        "titleBaseline": "bottom",
        "titleX": 0,
        "titleY": -12,
    },
    "header": {"labelColor": "var(--ink)", "labelFontSize": 12, "title": None},
    "text": {"color": "var(--ink)", "fontSize": 12},
}

_SLOVENIAN_TIME: Spec = {
    "dateTime": "%A, %e. %B %Y %X",
    "date": "%d. %m. %Y",
    "time": "%H:%M:%S",
    "periods": ["dop.", "pop."],
    "days": ["nedelja", "ponedeljek", "torek", "sreda", "četrtek", "petek", "sobota"],
    "shortDays": ["ned.", "pon.", "tor.", "sre.", "čet.", "pet.", "sob."],
    "months": [
        *("januar", "februar", "marec", "april", "maj", "junij"),
        *("julij", "avgust", "september", "oktober", "november", "december"),
    ],
    "shortMonths": [
        *("jan.", "feb.", "mar.", "apr.", "maj", "jun."),
        *("jul.", "avg.", "sep.", "okt.", "nov.", "dec."),
    ],
}
"""Names of days and months (Unicode CLDR 46); the chart library brings none for Slovenian."""

_LOCALES: dict[str, Spec] = {"en": {}} | {
    language: {"format_locale": name, "time_format_locale": time}
    for language, name, time in (
        ("de", "de-DE", "de-DE"),
        ("fr", "fr-FR", "fr-FR"),
        ("it", "it-IT", "it-IT"),
        ("sl", "sl-SI", _SLOVENIAN_TIME),
        ("nl", "nl-NL", "nl-NL"),
    )
}


def chart(name: str, make: Callable[[int], Spec], *, alt: str) -> Html:
    """Draw a chart in both widths.

    Parameters
    ----------
    name
        Unique on the page; keeps the ids inside the pictures apart.
    make
        Gives the Vega-Lite specification for a width in px.
    alt
        What the picture shows, in words, for those who cannot see it.
    """
    drawn = [
        _draw(f"{name}-{size}", make(width), size=size, alt=alt)
        for size, width in (("wide", WIDE_PX), ("narrow", NARROW_PX))
    ]
    return Html("".join(drawn))


def chart_on_paper(name: str, make: Callable[[int], Spec], *, width: int) -> str:
    """Draw a chart for a document on paper, in one width (px); see `chart`."""
    return _svg(name, make(width), {**_CONFIG, "font": PAPER_FONT})


def _draw(name: str, spec: Spec, *, size: str, alt: str) -> str:
    return _svg(name, spec, _CONFIG).replace(
        "<svg ", f'<svg role="img" aria-label="{esc(alt)}" data-size="{size}" ', 1
    )


def _svg(name: str, spec: Spec, config: Spec) -> str:
    import vl_convert  # noqa: PLC0415 - takes a second to load, only reports need it

    spec = {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "config": config,
        **spec,
    }
    svg = vl_convert.vegalite_to_svg(spec, allowed_base_urls=[], **_LOCALES[language_in_use()])
    return _tidy(str(svg), name)


def _tidy(svg: str, name: str) -> str:
    """Drop what an inline picture does not need, and keep ids apart and the same in every run."""
    svg = (
        re.sub(r' (?:xmlns(?::\w+)?|version)="[^"]*"', "", svg[: svg.index(">")])
        + svg[svg.index(">") :]
    )
    svg = re.sub(
        r' (?:class="(?!marks)[^"]*"|aria-[a-z]+="[^"]*"|pointer-events="none"'
        r'|role="[^"]*"|opacity="1")',
        "",
        svg,
    )
    svg = re.sub(r'<path d="" display="none"/>|<path d="M0,0h0v0h0Z"/>', "", svg)
    for i, old in enumerate(dict.fromkeys(re.findall(r' id="([\w-]+)"', svg))):
        svg = re.sub(rf'(id="|#){re.escape(old)}\b', rf"\g<1>{name}-{i}", svg)
    return svg.strip()


def time_axis(first_s: float, last_s: float, *, width: int, title: str) -> Spec:
    """Give an x axis over the service day with a label every few hours."""
    every_h = max(1, round((last_s - first_s) / 3600 / (12 if width > NARROW_PX else 5)))
    every_s = 3600 * next(h for h in (1, 2, 3, 4, 6, 8, 12, 24, 10**6) if h >= every_h)
    start = int(-(-first_s // every_s) * every_s)
    return {
        "title": title,
        "values": list(range(start, int(last_s) + 1, every_s)),
        "labelExpr": "format(floor(datum.value/3600)%24,'02d')+':00'",
        "labelFlush": False,
    }
