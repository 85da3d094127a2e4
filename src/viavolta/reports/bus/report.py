"""The report of a bus study, from its tables and summary to one HTML file."""

from viavolta.model.messages import text
from viavolta.model.study import Study
from viavolta.reports import record as common
from viavolta.reports.bus import (
    alternatives,
    answer,
    costs,
    day,
    energy,
    gantt,
    phase_in,
    power,
    proof,
    robustness,
    sensitivity,
)
from viavolta.reports.bus.facts import facts_of
from viavolta.reports.bus.grid import grid_sections
from viavolta.reports.bus.key_figures import key_figures
from viavolta.reports.bus.map import network_map
from viavolta.reports.markup import clip
from viavolta.reports.page import page


def bus_report(study: Study) -> bytes:
    """Render a bus study as a self-contained page.

    The same study gives the same bytes. Tables that the study lacks make their section say so.

    Returns
    -------
    bytes
        HTML in UTF-8; opens from disk, asks nothing of any network.
    """
    facts = facts_of(study)
    sections = (
        key_figures(facts),
        network_map(facts),
        day.service_day(facts),
        day.fleet_over_the_day(facts),
        gantt.blocks(facts),
        power.power_over_the_day(facts),
        *grid_sections(facts),
        costs.costs(facts),
        *alternatives.alternatives(facts),
        *sensitivity.sensitivities(facts),
        *robustness.robustness(facts),
        *phase_in.years(facts),
        costs.carbon(facts),
        energy.energy(facts),
        proof.gaps(facts),
        proof.reasons(facts),
        proof.left_out_trips(facts),
        common.assumptions(study, config="viavolta config bus"),
        common.repairs(study),
        common.warnings(study),
        common.inputs(study),
        common.reproduce(study),
    )
    return page(
        title=text("{title} - viavolta", title=clip(study.title, 120)),
        opening=answer.opening(facts),
        sections=sections,
    )
