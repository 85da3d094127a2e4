"""Pages of living labs."""
