"""Writes of living labs: one function, one transaction, the permission checked inside."""
