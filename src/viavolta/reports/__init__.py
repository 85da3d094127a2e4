"""A study as a page that people read: text, charts, a map, tables beside each picture.

`bus.report.bus_report(study)`, `charge.report.charge_report(study)`,
`grid.report.grid_report(study)` and `simulation.report.simulation_report(study)` give the bytes of
a self-contained HTML file; `record` has the sections that any of them shares. `pdf` sets documents
on paper, such as `grid.on_paper.grid_pdf(study)`. Every text from outside is escaped by
construction: only `markup.Html` reaches the page unescaped. Knows studies, not how they were made
or where they are kept. May import services, engines, formats, catalogue and model; used by cli and
hub alike.
"""
