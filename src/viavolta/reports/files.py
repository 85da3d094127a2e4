"""The files that stand beside the tables of a study, by their names in its folder."""

from collections.abc import Sequence

from viavolta.model.study import Study
from viavolta.reports.bus.on_paper import bus_pdf, council_pdf
from viavolta.reports.bus.report import bus_report
from viavolta.reports.charge.facts import facts_of
from viavolta.reports.charge.flows import flows_of
from viavolta.reports.charge.on_paper import sheet_of
from viavolta.reports.charge.report import report_of
from viavolta.reports.connection import from_bus, from_charge
from viavolta.reports.connection.request import ConnectionRequest
from viavolta.reports.connection.sheet import connection_requests_pdf
from viavolta.reports.simulation.on_paper import simulation_pdf
from viavolta.reports.simulation.report import simulation_report


def bus_files(study: Study) -> dict[str, bytes]:
    """Give report.html, report.pdf, council.pdf and, with depots, connection-request.pdf."""
    return {
        "report.html": bus_report(study),
        "report.pdf": bus_pdf(study),
        "council.pdf": council_pdf(study),
        **_requests(from_bus.requests_of(study)),
    }


def charge_files(study: Study) -> dict[str, bytes]:
    """Give report.html, report.pdf and, where roots are known, connection-request.pdf."""
    facts = facts_of(study)
    flows = flows_of(facts)
    return {
        "report.html": report_of(facts, flows),
        "report.pdf": sheet_of(facts, flows),
        **_requests(from_charge.requests_from(facts, flows)),
    }


def simulation_files(study: Study) -> dict[str, bytes]:
    """Give report.html and report.pdf."""
    return {"report.html": simulation_report(study), "report.pdf": simulation_pdf(study)}


def _requests(requests: Sequence[ConnectionRequest]) -> dict[str, bytes]:
    return {"connection-request.pdf": connection_requests_pdf(requests)} if requests else {}
