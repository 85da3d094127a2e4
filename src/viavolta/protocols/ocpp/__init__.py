"""OCPP, the language of charging stations: versions 1.6, 2.0.1 and 2.1, as JSON.

`frames` reads and writes messages, `link` holds one station's conversation, `actions` says who may
call what, `schemas` validates payloads against the official JSON schemas, `charging_profile` lays
out charging profiles. Payloads stay in camelCase as on the wire. No sockets, no clock.
"""
