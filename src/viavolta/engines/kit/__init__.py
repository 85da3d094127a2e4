"""The doors to heavy libraries: nobody else in the product imports them.

Public names: `jit.kernel` (numba), `milp.Program`, `milp.solve`, `milp.Solution` (HiGHS), and
`flow` (OR-Tools). Arrays in, arrays out. May import model only.
"""
