"""What every page shares: the layout and its components, who may open what, and what happened.

`access`: who may open a view; `events`: the append-only record of what people did (the audit log,
and what indicators are counted from); `versions`: edits that never overwrite each other;
`registry`: entries other apps add to pages of the frame. Imports no other app.

How a page is made: docs/explanation/pages.md. In short, a view renders a template that extends
`frame/base.html` with `title` (and `lead`, `kicker`, `crumbs`, `is_sample`, `is_wide`) in its
context; `tables.Table` and `frame/table.html` draw a table, `frame/form.html` a form,
`frame/empty.html` an empty place, `notices.done(..., undo=...)` a notice; `charts.Chart`,
`maps.Map` and `gantt.Gantt` a picture with its table. `/components/` shows them all to moderators.
"""
