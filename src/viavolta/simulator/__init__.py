"""Simulated charging stations and vehicles that talk to a gateway over real sockets.

`car` is a battery with a cable, `orders` reads what charging profiles ask for now, `station`
behaves as a station of OCPP 1.6, 2.0.1 or 2.1 without sockets or clock, `line` carries it over
WebSocket. For the demo, for tests and for loads; imports protocols only.
"""
