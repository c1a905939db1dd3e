"""Sweeps: a grid of specs as one group of jobs, and what comes of it. Pure functions; the rows belong to the store."""
