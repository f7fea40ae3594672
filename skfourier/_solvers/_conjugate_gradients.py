"""Conjugate gradients for independent right-hand sides, solved side by side."""

import math
import warnings
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from skfourier._units import powers_of_two

_ADVICE = (
    "The prediction is that of a partly solved system. Raise alpha, which improves the "
    "conditioning, or max_iter; or accept a larger tol."
)

# Iterations over which an error is estimated, at least.
_SHORTEST_DELAY = 6
# Relative residuals that rounding does not get below.
_ROUNDING = 1e-14


# Asked before each iteration whether to stop there.
_ASKED: ContextVar = ContextVar("asked", default=lambda: False)


@contextmanager
def asking(whether_to_stop):
    """Ask a function before each iteration inside the block; where it says True, that one ends.

    An iteration may be deep inside a solver, or be called by another one: all ask the same.
    """
    token = _ASKED.set(whether_to_stop)
    try:
        yield
    finally:
        _ASKED.reset(token)


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
    converged : ndarray of shape (n_outputs,)
    error : ndarray of shape (n_outputs,)
        Energy norm of the error, estimated; NaN where no `energy` was asked for.
    """

    x: np.ndarray
    n_iter: int
    residual: np.ndarray
    converged: np.ndarray
    error: np.ndarray


class EnergyEstimate:
    r"""The energy norm of the error, by what the last iterations have taken off it.

    Iteration j takes :math:`\gamma_j r_j^T z_j` off its square. The sum over a quarter of the
    iterations, the last ones, stands for what was left before them.

    Parameters
    ----------
    n_outputs : int
    max_iter : int

    References
    ----------
    G. Meurant, J. Papez and P. Tichy, "Accurate error estimation in CG", Numerical Algorithms 88,
    2021.
    """

    def __init__(self, n_outputs, max_iter):
        self.taken = np.zeros((max_iter, n_outputs))

    def after(self, n_iter, active, taken):
        """Return the estimate after an iteration that took so much off the active outputs."""
        self.taken[n_iter - 1, active] = taken
        delay = max(_SHORTEST_DELAY, n_iter // 4)
        error = np.sqrt(self.taken[max(0, n_iter - delay) : n_iter].sum(axis=0))
        return error if n_iter > delay else np.full_like(error, np.inf)


def iterate(operator, y, *, preconditioner=None, tol=1e-6, max_iter=1000, energy=None, least=0.0):
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
    energy : float or ndarray of shape (n_outputs,), default=None
        Energy norm of the error, :math:`\sqrt{e^T A e}`, at which an output has converged, in
        place of `tol`: see `EnergyEstimate`.
    least : float, default=0.0
        A lower bound of A's eigenvalues, if one is known: the energy norm of the error is at most
        that of the residual over its root.

    Returns
    -------
    Solution

    References
    ----------
    Y. Notay, "Flexible conjugate gradients", SIAM Journal on Scientific Computing 22, 2000.
    """
    precondition = preconditioner or (lambda r: r)
    unit, y = _in_units(y)
    x, size = np.zeros_like(y), norms(y)
    tol, residual = np.broadcast_to(tol, size.shape), (size > 0).astype(float)
    error = np.full(size.shape, np.nan)
    if energy is not None:
        energy, tol = energy / unit, np.full(size.shape, _ROUNDING)
        estimate, error = EnergyEstimate(len(size), max_iter), np.where(size > 0, np.inf, 0.0)
    converged = residual <= tol
    active, n_iter = np.flatnonzero(~converged), 0
    if not len(active):
        return Solution(x, n_iter, residual, converged, error * unit)
    r, asked_to_stop = y[active], _ASKED.get()
    p = z = precondition(r)
    slope = _dots(r, z)
    while len(active) and n_iter < max_iter and not asked_to_stop():
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
        converged[active] = residual[active] <= tol[active]
        if energy is not None:
            estimated = estimate.after(n_iter, active, step * slope)[active]
            error[active] = np.minimum(estimated, _error_of(norms(r), least))
            converged[active] |= error[active] <= energy[active]
        going = np.flatnonzero(sound & ~converged[active])
        if len(going) < len(active):
            active, slope = active[going], slope[going]
            r, p, change = r[going], p[going], change[going]
        if len(active) and n_iter < max_iter:
            z = precondition(r)
            p = z - _each(_dots(z, change) / slope, p) * p
            slope = _dots(r, z)
    return Solution(x * _each(unit, x), n_iter, residual, converged, error * unit)


def _error_of(residual, least):
    """Bound the energy norm of an error by the norm of its residual."""
    return residual / math.sqrt(least) if least > 0 else np.inf


def warn_unless_converged(solution, tol):
    """Warn with ConvergenceWarning if an output has not converged."""
    if not solution.converged.all():
        worst = float(solution.residual[~solution.converged].max())
        of = "" if np.isnan(solution.error).all() else " of the predictions"
        warnings.warn(
            f"Conjugate gradients reached a relative residual of {worst:.1e} in "
            f"{solution.n_iter} iterations; tol={tol:g}{of} was asked for. {_ADVICE}",
            ConvergenceWarning,
            stacklevel=3,
        )


def norms(array):
    """Return the norm of each output of an array of shape (n_outputs, *shape)."""
    return np.linalg.norm(array.reshape(len(array), array[0].size), axis=1)


def _in_units(y):
    """Divide each output by a power of two, exactly, so that squares neither over- nor underflow.

    Returns
    -------
    unit : ndarray of shape (n_outputs,)
    y : ndarray
    """
    unit = powers_of_two(y, axis=tuple(range(1, y.ndim)))
    return unit, y / _each(unit, y)


def _dots(u, v):
    flat = u.reshape(len(u), -1), v.reshape(len(v), -1)
    return np.einsum("ij,ij->i", flat[0].conj(), flat[1]).real


def _each(values, array):
    """Shape one value for each output so that it multiplies an array of them."""
    return values.reshape(-1, *(1,) * (array.ndim - 1))
