"""What pages need beside code, made ready once: libraries, static files, languages.

Kept in the environment's own folder (`VIAVOLTA_ASSETS`), never in the source. `prepare` does
nothing when what it made fits the sources, which a hash of them tells.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from viavolta import __version__
from viavolta.formats.vector_tiles import ZOOMS
from viavolta.hub.frame.assets import copy_used, install_libraries, lock_digest
from viavolta.hub.site.languages import HUB, compile_into
from viavolta.model.errors import PeerError
from viavolta.model.messages import text
from viavolta.model.progress import silent
from viavolta.samples import monaco_osm
from viavolta.services.import_basemap import import_basemap

_STAMP = "prepared.txt"
_LIBRARIES_STAMP = "libraries.txt"
_COLLECT = (
    "import django; django.setup(); from django.core.management import call_command; "
    "call_command('collectstatic', interactive=False, verbosity=0)"
)


def is_prepared(assets: Path) -> bool:
    """Whether what stands in `assets` fits the sources."""
    return _read(assets / _STAMP) == sources_digest()


def prepare(assets: Path) -> bool:
    """Make everything pages need in `assets`; False if it was there already.

    Whoever serves from the folder meanwhile sees the old files until all new ones are ready.

    Raises
    ------
    PeerError: a library could not be installed, or a static file refers to one that is missing.
    """
    if is_prepared(assets):
        return False
    assets.parent.mkdir(parents=True, exist_ok=True)
    new = Path(tempfile.mkdtemp(prefix=f"{assets.name}.new-", dir=assets.parent))
    try:
        _build(new, assets)
        _put_in_place(new, assets)
    finally:
        shutil.rmtree(new, ignore_errors=True)
    return True


def sources_digest() -> str:
    """All that the prepared files depend on, as a hash."""
    digest = hashlib.sha256(f"{__version__} {sys.version_info} {lock_digest()}".encode())
    for folder in sorted(HUB.iterdir()):
        for kind in ("static/**/*", "locale/**/*.po"):
            for path in sorted(folder.glob(kind)):
                if path.is_file():
                    digest.update(str(path.relative_to(HUB)).encode())
                    digest.update(path.read_bytes())
    digest.update((HUB / "site" / "settings.py").read_bytes())
    digest.update(monaco_osm().read_bytes())
    digest.update(repr(ZOOMS).encode())
    return digest.hexdigest()


def _build(new: Path, old: Path) -> None:
    libraries = old / "libraries"
    is_kept = _read(old / _LIBRARIES_STAMP) == lock_digest()
    if is_kept:
        shutil.copytree(libraries, new / "libraries", symlinks=True)
    else:
        install_libraries(new / "libraries")
    copy_used(new / "libraries", new / "vendor")
    compile_into(new / "locale")
    _collect(new)
    _make_basemaps(new / "basemaps")
    (new / _LIBRARIES_STAMP).write_text(lock_digest(), encoding="ascii")
    (new / _STAMP).write_text(sources_digest(), encoding="ascii")


def _make_basemaps(folder: Path) -> None:
    folder.mkdir()
    import_basemap(monaco_osm(), folder / "monaco.pmtiles", force=False, progress=silent)


def _collect(assets: Path) -> None:
    """Collect static files in a process with settings of its own and no data of anyone."""
    with tempfile.TemporaryDirectory(prefix="viavolta-prepare-") as data:
        surroundings = os.environ | {
            "DJANGO_SETTINGS_MODULE": "viavolta.hub.site.settings",
            "DATABASE_URL": "sqlite://:memory:",
            "VIAVOLTA_ASSETS": str(assets),
            "VIAVOLTA_DATA": data,
        }
        done = subprocess.run(  # noqa: S603 - our own interpreter
            [sys.executable, "-c", _COLLECT],
            env=surroundings,
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        raise PeerError(
            code="static-files-not-collected",
            message=text("the static files of the hub could not be collected"),
            expected=done.stderr.strip()[-500:],
            hint=text("a file that refers to another one that is missing is named above"),
        )


def _put_in_place(new: Path, assets: Path) -> None:
    old = new.with_name(f"{new.name}.old")
    if assets.exists():
        assets.rename(old)
    new.rename(assets)
    shutil.rmtree(old, ignore_errors=True)


def _read(path: Path) -> str:
    return path.read_text(encoding="ascii") if path.is_file() else ""
