"""The report of a simulation study: `report.simulation_report(study)` gives one HTML file.

What each strategy costs and draws, who went short and why. May import reports, services and model.
"""
