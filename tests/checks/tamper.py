"""Ways to tamper with any valid bus study on disk, each with the rule that must find it.

`TAMPERS[name](folder)` changes the study in place and mends `study.json` (rows, sha256) so that
the rule itself is put to the test, not the hash. `RULES[name]` is the rule that must be among the
findings. A study that lacks what a tampering needs (a midday charge, say) raises `CannotTamper`.
Needs polars only: no code of viavolta.
"""

import tamper_charging
import tamper_figures
import tamper_files
import tamper_plan
from tampering import RULES, TAMPERS, CannotTamper, Opened, opened

__all__ = ["RULES", "TAMPERS", "CannotTamper", "Opened", "opened"]

KINDS = (tamper_plan, tamper_charging, tamper_figures, tamper_files)
"""Imported for what they register."""
