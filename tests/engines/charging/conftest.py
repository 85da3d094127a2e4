"""Lets the tests of this folder import its helpers and the reference of the golden cases."""

import sys
from pathlib import Path

HERE = Path(__file__).parent
for folder in (str(HERE), str(HERE.parents[1] / "golden" / "charging")):
    if folder not in sys.path:
        sys.path.append(folder)
