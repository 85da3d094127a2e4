"""The verbs: each service is one readable story from input to result.

`plan_bus` plans a bus network, `import_lines` makes a timetable on the lines of an OpenStreetMap
extract, `demo` prepares the sample city, `solve_blocks` solves a benchmark instance, `check_study`
verifies a study folder. Services are told where to read and write and how to report progress; they
know no command line and no web page. May import engines, formats, checks, catalogue, samples and
model.
"""
