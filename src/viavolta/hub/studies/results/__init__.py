"""What a planner, a council and a doubter see after a run, read from the study folder's tables.

`folder` reads a scenario's study; `shown` writes figures as the reader's language does; `tables`
shows and hands out tables; `page` is what all pages share; the others are one page each. Nothing
here serves the report.html of a study folder.
"""
