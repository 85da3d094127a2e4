"""Studies in the browser: uploads, the five steps, runs, results, scenarios, sharing.

A scenario's result is a study folder made by the command line itself, so that anyone can make it
again. Imports guide, people and frame, and storage for the runs.
"""
