"""What the central system answers a station, before any table is written.

`answers` decides from the call and the `world`; what it decides stands in the journal beside the
call, so that a replay decides nothing anew. No sockets, no clock, no database.
"""
