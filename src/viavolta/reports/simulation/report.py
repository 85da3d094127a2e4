"""The report of a simulation study, from its tables and summary to one HTML file."""

from viavolta.model.messages import text
from viavolta.model.study import Study
from viavolta.reports import record
from viavolta.reports.markup import clip
from viavolta.reports.page import page
from viavolta.reports.simulation import answer, figures, power, shortfall, who
from viavolta.reports.simulation.facts import facts_of


def simulation_report(study: Study) -> bytes:
    """Render a simulation study as a self-contained page; the same study gives the same bytes."""
    facts = facts_of(study)
    sections = (
        figures.strategies(facts),
        power.power_over_time(facts),
        figures.reasons(facts),
        shortfall.shortfall(facts),
        who.drivers(facts),
        who.sites(facts),
        who.assumptions(study),
        record.repairs(study),
        record.warnings(study),
        record.inputs(study),
        record.reproduce(study),
    )
    return page(
        title=text("{title} - viavolta", title=clip(study.title, 120)),
        opening=answer.opening(facts),
        sections=sections,
    )
