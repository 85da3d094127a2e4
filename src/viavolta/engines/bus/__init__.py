"""The bus planner: a day's timetable in, places, distances, depots and electric blocks out.

Public: `places` (merge_stops), `shapes` (shape_profiles), `distances` (trip_distances, trip_table,
calibrate_deadhead_speed_kmh, deadhead_table), `depots` (propose_depots); `problem` (BlockProblem),
`fleet` (smallest_fleet, the bound without energy limit), `electric` (electric_plan), `chains`
(driving a chain of trips), `rebuild` (improving a whole plan). Arrays and tables only. May import
engines.charging, engines.costs, engines.energy, engines.kit and model.
"""
