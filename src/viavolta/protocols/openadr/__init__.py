"""OpenADR 3, the language between a grid's operator and those who can give way: JSON over HTTP.

`capacity` reads what an event says of import and export capacity, `duration` reads ISO 8601
durations. Source: OpenADR 3.0.1, OpenAPI document and definitions, OpenADR Alliance. No sockets, no
clock.
"""
