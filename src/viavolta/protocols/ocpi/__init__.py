"""OCPI 2.2.1: its objects, its envelope and its tariffs, without sockets. Names as on the wire.

Source: https://github.com/ocpi/ocpi, branch release-2.2.1-bugfixes (2.2.1-d2), CC BY-ND 4.0.
"""
