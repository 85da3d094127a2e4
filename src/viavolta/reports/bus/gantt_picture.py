"""The Gantt chart as a picture: activities above, charge of the battery below.

All rows are drawn, once; those beyond the first page are hidden until the page's script moves them
into sight. One path per kind of activity and bus keeps five hundred rows small.
"""

from viavolta.model.messages import text
from viavolta.reports.bus.duties import Duty
from viavolta.reports.colours import styled
from viavolta.reports.figure import swatch
from viavolta.reports.markup import Html, clip, esc, tag
from viavolta.reports.numbers import HOUR_S, clock, percent
from viavolta.reports.pdf import blocks
from viavolta.reports.pdf.blocks import Block

PAGE_ROWS = 60
PAPER_ROWS = 30
ROW_PX = 26
LABEL_PX = 116
PLOT_PX = 634
END_PX = 62
HEAD_PX = 22

_COVER_PX = LABEL_PX - 18
_BAR_PX = 9.0
_SOC_TOP_PX, _SOC_PX = 12.0, 11.0
_MARKS = {"trip": "t", "charge": "c", "pull_out": "d", "pull_in": "d", "deadhead": "d"}
ROW_CLASS = ' class="row"'
_BELOW_PX = 99_999
"""Length of the lines that run down all pages; the picture's edge cuts them."""


def gantt_picture(duties: list[Duty], *, first_s: int, last_s: int) -> Html:
    """Draw all duties between two full hours of the service day."""
    shown = min(len(duties), PAGE_ROWS)
    width, height = LABEL_PX + PLOT_PX + END_PX, HEAD_PX + shown * ROW_PX + 4
    per_s = PLOT_PX / (last_s - first_s)
    rows = [_row(d, i, first_s=first_s, per_s=per_s) for i, d in enumerate(duties)]
    labels = [
        Html(
            f'<text x="4" y="{HEAD_PX + i * ROW_PX + 16}"{_off(i)} data-i="{i}">'
            f"{esc(clip(d.vehicle_id, 15))}</text>"
        )
        for i, d in enumerate(duties)
    ]
    label_layer = tag(
        "g",
        Html(f'<path d="M0 0h{_COVER_PX}v{_BELOW_PX}h-{_COVER_PX}z" class="cover"/>'),
        *labels,
        id="gantt-labels",
    )
    return tag(
        "svg",
        _hours(first_s, last_s, per_s),
        *rows,
        label_layer,
        id="gantt",
        viewBox=f"0 0 {width} {height}",
        width=width,
        height=height,
        role="img",
        aria_label=text(
            "Gantt chart of {n} buses with the charge of their batteries", n=len(duties)
        ),
    )


def _off(i: int) -> str:
    return "" if i < PAGE_ROWS else ' class="off"'


def _hours(first_s: int, last_s: int, per_s: float) -> Html:
    """Hour lines with their times, down all pages; the picture's edge cuts them."""
    lines, labels = [], []
    for hour in range(first_s, last_s + 1, HOUR_S):
        x = LABEL_PX + (hour - first_s) * per_s
        lines.append(f"M{x:.1f} {HEAD_PX}v{_BELOW_PX}")
        if (hour - first_s) % (2 * HOUR_S) == 0:
            labels.append(tag("text", clock(hour), x=f"{x:.1f}", y="14", text_anchor="middle"))
    end = tag("text", text("lowest"), x=LABEL_PX + PLOT_PX + END_PX - 4, y="14", text_anchor="end")
    return tag("g", tag("path", d="".join(lines)), *labels, end, class_="hours")


def _row(duty: Duty, i: int, *, first_s: int, per_s: float) -> Html:
    """Draw one bus: waiting as a line, activities as bars on it, the charge below."""
    top = HEAD_PX + i * ROW_PX + 2
    x0, x1 = (duty.start_s - first_s) * per_s, (duty.end_s - first_s) * per_s
    share, _ = duty.lowest()
    tight = ' class="tight"' if duty.is_tight() else ""
    return Html(
        f'<g transform="translate({LABEL_PX} {top})"{_off(i) or ROW_CLASS} data-i="{i}">'
        f'<path class="w" d="M{x0:.1f} {_BAR_PX / 2:g}H{x1:.1f}"/>'
        f"{_bars(duty, first_s=first_s, per_s=per_s)}"
        f'<path class="f" d="M{x0:.1f} {_SOC_TOP_PX:g}H{x1:.1f}v{_SOC_PX:g}H{x0:.1f}z"/>'
        f'<path class="s" d="{_soc_path(duty, first_s=first_s, per_s=per_s)}"/>'
        f'<text x="{PLOT_PX + END_PX - 4}" y="16"{tight}>{percent(share)}</text></g>'
    )


def _bars(duty: Duty, *, first_s: int, per_s: float) -> str:
    """Draw trips, empty runs and charges, each kind as one path."""
    bars: dict[str, list[str]] = {"t": [], "d": [], "c": []}
    for kind, start_s, end_s in duty.activities.select("kind", "start_s", "end_s").iter_rows():
        mark = _MARKS.get(kind)
        if mark is not None:
            x, wide = (start_s - first_s) * per_s, max((end_s - start_s) * per_s, 0.6)
            bars[mark].append(f"M{x:.1f} 0h{wide:.1f}v{_BAR_PX:g}h-{wide:.1f}z")
    return "".join(f'<path class="{k}" d="{"".join(v)}"/>' for k, v in bars.items() if v)


def _soc_path(duty: Duty, *, first_s: int, per_s: float) -> str:
    """Show the charge as an area from empty (bottom) to full (top)."""
    bottom = _SOC_TOP_PX + _SOC_PX
    frame = duty.activities

    def point(second: float, kwh: float) -> str:
        share = min(max(kwh / duty.capacity_kwh, 0.0), 1.0)
        return f"{(second - first_s) * per_s:.1f} {bottom - _SOC_PX * share:.1f}"

    start_kwh = float(frame["soc_start_kwh"].to_list()[0])
    points = [point(duty.start_s, start_kwh)]
    for end_s, kwh in frame.select("end_s", "soc_end_kwh").iter_rows():
        spot = point(end_s, kwh)
        if spot != points[-1]:
            points.append(spot)
    x0 = (duty.start_s - first_s) * per_s
    return f"M{x0:.1f} {bottom:g}L" + "L".join(points) + f"V{bottom:g}z"


def gantt_on_paper(duties: list[Duty], *, first_s: int, last_s: int) -> Block:
    """Set the days of the first buses on a sheet, by their pull-out."""
    shown = duties[:PAPER_ROWS]
    more = text("{n} more in report.html", n=len(duties) - len(shown))
    return blocks.picture(
        text("Activities and charge of the battery"),
        styled(gantt_picture(shown, first_s=first_s, last_s=last_s), "gantt"),
        alt=text("Gantt chart of {n} buses with the charge of their batteries", n=len(shown)),
        legend=[(Html(styled(mark, "gantt")), label) for mark, label in gantt_legend()],
        caption=more if len(duties) > len(shown) else "",
    )


def gantt_legend() -> list[tuple[Html, str]]:
    """Name the marks of the picture."""
    bar = '<path class="{}" d="M1 1h20v10h-20z"/>'
    charge = bar.format("f") + '<path class="s" d="M1 11L1 2L12 8L21 5V11z"/>'
    kinds = (
        (bar.format("t"), text("Trip with passengers")),
        (bar.format("d"), text("Driving empty")),
        ('<path class="w" d="M1 6H21"/>', text("Waiting")),
        (bar.format("c"), text("At a charging point")),
        (charge, text("Charge of the battery, empty to full")),
    )
    return [(swatch(mark, class_="swatch gantt-key"), label) for mark, label in kinds]
