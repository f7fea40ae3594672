"""Conjugate gradients for a block of independent right-hand sides."""

import warnings
from dataclasses import dataclass

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import gen_batches

_ADVICE = (
    "The prediction is that of a system solved so far only. Raise alpha, which makes it better "
    "conditioned, or max_iter; or accept a larger tol."
)
# A deviation costs a solve: so many of them, and so many at once.
_MOST_DEVIATIONS = 1000
_DEVIATIONS_A_BLOCK = 32


@dataclass(frozen=True)
class Solution:
    """What conjugate gradients arrived at.

    Parameters
    ----------
    x : ndarray of shape (n, n_outputs)
    n_iter : int
        Products with the matrix, each for all columns that had not converged by then.
    residual : ndarray of shape (n_outputs,)
        Norm of y - A x over that of y, as the recursion has it.
    """

    x: np.ndarray
    n_iter: int
    residual: np.ndarray


def conjugate_gradients(operator, y, *, preconditioner=None, tol=1e-6, max_iter=1000):
    """Solve A x = y for many columns at once, and warn if that fails.

    Parameters
    ----------
    operator, y, preconditioner, tol, max_iter
        As in `iterate`.

    Returns
    -------
    x : ndarray of shape (n, n_outputs)
    n_iter : int

    Warns
    -----
    ConvergenceWarning
        If a column has not converged: with its residual, and what to try.
    """
    solution = iterate(operator, y, preconditioner=preconditioner, tol=tol, max_iter=max_iter)
    warn_unless_converged(solution.residual, tol, solution.n_iter)
    return solution.x, solution.n_iter


def iterate(operator, y, *, preconditioner=None, tol=1e-6, max_iter=1000):
    r"""Solve A x = y for many columns at once, each by its own conjugate gradients.

    SciPy's `cg` takes one column. Here one call of `operator` an iteration serves all of them,
    which fills FFTs and matrix products; columns that have converged are left as they are. The
    preconditioner may be an iteration itself: directions are made conjugate by the formula of
    Polak and Ribiere, which does not ask that it be the same linear map every time.

    Parameters
    ----------
    operator : callable
        v of shape (n, k) to A v, for any k; A symmetric and positive definite.
    y : ndarray of shape (n, n_outputs)
        Its memory order is that of all arrays here: columns that are contiguous stay so.
    preconditioner : callable or None, default=None
        r of shape (n, k) to nearly A^-1 r.
    tol : float or ndarray of shape (n_outputs,), default=1e-6
        Norm of the residual over that of y at which a column has converged.
    max_iter : int, default=1000

    Returns
    -------
    Solution

    References
    ----------
    Y. Notay, "Flexible conjugate gradients", SIAM Journal on Scientific Computing 22, 2000.
    """
    x, size = np.zeros_like(y), np.linalg.norm(y, axis=0)
    tol = np.broadcast_to(tol, size.shape)
    residual = (size > 0).astype(float)
    active = np.flatnonzero(residual > tol)
    r = _columns(y, active)
    p = z = r if preconditioner is None else preconditioner(r)
    slope, n_iter = _dots(r, z), 0
    while len(active) and n_iter < max_iter:
        q = operator(p)
        n_iter += 1
        curvature = _dots(p, q)
        # Where rounding has eaten up what there was to gain, the column stays as it is.
        sound = (curvature > 0) & (slope > 0)
        step = np.divide(slope, curvature, out=np.zeros_like(slope), where=sound)
        x[:, active] += step * p
        change = step * q
        r = r - change
        residual[active] = np.linalg.norm(r, axis=0) / size[active]
        going = np.flatnonzero(sound & (residual[active] > tol[active]))
        if len(going) < len(active):
            active, slope = active[going], slope[going]
            r, p, change = (_columns(array, going) for array in (r, p, change))
        if len(active) and n_iter < max_iter:
            z = r if preconditioner is None else preconditioner(r)
            p = z - (_dots(z, change) / slope) * p
            slope = _dots(r, z)
    return Solution(x, n_iter, residual)


def warn_unless_converged(residual, tol, n_iter, advice=_ADVICE):
    """Warn with ConvergenceWarning if the largest relative residual is above `tol`."""
    worst = float(np.max(residual, initial=0.0))
    if not worst <= tol:
        warnings.warn(
            f"Conjugate gradients reached a relative residual of {worst:.1e} in {n_iter} "
            f"iterations; tol={tol:g} was asked for. {advice}",
            ConvergenceWarning,
            stacklevel=3,
        )


def variance_by_solving(solver, X):
    r"""Compute :math:`k(0) - k_*^T (K + \alpha W^{-1})^{-1} k_*`, a solve for each row of X.

    Parameters
    ----------
    solver : solver
        With `system`, `solve` and `predict`.
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
    kernel, variance = solver.system.kernel, np.empty(len(X))
    for rows in gen_batches(len(X), _DEVIATIONS_A_BLOCK):
        coefficients = solver.solve(kernel(solver.system.X, X[rows]))
        variance[rows] = 1 - np.diag(solver.predict(coefficients, X[rows]))
    return np.maximum(variance, 0)


def refuse_many_deviations(solver_name, n_rows):
    """Raise ValueError if so many solves are more than a user would wait for."""
    if n_rows > _MOST_DEVIATIONS:
        raise ValueError(
            f"The deviations of {n_rows} rows were asked for; the solver {solver_name!r} solves a "
            f"system for each, and takes at most {_MOST_DEVIATIONS}. Predict fewer rows at a time, "
            f"or take a solver that factorises: 'kronecker' on a full grid, 'primal' with finite "
            f"features, 'cholesky' on few rows."
        )


def _columns(array, index):
    """Copy columns and keep the memory order: NumPy's own indexing of columns may change it."""
    return array.T[index].T if array.flags.f_contiguous else array[:, index]


def _dots(u, v):
    return np.einsum("ij,ij->j", u, v)
