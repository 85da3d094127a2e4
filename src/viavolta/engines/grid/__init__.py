"""The grid: what it does under load, what it can take, what must be built.

Rooms: `flow` (power flow in bulk). Arrays and the nouns of `model.grid` in, records of arrays out.
May import engines.energy, engines.kit and model.
"""
