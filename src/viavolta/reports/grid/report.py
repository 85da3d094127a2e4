"""The report of a grid study, from its tables and summary to one HTML file."""

from viavolta.model.messages import text
from viavolta.model.study import Study
from viavolta.reports import record
from viavolta.reports.grid.answer import opening
from viavolta.reports.grid.cost import cost
from viavolta.reports.grid.council import council
from viavolta.reports.grid.facts import facts_of
from viavolta.reports.grid.hosting import hosting
from viavolta.reports.grid.key_figures import key_figures
from viavolta.reports.grid.levels import levels
from viavolta.reports.grid.map import grid_map
from viavolta.reports.grid.measures import measures
from viavolta.reports.grid.operator import operator
from viavolta.reports.grid.power import power
from viavolta.reports.grid.violations import violations
from viavolta.reports.markup import clip
from viavolta.reports.page import page


def grid_report(study: Study) -> bytes:
    """Render a study of a grid as a self-contained page: assessment, capacity or town study.

    The same study gives the same bytes. A section stands where the study has its table, see
    `facts.COLUMNS`.

    Returns
    -------
    bytes
        HTML in UTF-8; opens from disk, asks nothing of any network.
    """
    facts = facts_of(study)
    sections = (
        key_figures(facts),
        council(facts),
        cost(facts),
        measures(facts),
        operator(facts),
        grid_map(facts),
        levels(facts),
        power(facts),
        violations(facts),
        hosting(facts),
        record.assumptions(study, config="viavolta config grid"),
        record.repairs(study) if study.repairs else None,
        record.warnings(study),
        record.inputs(study),
        record.reproduce(study),
    )
    return page(
        title=text("{title} - viavolta", title=clip(study.title, 120)),
        opening=opening(facts),
        sections=[one for one in sections if one is not None],
    )
