"""Matching: which solutions meet a need and which needs a solution meets, and on what they match.

`tables.FacetTable` holds the facets of many, `facets.agreement` compares one with many. May import
kit, catalogue and model.
"""
