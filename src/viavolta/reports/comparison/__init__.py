"""Studies beside each other: figure by figure, block by block, and what was changed between them.

`figures` compares key figures, `changes` names the inputs that differ and what they act on,
`blocks` pairs the blocks of two bus plans. Used by the command line and the hub.
"""
