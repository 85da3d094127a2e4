"""The report of a grid study: for a council in plain words, for a grid operator in numbers.

`report.grid_report(study)` gives the page, `on_paper.grid_pdf(study)` the same on two sheets,
`files.grid_files(study)` both by their names in the study folder. One report for assessments,
capacities and town studies: a section stands where the study has its table (columns:
`facts.COLUMNS`). Every figure carries the grade of the grid it was derived from. May import the
rest of `reports` (but for the other kinds of study), catalogue and model.
"""
