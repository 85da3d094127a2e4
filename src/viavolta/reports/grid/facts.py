"""What the sections of a grid report ask of a study: its tables, its figures by strategy."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from viavolta.model.grid import Grade
from viavolta.model.messages import text
from viavolta.model.study import Study
from viavolta.reports.markup import clip
from viavolta.reports.numbers import known, percent

COLUMNS = {
    "nodes": "node_id kind nominal_kv lat lon",
    "branches": "branch_id kind from_node to_node length_km",
    "voltages": "node_id min_pu max_pu hours_outside",
    "loadings": "branch_id max_percent hours_over",
    "transformers": "branch_id max_hot_spot_c hours_over ageing_rate",
    "violations": "element kind start hours worst cause",
    "measures": "measure_id kind element year cost_eur removes",
    "needs": "strategy kind element draws_share year_p05 year_p50 year_p95 cost_p50_eur",
    "hosting": "node_id strategy share p05_kw p50_kw p95_kw n_vehicles_p50",
    "hosting_areas": "area_id kind strategy households n_vehicles_p05 n_vehicles_p50 "
    "n_vehicles_p95 full_share",
    "profile": "strategy start",
    "power": "strategy start",
    "years": "year strategy p05_eur p50_eur p95_eur",
    "why": "figure statement binds one_more",
}
"""Columns that the sections read, by table; docs/reference/study-folder.md describes them."""

NONE = "none"
"""The grid without charging."""
UNMANAGED = "unmanaged"
_ORDER = (NONE, UNMANAGED, "dimmed", "priced", "managed", "smart", "v2x")
_DIMMED = "-dimmed"
_OTHER_COLOURS = ("--r3", "--r6", "--r5", "--r0", "--r2", "--r4")
_YEAR_S = 360 * 24 * 3600
"""What covers at least this much is called a year, seconds."""
_SHOWN_DRAW = ("measures",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A figure with the range that holds nine of ten draws; None where only one value is known."""

    p50: float
    p05: float | None = None
    p95: float | None = None

    @property
    def is_range(self) -> bool:
        """Whether a range is known."""
        return self.p05 is not None and self.p95 is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """Why a figure is what it is, in the study's own words."""

    statement: str
    binds: str
    one_more: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GridFacts:
    """A grid study as the sections read it; `strategies` in order, none first where it is there."""

    study: Study
    grade: Grade | None
    strategies: tuple[str, ...]
    reasons: dict[str, Why] = field(default_factory=dict)

    @property
    def plain(self) -> str | None:
        """The strategy that others are measured by: uncontrolled charging, else the first."""
        if UNMANAGED in self.strategies:
            return UNMANAGED
        return next((s for s in self.strategies if s != NONE), None)

    @property
    def first(self) -> str | None:
        """The strategy whose picture stands for the study; None where there is only one case."""
        return self.plain or (self.strategies[0] if self.strategies else None)

    def table(self, name: str, strategy: str | None = None) -> pl.DataFrame | None:
        """Give a table that has the columns of the contract and at least one row.

        Of several shares of electric vehicles the highest, of several draws the one that the study
        shows; of hosting the lowest share elsewhere. With a strategy only its rows; a table without
        such a column is the same for all.
        """
        frame = self.study.tables.get(name)
        if frame is None or not set(COLUMNS[name].split()) <= set(frame.columns):
            return None
        shown = self.study.summary.get("shown_draw")
        if name in _SHOWN_DRAW and "draw" in frame.columns and shown is not None:
            frame = frame.filter(pl.col("draw") == shown)
        elif {"ev_share", "strategy"} <= set(frame.columns) and name != "years":
            highest = pl.col("ev_share").max().over("strategy")
            frame = frame.filter(pl.col("ev_share") == highest)
        if name == "hosting":  # next to nobody, as only then all strategies are known
            frame = frame.filter(pl.col("share") == frame["share"].min())
        if strategy is not None and "strategy" in frame.columns:
            frame = frame.filter(pl.col("strategy") == strategy)
        return None if frame.is_empty() else frame

    @property
    def period(self) -> str:
        """Name the time that the study covers, in words."""
        steps, step_s = self.number("steps"), self.number("step_s")
        if steps is not None and step_s is not None and steps * step_s < _YEAR_S:
            return text("the time studied")
        return text("the year")

    @property
    def share_words(self) -> str:
        """Say at which share of electric cars the figures of a town are, empty for others."""
        listed = self.study.summary.get("ev_shares")
        shares = (
            [s for s in map(known, listed) if s is not None] if isinstance(listed, list) else []
        )
        return text("at {p} electric cars", p=percent(max(shares))) if shares else ""

    def has(self, name: str) -> bool:
        """Say whether the study has a table at all, be it empty."""
        frame = self.study.tables.get(name)
        return frame is not None and set(COLUMNS[name].split()) <= set(frame.columns)

    def number(self, key: str) -> float | None:
        """Give a figure of the summary, None where it is not known."""
        return known(self.study.summary.get(key))

    def word(self, key: str) -> str:
        """Give a text of the summary, empty where there is none."""
        value = self.study.summary.get(key)
        return clip(value) if isinstance(value, str) else ""

    def interval(self, key: str, strategy: str) -> Interval | None:
        """Give a figure of the summary that is kept by strategy, with its range where known."""
        kept = self.study.summary.get(key)
        if not isinstance(kept, Mapping):
            return None
        return interval_of(kept.get(strategy))

    def strategies_of(self, key: str) -> tuple[str, ...]:
        """Give the strategies for which a figure of the summary is known, in order."""
        return tuple(s for s in self.strategies if self.interval(key, s) is not None)


def interval_of(value: object) -> Interval | None:
    """Read {p05, p50, p95} or a plain number."""
    if isinstance(value, Mapping):
        middle = known(value.get("p50"))
        if middle is None:
            return None
        return Interval(p05=known(value.get("p05")), p50=middle, p95=known(value.get("p95")))
    middle = known(value)
    return None if middle is None else Interval(p50=middle)


def facts_of(study: Study) -> GridFacts:
    """Prepare a study for its report."""
    bare = GridFacts(study=study, grade=None, strategies=())
    reasons = bare.table("why")
    return GridFacts(
        study=study,
        grade=_grade(study.summary.get("grade")),
        strategies=_strategies(study),
        reasons={}
        if reasons is None
        else {
            str(row["figure"]): Why(
                statement=clip(row["statement"] or ""),
                binds=clip(row["binds"] or ""),
                one_more=clip(row["one_more"] or ""),
            )
            for row in reasons.iter_rows(named=True)
        },
    )


def strategy_label(strategy: str) -> str:
    """Name a strategy of charging in words; one of the user's by its own name."""
    labels = {
        NONE: text("Without charging"),
        UNMANAGED: text("Uncontrolled charging"),
        "dimmed": text("Dimming by the grid operator"),
        "priced": text("Charging at the cheapest hours"),
        "managed": text("Managed charging"),
        "smart": text("Smart charging"),
        "v2x": text("Smart charging with V2X"),
    }
    if strategy in labels:
        return labels[strategy]
    if strategy.endswith(_DIMMED):
        return text("{s}, dimmed", s=strategy_label(strategy.removesuffix(_DIMMED)))
    return f"\N{LEFT DOUBLE QUOTATION MARK}{clip(strategy, 60)}\N{RIGHT DOUBLE QUOTATION MARK}"


def strategy_colour(strategy: str) -> str:
    """Give the colour of a strategy, the same in every picture."""
    colours = {
        NONE: "--soc",
        UNMANAGED: "--r1",
        "dimmed": "--r4",
        f"{UNMANAGED}{_DIMMED}": "--r4",
        "priced": "--r3",
        "managed": "--r0",
        "smart": "--r0",
        "v2x": "--r2",
    }
    return colours.get(strategy) or _OTHER_COLOURS[sum(map(ord, strategy)) % len(_OTHER_COLOURS)]


def _grade(value: object) -> Grade | None:
    try:
        return Grade(str(value))
    except ValueError:
        return None


def _strategies(study: Study) -> tuple[str, ...]:
    """Find the strategies of summary and tables: known ones in order, others as they stand."""
    stated = study.summary.get("strategies")
    named = [str(one) for one in stated] if isinstance(stated, list) else []
    found: set[str] = set(named)
    for key in ("reinforcement_eur", "violation_hours", "n_vehicles"):
        kept = study.summary.get(key)
        if isinstance(kept, Mapping) and "p50" not in kept:
            found |= {str(one) for one in kept}
    for name in COLUMNS:
        frame = study.tables.get(name)
        if frame is not None and "strategy" in frame.columns:
            found |= {str(one) for one in frame["strategy"].drop_nulls().unique().to_list()}

    def rank(strategy: str) -> tuple[int, int, str]:
        known = _ORDER.index(strategy) if strategy in _ORDER else len(_ORDER)
        return (known, named.index(strategy) if strategy in named else len(named), strategy)

    return tuple(sorted(found, key=rank))
