"""Conjugate gradients for independent right-hand sides, solved side by side."""

import warnings
from dataclasses import dataclass

import numpy as np
from sklearn.exceptions import ConvergenceWarning

_ADVICE = (
    "The prediction is that of a partly solved system. Raise alpha, which improves the "
    "conditioning, or max_iter; or accept a larger tol."
)


@dataclass(frozen=True)
class Solution:
    """The result of conjugate gradients.

    Parameters
    ----------
    x : ndarray of shape (n_outputs, *shape)
    n_iter : int
        Products with the matrix, each for all outputs that had not converged by then.
    residual : ndarray of shape (n_outputs,)
        Norm of y - A x over that of y, as the recursion has it.
    """

    x: np.ndarray
    n_iter: int
    residual: np.ndarray


def conjugate_gradients(operator, y, *, preconditioner=None, tol=1e-6, max_iter=1000):
    """Solve A x = y for many outputs at once, and warn if that fails.

    Parameters
    ----------
    operator, y, preconditioner, tol, max_iter
        As in `iterate`.

    Returns
    -------
    x : ndarray of shape (n_outputs, *shape)
    n_iter : int

    Warns
    -----
    ConvergenceWarning
        If an output has not converged: with its residual, and what to try.
    """
    solution = iterate(operator, y, preconditioner=preconditioner, tol=tol, max_iter=max_iter)
    warn_unless_converged(solution.residual, tol, solution.n_iter)
    return solution.x, solution.n_iter


def iterate(operator, y, *, preconditioner=None, tol=1e-6, max_iter=1000):
    r"""Solve A x = y for many outputs at once, each by its own conjugate gradients.

    SciPy's `cg` takes one right-hand side. Here one call of `operator` an iteration serves all of
    them, which fills FFTs and matrix products; outputs that have converged are left as they are.
    The preconditioner may be an iteration itself: directions are made conjugate by the formula of
    Polak and Ribiere, which does not require that it be the same linear map every time.

    Parameters
    ----------
    operator : callable
        v of shape (k, *shape) to A v, for any k >= 1; A Hermitian and positive definite.
    y : ndarray of shape (n_outputs, *shape)
        Real, or complex; the inner product is the real part of that of complex vectors.
    preconditioner : callable or None, default=None
        r of shape (k, *shape) to nearly A^-1 r.
    tol : float or ndarray of shape (n_outputs,), default=1e-6
        Norm of the residual over that of y at which an output has converged.
    max_iter : int, default=1000

    Returns
    -------
    Solution

    References
    ----------
    Y. Notay, "Flexible conjugate gradients", SIAM Journal on Scientific Computing 22, 2000.
    """
    precondition = preconditioner or (lambda r: r)
    x, size = np.zeros_like(y), norms(y)
    tol = np.broadcast_to(tol, size.shape)
    residual = (size > 0).astype(float)
    active, n_iter = np.flatnonzero(residual > tol), 0
    if not len(active):
        return Solution(x, n_iter, residual)
    r = y[active]
    p = z = precondition(r)
    slope = _dots(r, z)
    while len(active) and n_iter < max_iter:
        q = operator(p)
        n_iter += 1
        curvature = _dots(p, q)
        # Where rounding has eaten up what there was to gain, the output stays as it is.
        sound = (curvature > 0) & (slope > 0)
        step = np.divide(slope, curvature, out=np.zeros_like(slope), where=sound)
        x[active] += _each(step, p) * p
        change = _each(step, q) * q
        r = r - change
        residual[active] = norms(r) / size[active]
        going = np.flatnonzero(sound & (residual[active] > tol[active]))
        if len(going) < len(active):
            active, slope = active[going], slope[going]
            r, p, change = r[going], p[going], change[going]
        if len(active) and n_iter < max_iter:
            z = precondition(r)
            p = z - _each(_dots(z, change) / slope, p) * p
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


def norms(array):
    """Return the norm of each output of an array of shape (n_outputs, *shape)."""
    return np.linalg.norm(array.reshape(len(array), array[0].size), axis=1)


def _dots(u, v):
    flat = u.reshape(len(u), -1), v.reshape(len(v), -1)
    return np.einsum("ij,ij->i", flat[0].conj(), flat[1]).real


def _each(values, array):
    """Shape one value for each output so that it multiplies an array of them."""
    return values.reshape(-1, *(1,) * (array.ndim - 1))
