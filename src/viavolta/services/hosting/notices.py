"""What the reader of a hosting capacity must know before trusting a figure."""

from viavolta.engines.grid.hosting.task import HostingTask
from viavolta.engines.grid.hosting.verify import broken_by_base
from viavolta.model.errors import PeerError
from viavolta.model.grid import Grade
from viavolta.model.messages import text
from viavolta.model.notices import StudyWarning
from viavolta.services.hosting.draws import DrawResult, HostingJob
from viavolta.services.hosting.request import CapacityRequest


def capacity_warnings(
    request: CapacityRequest, job: HostingJob, task: HostingTask, results: list[DrawResult]
) -> list[StudyWarning]:
    """List what stands.

    Raises
    ------
    PeerError: an answer without management did not stand up to power flows over all steps.
    """
    wrong = [r.number for r in results if r.is_verified is False]
    if wrong:
        raise PeerError(
            code="hosting-not-verified",
            message=text("draw {n} did not stand up to power flows over all steps", n=wrong[0]),
            hint=text("this should not happen: report the grid with which it does"),
        )
    found = []
    if len(results) < request.draws:
        found.append(
            StudyWarning(
                code="hosting-cut-short",
                file=None,
                message=text(
                    "the time limit left {n} of {all} draws", n=len(results), all=request.draws
                ),
            )
        )
    if job.grid.grade is Grade.TWIN:
        found.append(
            StudyWarning(
                code="grid-is-a-twin",
                file=None,
                message=text("the grid is a typical one, not this one: figures show an order"),
            )
        )
    found += [
        StudyWarning(
            code="hosting-base-load-breaks",
            file=None,
            message=text(
                "the base load alone is outside limits in {area}: it takes no vehicle there "
                "wherever charging makes that worse",
                area=area,
            ),
        )
        for area in broken_by_base(task)
    ]
    broken = sorted(
        {
            (name, area)
            for r in results
            for name, (_, areas) in r.managed_checks.items()
            for area in areas
        }
    )
    found += [
        StudyWarning(
            code="hosting-managed-breaks",
            file=None,
            message=text(
                "managed charging ({strategy}) breaks a limit in {area} when all steps are solved",
                strategy=name,
                area=area,
            ),
        )
        for name, area in broken
    ]
    return found
