"""The report of a charge study, from its tables and summary to one HTML file."""

from viavolta.model.messages import text
from viavolta.model.study import Study
from viavolta.reports import record as common
from viavolta.reports.charge import costs, gap, goals, levels, power, prices, record, shortfalls
from viavolta.reports.charge.answer import opening
from viavolta.reports.charge.facts import ChargeFacts, facts_of
from viavolta.reports.charge.flows import Flows, flows_of
from viavolta.reports.charge.key_figures import key_figures
from viavolta.reports.markup import clip
from viavolta.reports.page import page


def charge_report(study: Study) -> bytes:
    """Render a charge study as a self-contained page.

    The same study gives the same bytes. Tables that the study lacks make their section say so;
    the sections on fairness and carbon stand only where the study has such a goal or figure.

    Returns
    -------
    bytes
        HTML in UTF-8; opens from disk, asks nothing of any network.
    """
    facts = facts_of(study)
    return report_of(facts, flows_of(facts))


def report_of(facts: ChargeFacts, flows: Flows | None) -> bytes:
    """Render a study whose facts and flows are known already; they take a while for a million."""
    study = facts.study
    sections = (
        key_figures(facts),
        power.power_over_time(facts, flows),
        levels.power_by_level(facts, flows),
        prices.prices(facts, flows),
        shortfalls.shortfalls(facts, flows),
        gap.gap(facts),
        costs.costs(facts, flows),
        goals.fairness(facts),
        goals.carbon(facts, flows),
        record.assumptions(study),
        common.repairs(study) if study.repairs else None,
        common.warnings(study),
        common.inputs(study),
        common.reproduce(study),
    )
    return page(
        title=text("{title} - viavolta", title=clip(study.title, 120)),
        opening=opening(facts, flows),
        sections=[section for section in sections if section is not None],
    )
