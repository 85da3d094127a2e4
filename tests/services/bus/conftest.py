"""Puts the small grids of the engine's tests on the import path."""

import sys
from pathlib import Path

HERE = Path(__file__).parents[2] / "engines" / "grid" / "assess"
if str(HERE) not in sys.path:
    sys.path.append(str(HERE))
