"""A request for a grid connection as one sheet of paper."""

from collections.abc import Iterator, Sequence

from viavolta.model.messages import text
from viavolta.reports.charts import Spec, chart_on_paper, time_axis
from viavolta.reports.connection.request import WINDOWS_H, ConnectionRequest, statuses
from viavolta.reports.figure import stroke
from viavolta.reports.markup import Html, clip, fill, join, tag
from viavolta.reports.numbers import DAY_S, number, power
from viavolta.reports.pdf import blocks
from viavolta.reports.pdf.blocks import Block
from viavolta.reports.pdf.document import Document, fitting, pdf_of
from viavolta.reports.tables import figures, words

_CHART_PX = 560
_TALL_PX, _LOW_PX = 170, 110


def connection_requests_pdf(requests: Sequence[ConnectionRequest]) -> bytes:
    """Set one page per site, in the order given; the same sites give the same bytes.

    Raises
    ------
    ValueError: no site is given.
    """
    if not requests:
        msg = "a request for a connection needs a site"
        raise ValueError(msg)
    title = text("Request for a grid connection")
    pages: list[Block | None] = []
    for request in requests:
        pages += [blocks.new_page()] if pages else []
        pages += fitting(title, _versions(request))
    return pdf_of(Document(title=title, blocks=pages))


def _versions(request: ConnectionRequest) -> Iterator[list[Block | None]]:
    """Give the sheet with a tall picture, with a low one, and without."""
    for height in (_TALL_PX, _LOW_PX):
        yield _sheet(request, _profile(request, height=height))
    yield _sheet(request, None)


def _sheet(request: ConnectionRequest, profile: Block | None) -> list[Block | None]:
    return [
        blocks.kicker(text("Request for a grid connection")),
        blocks.heading(request.site, 1),
        blocks.answer(_asked(request)),
        blocks.cards(_cards(request), columns=4),
        profile,
        blocks.heading(text("Flexibility offered"), 3),
        blocks.points(_flexibility(request)),
        _windows(request),
        blocks.heading(text("How good these figures are"), 3),
        blocks.points(_sure(request)),
        blocks.heading(text("To be filled in by the applicant"), 3),
        blocks.table(
            text("Applicant"),
            (
                words(text("Name and address")),
                words(text("Contact")),
                words(text("Date, signature")),
            ),
            [("\N{NO-BREAK SPACE}", "", "")],
        ),
        blocks.note(
            text(
                "This sheet holds figures of this site only: nothing of other sites, and nothing "
                "of the grid."
            )
        ),
    ]


def _strong(value: str) -> Html:
    return tag("strong", value)


def _asked(request: ConnectionRequest) -> Html:
    asked = _strong(power(request.asked_kw))
    first = (
        fill(text("A connection of {asked} is asked for."), asked=asked)
        if request.now_kw is None
        else fill(
            text("A connection of {asked} is asked for; the load without vehicles is {now}."),
            asked=asked,
            now=power(request.now_kw),
        )
    )
    peak, plain = request.peak_kw, request.unmanaged_peak_kw
    second = fill(
        text("With managed charging the site draws at most {peak}, without it {plain}."),
        peak=_strong(power(peak)),
        plain=power(plain),
    )
    return join((first, second), " ")


def _cards(request: ConnectionRequest) -> list[tuple[str, str, str]]:
    made = [
        (
            text("Power now"),
            text("not stated") if request.now_kw is None else power(request.now_kw),
            "" if request.now_kw is None else text("without vehicles"),
        ),
        (text("Power later"), power(request.asked_kw), request.equipment),
        (
            text("Highest load, managed"),
            power(request.peak_kw),
            text("{p} unmanaged", p=power(request.unmanaged_peak_kw)),
        ),
    ]
    if request.energy_kwh_per_day is not None:
        mean_kw = request.energy_kwh_per_day / 24
        made.append(
            (
                text("Energy on the day shown"),
                text("{n} kWh", n=number(request.energy_kwh_per_day)),
                text("evenly over 24 hours: {p}", p=power(mean_kw)),
            )
        )
    where = [
        (text("Point of the grid"), clip(request.node, 40), ""),
        (text("Where"), clip(request.place, 40), ""),
    ]
    return made + [one for one in where if one[1]]


def _profile(request: ConnectionRequest, *, height: int) -> Block:
    profile = request.profile
    lines = (
        (text("Managed"), "--c-trip", "none", profile.managed_kw),
        (text("Unmanaged"), "--c-empty", "6 3", profile.unmanaged_kw),
    )
    values = [
        {"s": float(s), "kw": float(kw), "line": name}
        for name, _, _, power_kw in lines
        for s, kw in zip(profile.start_s, power_kw, strict=True)
    ]
    limit = text("Connection asked for")

    def make(width: int) -> Spec:
        up = {
            "field": "kw",
            "type": "quantitative",
            "title": text("kW"),
            "axis": {"format": ",.3~f", "tickCount": 5},
        }
        drawn = {
            "data": {"values": values},
            "mark": {"type": "line", "interpolate": "step-after", "strokeWidth": 2},
            "encoding": {
                "x": {
                    "field": "s",
                    "type": "quantitative",
                    "scale": {"domain": [0, DAY_S], "nice": False},
                    "axis": time_axis(0, DAY_S, width=width, title=_clock(request)),
                },
                "y": up,
                "color": {
                    "field": "line",
                    "type": "nominal",
                    "scale": {
                        "domain": [name for name, *_ in lines],
                        "range": [f"var({colour})" for _, colour, *_ in lines],
                    },
                    "legend": None,
                },
                "strokeDash": {
                    "field": "line",
                    "type": "nominal",
                    "scale": {"domain": [name for name, *_ in lines], "range": [[1, 0], [6, 3]]},
                    "legend": None,
                },
            },
        }
        rule = {
            "data": {"values": [{"kw": request.asked_kw}]},
            "mark": {"type": "rule", "color": "var(--ink-soft)", "strokeDash": [2, 3]},
            "encoding": {"y": up},
        }
        return {"width": width - 60, "height": height, "layer": [drawn, rule]}

    legend = [(stroke(colour, dashes), name) for name, colour, dashes, _ in lines]
    return blocks.picture(
        text("Power over the day (kW)"),
        chart_on_paper("profile", make, width=_CHART_PX),
        alt=text("Lines: power over the day with managed and with unmanaged charging"),
        legend=[*legend, (stroke("--ink-soft", "2 3"), limit)],
        caption=request.day,
    )


def _clock(request: ConnectionRequest) -> str:
    return text("time of day ({timezone})", timezone=clip(request.timezone, 40))


def _flexibility(request: ConnectionRequest) -> list[str]:
    spared = request.unmanaged_peak_kw - request.peak_kw
    said = []
    if spared > 0:
        said.append(
            text(
                "Charging is planned against the limit of the connection: {p} of the load that "
                "vehicles would draw by themselves is kept off the peak.",
                p=power(spared),
            )
        )
    else:
        said.append(
            text(
                "Managed charging does not lower the highest load of this site: no peak is spared."
            )
        )
    if request.energy_kwh_per_day is not None and request.peak_kw > 0:
        hours = request.energy_kwh_per_day / request.peak_kw
        said.append(
            text(
                "The energy of the day would take {h} hours at the highest managed load; the rest "
                "of the day is what charging can be moved within, as far as vehicles are there.",
                h=number(min(24.0, hours), 1),
            )
        )
    said.append(
        text("Feeding back: up to {p}.", p=power(request.export_kw))
        if request.export_kw > 0
        else text("Feeding back: none is planned.")
    )
    return said


def _windows(request: ConnectionRequest) -> Block:
    rows = []
    for first_h, last_h in WINDOWS_H:
        found = request.profile.highest_kw(first_h, last_h)
        if found is not None:
            managed, plain = found
            span = f"{first_h:02d}:00\N{EN DASH}{last_h:02d}:00"
            rows.append((span, managed, plain, plain - managed))
    return blocks.table(
        text("Highest power by part of the day"),
        (
            words(text("From, to")),
            figures(text("Managed (kW)"), 1),
            figures(text("Unmanaged (kW)"), 1),
            figures(text("Less through management (kW)"), 1),
        ),
        rows,
    )


def _sure(request: ConnectionRequest) -> list[str]:
    grade = request.grade
    said = [
        text("Grade of the grid data: none, as no model of the grid was used.")
        if grade is None
        else text("Grade of the grid data: {g} (A measured to D typical grid).", g=grade.value),
        text(
            "The loads are planned, not measured: {title}.",
            title=clip(request.study.title, 120),
        ),
    ]
    counted = ", ".join(
        text("{n} {status}", n=n, status=clip(status, 30)) for status, n in statuses(request.study)
    )
    if counted:
        said.append(text("Figures they rest on, by how sure they are: {list}.", list=counted))
    return said
