"""The bus planner: a day's timetable in, places, distances, depots and electric blocks out.

Public: `places` (merge_stops), `shapes` (shape_profiles), `distances` (trip_distances, trip_table,
calibrate_deadhead_speed_kmh, deadhead_table), `depots` (propose_depots); the same along roads:
`road_graph` (arcs and turns), `road_ways` (without passengers), `road_trips` (past the stops of
trips), `road_times` (time_factor); `problem` (BlockProblem),
`fleet` (smallest_fleet, the bound without energy limit), `electric` (electric_plan, by `matching`
and `neighbourhood`), `chains` (driving a chain of trips), `columns` (column_plan, a whole plan
with the duals that prove its bound, on a `day_graph`). Arrays and tables only. May import
engines.charging, engines.costs, engines.energy, engines.kit and model.
"""
