"""The command line starts without the libraries that take seconds to load."""

import json
import subprocess
import sys

import pytest

HEAVY = {"highspy", "llvmlite", "numba", "numpy", "osmium", "polars", "rasterio", "vl_convert"}


def loaded_after(code: str) -> set[str]:
    """Names of the modules that a fresh Python has loaded after running the code."""
    command = f"import contextlib, io, json, sys\n{code}\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", command], capture_output=True, text=True, check=True
    )
    return set(json.loads(done.stdout))


def test_the_command_line_loads_no_heavy_library() -> None:
    """Importing the commands loads none of the libraries they work with."""
    assert loaded_after("import viavolta.cli.app") & HEAVY == set()


@pytest.mark.parametrize("command", ["--help", "--version", "plan bus --help", "charge --help"])
def test_help_loads_no_heavy_library(command: str) -> None:
    """Help and the version come without them too."""
    code = (
        "from viavolta.cli.app import main\n"
        f"sys.argv = ['viavolta', *{command.split()!r}]\n"
        "with contextlib.redirect_stdout(io.TextIOWrapper(io.BytesIO())), "
        "contextlib.suppress(SystemExit):\n"
        "    main()"
    )
    assert loaded_after(code) & (HEAVY | {"rich"}) == set()
