"""Tables that hub and other servers share: long runs so far.

A Django app, for its migrations; whoever reads or writes them goes through `storage.runs`. May
import services and all further in, never the hub.
"""
