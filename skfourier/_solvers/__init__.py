"""Solvers of kernel regression: each takes a `Problem`.

One file a solver. Each says in a sentence why it does not apply (`why_not`), which serves the
automatic choice and the error message alike.
"""
