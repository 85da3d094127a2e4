"""The scheduler: stays, limits and signals in, a schedule with proof out.

Public names: `scheduler.schedule` (the cheapest schedule and its bound), `unmanaged.unmanaged`
(full power on arrival), `unmanaged.without_vehicles`, `bound.charging_bound` (the bound from
prices alone), `cost.plan_of` (what given powers lead to). May import engines.energy, engines.kit
and model.
"""
