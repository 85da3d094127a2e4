"""The grid: what it does under load, what it can take, what must be built.

Rooms: `flow` (power flow in bulk), `assess` (a year against limits), `hosting` (what fits),
`reinforce` (what must be built, when, for how much), `twin` (typical grids). Modules: `bands`
(which voltage and loading is allowed where), `dimming` (what a grid operator may do to charging),
`room` (what constant power nodes can take). Arrays and the nouns of `model.grid` in, records of
arrays out. May import engines.energy, engines.kit and model.
"""
