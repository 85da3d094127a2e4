"""The pieces of a hosting capacity: vehicles, draws, managed charging, tables, notices.

`services.host_vehicles` tells the story. May import engines, formats and all further in.
"""
