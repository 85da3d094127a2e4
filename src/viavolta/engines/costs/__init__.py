"""What a bus system costs and emits in a year, item by item, each with its honest range.

`ranges` (a figure between its published extremes), `annuity` (money over years), `investment`
(points, depot works, connections), `tariff` (what electricity costs over the day and the year),
`system` (a bus system as far as it costs money), `items` (one formula per item), `tco` (the
accounts of battery and diesel buses), `carbon` (well to wheel, and production).
May import catalogue and model; knows nothing of planners and the scheduler.
"""
