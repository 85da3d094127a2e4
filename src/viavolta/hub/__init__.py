"""The hub: one web place where cities, companies and operators plan, meet, replicate and count.

Apps, each importing only those to its right:
site > kpis > labs > collaborate > market > studies > guide > people > frame.
In each app: `models` (tables), `queries` (reads), `actions` (writes: one function, one transaction,
permission checked inside), `views` and `api` (thin). The hub never imports the gateway.
"""
