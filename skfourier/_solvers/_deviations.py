"""Deviations by a solve for each row, where nothing is factorized."""

import numpy as np
from sklearn.utils import gen_batches

# A deviation costs a solve: so many of them, and so many at once.
MAX_DEVIATIONS = 1000
_DEVIATIONS_PER_BLOCK = 32


def variance_by_solving(solver, X):
    r"""Compute :math:`k(0) - k(x)^T A^{-1} k(x)`, a solve for each row of X.

    Parameters
    ----------
    solver : Solver
    X : ndarray of shape (n_rows, n_features)

    Returns
    -------
    ndarray of shape (n_rows,)

    Raises
    ------
    ValueError
        If X has over a thousand rows.
    """
    refuse_many_deviations(solver.name, len(X))
    kernel, variance = solver.problem.kernel, np.empty(len(X))
    for rows in gen_batches(len(X), _DEVIATIONS_PER_BLOCK):
        coefficients = solver.solve(kernel(solver.problem.X, X[rows]))
        variance[rows] = 1 - np.diag(solver.evaluate(coefficients, X[rows]))
    return variance


def refuse_many_deviations(solver_name, n_rows):
    """Raise ValueError if so many solves are more than a user would wait for."""
    if n_rows > MAX_DEVIATIONS:
        raise ValueError(
            f"The deviations of {n_rows} rows were asked for; the solver {solver_name!r} solves a "
            f"system for each, and takes at most {MAX_DEVIATIONS}. Predict fewer rows at a time, "
            f"or take a solver that factorizes: 'kronecker' on a full grid, 'primal' with finite "
            f"features, 'cholesky' on few rows."
        )
