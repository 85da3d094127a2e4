"""Writes of working together: one function, one transaction, the permission checked inside."""
