"""Reads of working together; what a stranger may not see is not found."""
