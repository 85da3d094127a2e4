"""People and their organisations: accounts, roles, invitations, privacy, tokens.

`access` answers who may do what in an organisation; every other app asks it. Imports frame only.
"""
