"""Product kernels on grids: one small eigendecomposition for each axis."""

import copy
from dataclasses import replace

import numpy as np
from sklearn.utils import gen_batches

from skfourier.grids import find_grid
from skfourier.solvers._conjugate_gradients import variance_by_solving, warn_unless_converged
from skfourier.solvers._leave_one_out import Eigenbasis
from skfourier.solvers._masked import MaskedModes, weight_on_grid
from skfourier.solvers._modes import ProductModes, axis_matrix, contract, contract_rows

# The eigendecomposition of an axis of that length takes about a minute, and 0.5 GB.
_LONGEST_AXIS = 4096
# With more, the rows see each mode through nearly all others: smooth kernels on a grid so sparse
# are close to a multiple of the identity, and scaling modes makes that worse. Gaussians on grids
# of 128 x 128 and 256 x 256, 20 to 80 % of the pixels missing, change sides between 1.7 and 2:
# at 4.9 it takes 25 iterations instead of 65, at 3.3 it takes 215 instead of 660.
_MOST_MODES_PER_ROW = 2
# Numbers that a block of a prediction holds: 64 MB.
_BLOCK = 2**23


class Kronecker:
    r"""A product kernel on a full grid: exact, and any alpha and many outputs nearly free.

    .. math:: K + \alpha = (V_1 \otimes V_2 \otimes \dots)
              (\Lambda_1 \otimes \Lambda_2 \otimes \dots + \alpha)
              (V_1 \otimes V_2 \otimes \dots)^T

    Parameters
    ----------
    system : System
        With a grid, evenly spaced or not, and rows in any order.

    Attributes
    ----------
    modes : ProductModes
    n_iter : int
        1: nothing is iterated.

    References
    ----------
    Y. Saatci, "Scalable inference for structured Gaussian process models", 2011, chapter 5.
    """

    name = "kronecker"
    exact = True
    n_iter = 1

    def __init__(self, system):
        self.system = system
        self.modes = ProductModes(system.kernel, system.grid.axes)

    @staticmethod
    def why_not(system):
        """Return None, or the sentence that refuses."""
        reason = _why_no_product_grid(system)
        if reason is None and not system.grid.is_full:
            holes = system.grid.n_points - len(system.X)
            reason = (
                f"The solver 'kronecker' takes full grids; this one, of shape "
                f"{system.grid.shape}, has {holes} holes. Take 'masked_kronecker'."
            )
        if reason is None and system.weight is not None:
            reason = (
                "The solver 'kronecker' takes rows of equal weight only. Take 'masked_kronecker'."
            )
        return reason

    def with_alpha(self, alpha):
        """Return the solver of the same kernel and rows with another alpha: nothing is redone."""
        other = copy.copy(self)
        other.system = replace(self.system, alpha=alpha)
        return other

    def solve(self, y):
        """Solve for y of shape (n_samples, n_outputs): coefficients on the grid."""
        modes = self.modes.forward(self.system.grid.scatter(y))
        return self.modes.backward(modes / self._values())

    def predict(self, coefficients, X):
        """Predict at rows of X: an array of shape (n_rows, n_outputs)."""
        return contract_at(self._axis_kernel, coefficients, X)

    def variance(self, X):
        """Return the posterior variance of the function at rows of X, in units of k(0)."""

        def squares(axis, x):
            return (self._axis_kernel(axis, x) @ self.modes.axis_vectors[axis]) ** 2

        return np.maximum(1 - contract_at(squares, 1 / self._values()[None], X)[:, 0], 0)

    def log_determinant(self):
        """Return log det(K + alpha)."""
        return float(np.log(self._values()).sum())

    def dual(self, y):
        """Return (K + alpha)^-1 y, rows in X's order."""
        return self.system.grid.gather(self.solve(y))

    def inverse_diagonal(self):
        """Return the diagonal of (K + alpha)^-1, rows in X's order."""
        squares = [vectors**2 for vectors in self.modes.axis_vectors]
        return self.system.grid.gather(contract(1 / self._values()[None], squares))[:, 0]

    def eigenbasis(self, y):
        """Return the system of y of shape (n_samples, n_outputs) as numbers along the modes."""
        components = self.modes.forward(self.system.grid.scatter(y))
        power = np.square(components).reshape(len(components), -1).T
        return Eigenbasis(self.modes.values.ravel(), power, n_samples=len(y))

    def _values(self):
        return self.modes.values + self.system.alpha

    def _axis_kernel(self, axis, x):
        axes = self.system.grid.axes
        return axis_matrix(self.system.kernel, axis, len(axes), x, axes[axis])


class MaskedKronecker:
    r"""A product kernel on a grid with holes or weights: conjugate gradients over its modes.

    The eigenvectors of the whole grid, one decomposition for each axis, make the product with the
    kernel and nearly diagonalise the system of the rows: see `MaskedModes`.

    Parameters
    ----------
    system : System
        With a grid, evenly spaced or not, with or without holes.

    Attributes
    ----------
    n_iter : int
        Iterations of the last `solve`.
    """

    name = "masked_kronecker"
    exact = False
    n_iter = 0

    def __init__(self, system):
        self.system = system
        self.weight = weight_on_grid(system, system.grid)
        self._modes = ProductModes(system.kernel, system.grid.axes)
        self._mask()

    def with_alpha(self, alpha):
        """Return the solver with another alpha: the decompositions of the axes are shared."""
        other = copy.copy(self)
        other.system = replace(self.system, alpha=alpha)
        other._mask()
        return other

    def _mask(self):
        system = self.system
        # Modes below it move the residual by no more than a tenth of tol.
        smallest = 0.1 * system.tol * system.alpha / self.weight.max()
        modes = self._modes.larger_than(smallest)
        self.masked = MaskedModes(modes, self.weight, system.alpha, _MOST_MODES_PER_ROW)

    @staticmethod
    def why_not(system):
        """Return None, or the sentence that refuses."""
        return _why_no_product_grid(system)

    def solve(self, y):
        """Solve for y of shape (n_samples, n_outputs): coefficients on the grid.

        Warns
        -----
        ConvergenceWarning
            If `tol` is not reached within `max_iter` iterations.
        """
        system = self.system
        c, residual, self.n_iter = self.masked.solve_refined(
            system.grid.scatter(y), system.tol, system.max_iter
        )
        warn_unless_converged(residual, system.tol, self.n_iter)
        return c

    def predict(self, coefficients, X):
        """Predict at rows of X: an array of shape (n_rows, n_outputs)."""
        axes = self.system.grid.axes

        def axis_kernel(axis, x):
            return axis_matrix(self.system.kernel, axis, len(axes), x, axes[axis])

        return contract_at(axis_kernel, coefficients, X)

    def variance(self, X):
        """Return the posterior variance of the function at rows of X, a solve for each.

        Raises
        ------
        ValueError
            If X has over a thousand rows.
        """
        return variance_by_solving(self, X)


def contract_at(axis_factors, array, X):
    """Contract an array on the grid with a product function of each row of X.

    Parameters
    ----------
    axis_factors : callable
        (axis, coordinates along it) to the factors, shape (n_coordinates, n_axis).
    array : ndarray of shape (n, n_1, n_2, ...)
    X : ndarray of shape (n_rows, n_features)
        Where it is a grid itself, the work is done axis by axis; else in blocks of rows.

    Returns
    -------
    ndarray of shape (n_rows, n)
    """
    grid = find_grid(X)
    if grid is not None:
        factors = [axis_factors(axis, x) for axis, x in enumerate(grid.axes)]
        return grid.gather(contract(array, factors))
    rows_a_block = max(1, _BLOCK * array.shape[-1] // max(array.size, 1))
    out = np.empty((len(X), len(array)))
    for rows in gen_batches(len(X), rows_a_block):
        factors = [axis_factors(axis, x) for axis, x in enumerate(X[rows].T)]
        out[rows] = contract_rows(array, factors)
    return out


def _why_no_product_grid(system):
    grid, kernel = system.grid, system.kernel
    if grid is None:
        return (
            "A Kronecker solver takes rows that form a grid, no two of them alike; these do not. "
            "Take 'nufft', 'cholesky' or 'cg'."
        )
    # In one dimension every kernel is a product.
    if not (getattr(kernel, "product", False) or len(grid.axes) == 1):
        return (
            f"A Kronecker solver takes kernels that are products over the axes (Gaussian, Uniform, "
            f"Laplace, Cauchy); {kernel!r} is none. Take 'toeplitz' on an evenly spaced grid, else "
            f"'nufft', 'cholesky' or 'cg'."
        )
    longest = max(grid.shape)
    if longest > _LONGEST_AXIS:
        return (
            f"A Kronecker solver decomposes a dense matrix for each axis, and takes axes of up to "
            f"{_LONGEST_AXIS} points; this grid has one of {longest}, whose matrix would take "
            f"{8e-9 * longest**2:.1f} GB. Take 'toeplitz' on an evenly spaced grid, else 'nufft'."
        )
    return None
