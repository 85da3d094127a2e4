"""Lets `python -m viavolta` stand in for the `viavolta` command."""

from viavolta.cli.app import main

main()
