"""Forms of working together."""
