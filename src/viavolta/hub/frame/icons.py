"""Small drawings of the frame: `icons.svg` beside this file, in a box of 24, drawn by strokes."""

import re
from pathlib import Path

_SHEET = Path(__file__).with_name("icons.svg").read_text(encoding="utf-8")
ICONS = dict(re.findall(r'<symbol id="([\w-]+)">(.*?)</symbol>', _SHEET, re.DOTALL))
"""The strokes of each drawing, by its name."""
