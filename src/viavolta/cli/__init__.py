"""The command line: one module per command group. Heavy imports happen inside the commands.

May import every room. Behaviour common to all commands stands in `runner`.
"""
