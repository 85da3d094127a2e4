"""Certificates of ISO 15118 as a central system sees them: who signed, who vouches, who issues.

`chains` finds a path to a root that the operator trusts, `ocsp` and `crl` believe what says that a
certificate is revoked or not, `contract` judges a contract certificate, `pool` asks for a new one,
`v2g` signs what stations show vehicles. No sockets: `others` says what is needed of the world.
"""
