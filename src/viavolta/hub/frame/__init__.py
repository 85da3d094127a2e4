"""What every page shares: the layout and its components, who may open what, and what happened.

`access`: who may open a view; `events`: the append-only record of what people did (the audit log,
and what indicators are counted from); `versions`: edits that never overwrite each other;
`registry`: entries other apps add to pages of the frame. Imports no other app.
"""
