"""File languages, in and out: each module or package reads or writes one of them.

Everything from outside is taken as hostile: sizes are limited, nothing is run or unpacked to disk,
and what cannot be repaired is an `InputError` with its place. May import model and catalogue.
"""
