"""The files that stand beside the tables of a grid study."""

from viavolta.model.study import Study
from viavolta.reports.grid.on_paper import grid_pdf
from viavolta.reports.grid.report import grid_report


def grid_files(study: Study) -> dict[str, bytes]:
    """Give report.html and report.pdf of a grid study, for `storage.study_folder.write_study`."""
    return {"report.html": grid_report(study), "report.pdf": grid_pdf(study)}
