"""A chart with the words around it, drawn for the page or for paper."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from viavolta.reports.charts import Spec, chart, chart_on_paper
from viavolta.reports.figure import figure, legend_of
from viavolta.reports.markup import Html
from viavolta.reports.pdf import blocks
from viavolta.reports.pdf.blocks import Block

PAPER_PX = 560
"""Width of a chart across a sheet; its text is then about as large as the sheet's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A chart: `name` is the stem of its downloads, `make` gives its specification for a width."""

    name: str
    title: str
    make: Callable[[int], Spec]
    alt: str
    legend: Sequence[tuple[Html, str]]
    caption: str

    def on_page(self, table: Html) -> Html:
        """Build the figure of the page, with the same content as a table."""
        return figure(
            self.name,
            title=self.title,
            legend=legend_of(self.legend) if self.legend else None,
            picture=chart(self.name, self.make, alt=self.alt),
            caption=self.caption,
            table=table,
        )

    def on_paper(self, *, width: int = PAPER_PX) -> Block:
        """Build the picture of a sheet."""
        return blocks.picture(
            self.title,
            chart_on_paper(self.name, self.make, width=width),
            alt=self.alt,
            legend=self.legend,
            caption=self.caption,
        )
