"""Working together: contact requests, collaborations, calls and consortia, events, news.

`models`, `queries` and `actions` have one module per subject; `verbs` names what is recorded, and
which of it counts as activity of a collaboration. Imports market, studies, people and frame.
"""
