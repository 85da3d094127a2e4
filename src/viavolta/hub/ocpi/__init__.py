"""Roaming: OCPI 2.2.1 with partners, as operator of stations (CPO) and as issuer of cards (EMSP).

`addresses` answers at `/ocpi/`; `own` keeps what partners may see of an organisation; `rounds`
tells them what changed and asks them for theirs. An operator's pages invite partners. May import
operate, people and frame, storage, services, protocols and all further in.
"""
