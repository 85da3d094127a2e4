"""How the one-time tokens of visitors are told from others."""

VISIT_PREFIX = "VISIT"
"""One-time tokens of visitors begin so; they belong to no group, whose members could end each
other's sessions."""
