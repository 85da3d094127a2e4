"""OCPP, the language of charging stations: versions 1.6, 2.0.1 and 2.1, as JSON.

`charging_profile` lays out charging profiles, `schemas` validates payloads against the official
JSON schemas. Payloads stay in camelCase as on the wire.
"""
