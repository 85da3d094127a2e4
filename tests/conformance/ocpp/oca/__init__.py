"""Conformance of the central system: cases as tables of steps, played over a real socket.

`cases` says what the steps are, `stage` plays them against a gateway; one module per version and
group of functional blocks holds the cases; `coverage` writes the page of what is covered.
"""

from oca import a_to_d, e_to_j, k, l_to_p, q_and_r, v16, v21

ALL = (
    *v16.CASES,
    *a_to_d.CASES,
    *e_to_j.CASES,
    *k.CASES,
    *l_to_p.CASES,
    *v21.CASES,
    *q_and_r.CASES,
)
