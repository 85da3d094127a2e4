"""Puts the small plan, and the small grids of the engine's tests, on the import path."""

import sys
from pathlib import Path

HERE = Path(__file__).parent
for folder in (HERE, HERE.parents[1] / "engines" / "grid" / "assess"):
    if str(folder) not in sys.path:
        sys.path.append(str(folder))
