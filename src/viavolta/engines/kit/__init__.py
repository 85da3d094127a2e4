"""The doors to heavy libraries: nobody else in the product imports them.

Public names: `jit.kernel` (numba), `milp.Program`, `milp.solve`, `milp.Solution` (HiGHS),
`growing.GrowingProgram` (linear programs that grow by columns), `flow` (least-cost flows, by
`network_simplex`), `power_grid.PowerGrid` (power-grid-model),
`shortest` (SciPy: shortest ways, neighbours). Arrays in, arrays out. May import model only.
"""
