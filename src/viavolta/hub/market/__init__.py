"""The market: what cities need, what companies and others offer, and where the two meet.

`models.Entry` is a need or a solution; `queries` reads, `actions` writes, `shelf` holds what is
published in memory so that lists and matching answer at once; `pictures` and `documents` take in
files; `hooks` has room for what apps above add to a page. Imports studies, people and frame.
"""
