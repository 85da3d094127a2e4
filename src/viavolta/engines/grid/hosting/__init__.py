"""How many vehicles a grid can take, by many draws of who gets one, where, and when it charges.

Public names: `task.hosting_task` (a grid made ready), `placement.place` and `placement.Pool` (a
draw, and the vehicles to draw from), `unmanaged.fill` (vehicles before the first limit breaks),
`budgets.budget_of` (limits that managed charging may use), `nodes.firm_kw` (power at one node at
any time), `verify.broken_areas` (a whole year solved). Balanced loads; see
docs/explanation/hosting-capacity.md. May import engines.grid.flow, engines.kit and model.
"""
