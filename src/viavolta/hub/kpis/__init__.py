"""Indicators of the platform, counted from rows and events, each with its rule and its rows.

`indicators` names them; `counts` holds the rules as functions of plain values; `queries` reads what
they need. Imports labs, collaborate, market, studies, people and frame.
"""
