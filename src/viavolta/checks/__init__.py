"""Independent verifiers, one per kind of study: from its tables alone to a list of findings.

Public names: `bus.check_bus`, `charge.check_charge`, `study_file` (what `study.json` and the files
beside it must look like) and `finding.Finding`. May import `viavolta.model` only: a check shares
no code with the engines it checks, so that one mistake cannot hide in both.
"""
