"""Samples of grid signals."""

from matrix import NO_METHOD, OK, VISITORS, row, sample

ANYBODY = {visitor: {OK, NO_METHOD} for visitor in VISITORS}

for argument in ("object_id", "ven_id", "path"):
    sample(argument)(lambda _cast: "none")
for base in ("", "3.0.1", "3.1.0"):
    row(f"openadr{base}-token", outcomes=ANYBODY)
    row(f"openadr{base}-token-server", outcomes=ANYBODY)
