"""OpenADR 3, the language between a grid's operator and those who can give way: JSON over HTTP.

`objects` says what programmes, events, reports, subscriptions, VENs and resources must hold and how
the versions 3.0.1 and 3.1.0 write them; `capacity` and `prices` read what events say; `intervals`
and `duration` say when; `reports` writes what happened. Source: OpenADR 3.0.1, OpenAPI document and
definitions, and OpenADR 3.1.0 definitions, OpenADR Alliance. No sockets, no clock.
"""
