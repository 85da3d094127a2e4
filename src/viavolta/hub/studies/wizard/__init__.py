"""A new study in five steps, each with a default that works: place, fleet, sites, grid, prices.

`steps` names them; `answers` says what a step keeps; `config` turns answers into what
`viavolta plan bus` takes; `drafts` writes; `forms` ask; `views` are the pages.
"""
