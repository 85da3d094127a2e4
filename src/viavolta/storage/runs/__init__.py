"""Long runs: asked for by the hub, done by workers, watched and stopped by whoever may.

`queue` is what the hub calls (enqueue, cancel, resume) and what a worker holds runs by; `kinds`
says how a kind of run becomes a command line; `worker` runs them. Needs Django set up. Imports
storage.tables and what storage may import.
"""
