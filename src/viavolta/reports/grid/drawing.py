"""A chart of a grid report, once for the page and for paper alike."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from viavolta.reports.charts import Spec, chart, chart_on_paper
from viavolta.reports.figure import figure, legend_of
from viavolta.reports.grid.facts import GridFacts
from viavolta.reports.grid.grade import short, titled
from viavolta.reports.grid.why import why_of
from viavolta.reports.markup import Html, join, tag
from viavolta.reports.pdf.blocks import Block, picture
from viavolta.reports.picture import PAPER_PX
from viavolta.reports.tables import Column, table


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """A chart with everything that stands around it.

    Attributes
    ----------
    name : stem of its downloads. make : its specification for a width in px.
    rule : where the figures come from, said under "why?". rows : the same content as a table.
    """

    name: str
    title: str
    make: Callable[[int], Spec]
    alt: str
    legend: Sequence[tuple[Html, str]]
    caption: str
    rule: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[object]]

    def on_page(self, facts: GridFacts) -> Html:
        """Build the figure of the page: title with grade, picture, table, why."""
        listed = table(self.name, self.columns, self.rows, caption=self.title)
        return figure(
            self.name,
            title=titled(self.title, facts),
            picture=chart(self.name, self.make, alt=self.alt),
            legend=legend_of(self.legend) if self.legend else None,
            caption=join((tag("p", self.caption), why_of(facts, self.name, self.rule))),
            table=listed,
        )

    def on_paper(
        self,
        facts: GridFacts,
        *,
        width: int = PAPER_PX,
        height: int | None = None,
        with_legend: bool = True,
    ) -> Block:
        """Build the picture of a sheet: title with grade, picture, caption; sizes in px.

        Without its legend where a picture beside it has the same.
        """

        def make(given: int) -> Spec:
            spec = self.make(given)
            return spec if height is None else {**spec, "height": height}

        return picture(
            f"{self.title} ({short(facts.grade)})",
            chart_on_paper(self.name, make, width=width),
            alt=self.alt,
            legend=self.legend if with_legend else (),
            caption=self.caption,
        )
