"""What a planner, a council and a doubter see after a run, read from the tables of the study folder.

`folder` reads a scenario's study; `shown` writes figures as the reader's language does; `tabular`
is the table every page uses: sorted, filtered, paged, downloaded; the others are one page each.
Nothing here serves the report.html of a study folder.
"""
