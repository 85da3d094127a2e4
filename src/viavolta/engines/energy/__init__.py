"""Energy: what a bus takes from its battery on a trip, what a climate asks of it, what a hill is.

Public: `driving` (trip_energy_kwh, deadhead_energy_kwh, energy_parts_kwh), `cabin` (heating and
cooling power, fuel heater litres), `climb` (climb_descent_m, points_along), `climate`
(design_days), `ageing` (holding_cost, wear_eur_per_kwh: what a battery loses next). Arrays and
records in, arrays and records out. May import engines.kit and model.
"""
