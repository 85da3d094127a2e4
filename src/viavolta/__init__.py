"""viavolta: plan, buy, run and share electric mobility in a city."""

__version__ = "0.1.0"
