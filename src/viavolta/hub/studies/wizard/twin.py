"""A typical grid for a town whose own grid nobody has given, kept as a file like any other."""

import io
import zipfile

from viavolta.hub.people.models import Organisation, User
from viavolta.hub.studies.models import Upload, UploadKind
from viavolta.hub.studies.uploads import keep_upload
from viavolta.model.grid_twin import Settlement, TwinLevel
from viavolta.services.make_twin import TwinRequest, make_twin

LICENCE = "ODbL 1.0"
CREDIT = "SimBench (University of Kassel, TU Dortmund, RWTH Aachen University, Fraunhofer IEE)"
SETTLEMENTS = tuple(one.value for one in Settlement)
_EARLIEST = (1980, 1, 1, 0, 0, 0)
"""The same twin has the same bytes, whenever it is made."""


def twin_upload(
    person: User, organisation: Organisation, settlement: str, *, centre: tuple[float, float]
) -> Upload:
    """Put together a medium-voltage grid around a place; nodes of it stand in for the depots'."""
    lat, lon = round(centre[0], 3), round(centre[1], 3)
    summary, files = make_twin(
        TwinRequest(settlement=Settlement(settlement), level=TwinLevel.MV, place=(lat, lon))
    )
    facts = {
        "grade": summary["grade"],
        "nodes": summary["n_nodes"],
        "branches": summary["n_branches"],
        "is_twin": True,
    }
    return keep_upload(
        person,
        organisation,
        UploadKind.GRID,
        name=f"twin-{settlement}.zip",
        chunks=[_packed(files)],
        licence=LICENCE,
        credit=CREDIT,
        may_redistribute=True,
        findings={"kind": UploadKind.GRID.value, "facts": facts, "error": None},
    )


def _packed(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            info = zipfile.ZipInfo(name, _EARLIEST)
            archive.writestr(info, files[name], compress_type=zipfile.ZIP_DEFLATED)
    return buffer.getvalue()
