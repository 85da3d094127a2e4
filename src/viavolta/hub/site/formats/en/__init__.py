"""English as in Europe: the day before the month, 24 hours."""
