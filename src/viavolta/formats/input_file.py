"""Input files as a study names them: by name, size and hash."""

import hashlib
from pathlib import Path

from viavolta.model.study import StudyInput


def input_of(path: Path, *, origin: str = "", licence: str = "") -> StudyInput:
    """Describe an input file by name, size and hash; a folder by its sorted files."""
    digest, size = hashlib.sha256(), 0
    files = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
    for file in files:
        if path.is_dir():
            digest.update(str(file.relative_to(path)).encode())
        with file.open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
                size += len(block)
    return StudyInput(
        name=path.name, sha256=digest.hexdigest(), bytes=size, origin=origin, licence=licence
    )
