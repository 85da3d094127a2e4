"""Drivers at a station: the page behind its QR code, receipts, what is kept of them.

Nobody needs an account: a visitor holds a secret in a cookie, and what she started belongs to it.
Sessions, wishes, orders and bills are in `storage.tables`; this app writes wishes and commands and
reads orders. Imports people and frame.
"""
