"""The files that stand beside the tables of a study, by their names in its folder."""

from viavolta.model.study import Study
from viavolta.reports.bus.on_paper import bus_pdf
from viavolta.reports.bus.report import bus_report
from viavolta.reports.connection import from_bus
from viavolta.reports.connection.sheet import connection_requests_pdf


def bus_files(study: Study) -> dict[str, bytes]:
    """Give report.html, report.pdf and, where there are depots, connection-request.pdf."""
    requests = from_bus.requests_of(study)
    return {
        "report.html": bus_report(study),
        "report.pdf": bus_pdf(study),
        **({"connection-request.pdf": connection_requests_pdf(requests)} if requests else {}),
    }
