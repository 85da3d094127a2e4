"""Answers from arrays: planners over the scheduler over energy over the kit.

No I/O, no clock, no log, no framework. May import catalogue and model.
"""
