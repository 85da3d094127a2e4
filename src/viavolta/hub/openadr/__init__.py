"""Grid signals: OpenADR 3 as a VTN that others write to, and as a VEN that follows others.

`vtn` answers at `/openadr3/` in the versions 3.0.1 and 3.1.0; what its events say becomes limits
and prices by `storage.grid_signals`. An operator's pages make clients and connections. May import
people and frame, storage, protocols and all further in.
"""
