"""Conformance of the central system: cases as tables of steps, played over a real socket.

`cases` says what the steps are, `stage` plays them against a gateway; one module per version and
functional block holds the cases; `coverage` writes the page of what is covered.
"""
