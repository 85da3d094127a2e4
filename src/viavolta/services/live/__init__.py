"""Charging as it happens: sessions become stays, the scheduler decides, orders go to stations.

`plan` makes one plan of all sessions under way; `orders` turns it into charging profiles and
reasons that a driver understands. No sockets, no clock, no tables.
"""
