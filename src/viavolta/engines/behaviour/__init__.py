"""When people plug in: recorded diaries of drivers, and years drawn from them.

Public names: `diaries.Diaries` (what was recorded), `draw.draw_sessions` (years of many vehicles).
May import model only.
"""
