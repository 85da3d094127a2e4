"""Wire languages without sockets: bytes in, model out, and back.

`ocpp` speaks to charging stations. May import catalogue, samples and model; knows no engine, no
service and no network.
"""
