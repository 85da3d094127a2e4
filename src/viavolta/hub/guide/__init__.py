"""The guide: what each field means, why it matters, where to get it; in plain words, with sources.

`entries` reads the texts (`texts/*.toml`, six languages, one file for each chapter), `portals`
where timetables of a country are published. Words of the
trade come from the catalogue's glossary. Imports frame only.
"""
