"""The stages of a bus plan, in the order `services.plan_bus` tells its story.

`request` what is asked; `network` timetable, places, distances and energies; `fleet` blocks, types
and points; `charging` schedules per depot; `accounts` the year; `tables` the study. May import
engines, formats, catalogue and model.
"""
