"""The request for a grid connection: one sheet per site, for the operator of the grid.

`sheet.connection_requests_pdf(requests)` sets the sheets, `from_bus.requests_of(study)` and
`from_charge.requests_of(study)` take the sites from a study. A sheet holds figures of its own site
only, nothing of other sites or of the grid. May import the rest of `reports` and model.
"""
