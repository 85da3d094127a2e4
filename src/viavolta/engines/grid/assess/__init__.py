"""A year of power flows against the limits of a grid.

`watch` keeps extremes, hours and single violations, `marks` makes runs of them, `causes` says what
drives them, `thermal` and `warmth` follow the temperatures of transformers.
"""
