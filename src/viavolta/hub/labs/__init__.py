"""Living labs: a region's hosts, participants, sessions and good practices under review.

A session of a lab is an event of the calendar (`collaborate.Gathering`), so that who registered and
who came is entered once. Imports collaborate, market, studies, people and frame.
"""
