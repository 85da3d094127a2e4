"""Profiles: a schedule's power as a staircase of few steps, the best there is, with its loss.

`staircase.staircases` chooses the steps, `staircase.deviations` says what they cost. May import
kit, catalogue and model.
"""
