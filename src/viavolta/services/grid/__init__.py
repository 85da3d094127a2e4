"""The pieces of a grid assessment: charging and loads from files, limits, tables, notices.

`services.assess_grid` tells the story. May import engines, formats and all further in.
"""
