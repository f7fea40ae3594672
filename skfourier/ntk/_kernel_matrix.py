"""Functions of a kernel matrix: by the structure of the rows, not by its entries.

Four classes with one interface. Arrays of outputs on the rows are laid out as each class likes
(`scatter`, `gather`); `apply` evaluates functions of the matrix, given as functions of its
eigenvalues, and `predict` multiplies coefficients by the kernel at other rows.
"""

import math

import numpy as np
from scipy.sparse.linalg import LinearOperator, eigsh
from sklearn.utils import gen_batches

from skfourier.grids import find_grid
from skfourier.ntk._chebyshev import apply_polynomials, chebyshev_coefficients
from skfourier.solvers._kronecker import Kronecker
from skfourier.solvers._system import System
from skfourier.solvers._toeplitz import Toeplitz

# LAPACK's eigendecomposition holds the matrix, a copy that becomes the eigenvectors, its workspace
# of two more, and one that torch makes: 12,689 rows.
_MATRICES, _MOST_BYTES = 5, 6 * 2**30
# So few rows are decomposed densely, exact, in the time that others set up.
_FEW_ROWS = 1024
# Numbers that a block of the kernel between test and training rows holds: 64 MiB.
_BLOCK = 2**23
# Largest eigenvalue: relative accuracy, and by how much polynomials reach beyond it.
_EIGENVALUE_TOL, _MARGIN = 1e-9, 1e-6
# Smallest eigenvalue, of an iteration: relative to the largest.
_SMALLEST_TOL = 1e-4


def kernel_matrix(kernel, X, tol):
    """Choose how functions of a kernel's matrix are evaluated.

    1. A full grid and a product kernel: one eigendecomposition an axis.
    2. Up to 1,024 rows: a dense eigendecomposition.
    3. An even grid, full or not, and a stationary kernel: polynomials, products by FFT.
    4. Else a dense eigendecomposition, if it fits.

    Parameters
    ----------
    kernel : sklearn.gaussian_process.kernels.Kernel
    X : ndarray of shape (n_samples, n_features)
        float64 or float32: rows off a grid by the rounding of that are on it.
    tol : float or None
        Error of functions that are approximated; None asks for eigenvalues and approximates none.

    Returns
    -------
    ProductGridMatrix, EvenGridMatrix or DenseMatrix

    Raises
    ------
    ValueError
        If no structure is found and the dense matrices do not fit; or if the kernel is not
        positive semidefinite on the rows.
    """
    rounding, X = np.finfo(X.dtype).eps * np.abs(X).max(axis=0), X.astype(float)
    if kernel.is_stationary() and hasattr(kernel, "evaluate"):
        # Differences of coordinates near the origin keep their digits.
        origin = X.min(axis=0)
        grid = find_grid(X - origin, rounding=rounding)
        system = System(kernel, X - origin, alpha=1.0, grid=grid)  # nothing is solved with alpha
        if Kronecker.why_not(system) is None:
            return ProductGridMatrix(system, origin)
        if tol is not None and len(X) > _FEW_ROWS and Toeplitz.why_not(system) is None:
            return EvenGridMatrix(system, origin, tol)
    check_fits(len(X))
    return DenseMatrix(kernel(X), lambda X_test: kernel(X_test, X))


class DenseMatrix:
    """Any matrix, decomposed.

    Parameters
    ----------
    matrix : ndarray of shape (n, n)
    cross : callable
        X_test to the kernel between its rows and those of the matrix.

    Attributes
    ----------
    eigenvalues : ndarray of shape (n,)
    largest : float
        The largest of them.
    """

    method = "dense"

    def __init__(self, matrix, cross):
        import torch  # noqa: PLC0415 (skfourier's import stays light)

        rounding = len(matrix) * np.finfo(matrix.dtype).eps
        _check_symmetric(matrix)
        matrix = np.asarray(matrix, dtype=float)
        # torch's: the OpenBLAS that comes with SciPy crashes on large matrices.
        values, vectors = (part.numpy() for part in torch.linalg.eigh(torch.from_numpy(matrix)))
        _check_semidefinite(values[0] / max(values[-1], np.finfo(float).tiny), rounding)
        self.eigenvalues, self.vectors = np.maximum(values, 0), vectors
        self.largest = float(self.eigenvalues[-1])
        self._cross = cross

    def scatter(self, rows):
        """Lay out (n, n_outputs) as (n_outputs, n)."""
        return rows.T

    def gather(self, array):
        """Turn (n_functions, n_outputs, n) into (n_functions, n, n_outputs)."""
        return array.swapaxes(1, 2)

    def forward(self, array):
        """Apply the transposed eigenvectors: (n_outputs, n) to (n_outputs, n)."""
        return array @ self.vectors

    def apply(self, function, array):
        """Apply functions of the matrix: (n_outputs, n) to (n_functions, n_outputs, n).

        Parameters
        ----------
        function : callable
            Eigenvalues of shape (m,) to values of shape (n_functions, m).
        array : ndarray of shape (n_outputs, n)
        """
        modes = function(self.eigenvalues)[:, None] * self.forward(array)
        return (modes.reshape(-1, modes.shape[-1]) @ self.vectors.T).reshape(modes.shape)

    def predict(self, coefficients, X):
        """Evaluate at the rows of X: (n_functions, n_rows, n_outputs)."""
        n_functions, n_outputs, n = coefficients.shape
        flat, values = coefficients.reshape(-1, n).T, np.empty((len(X), n_functions * n_outputs))
        for rows in gen_batches(len(X), max(1, _BLOCK // n)):
            values[rows] = self._cross(X[rows]) @ flat
        return np.moveaxis(values.reshape(len(X), n_functions, n_outputs), 0, 1)


class CoupledMatrix(DenseMatrix):
    """A matrix between all pairs of rows and outputs, the outputs of a row side by side.

    Parameters
    ----------
    matrix : ndarray of shape (n * n_outputs, n * n_outputs)
    cross : callable
        X_test to the kernel between its rows' outputs and those of the matrix.
    scale : ndarray of shape (n_outputs,)
        The matrix is that of outputs divided by these.
    """

    def __init__(self, matrix, cross, scale):
        super().__init__(matrix, cross)
        self.scale = scale.astype(float)

    def scatter(self, rows):
        """Lay out (n, n_outputs) as (1, n * n_outputs)."""
        return (rows / self.scale).reshape(1, -1)

    def gather(self, array):
        """Turn (n_functions, 1, n * n_outputs) into (n_functions, n, n_outputs)."""
        return array.reshape(len(array), -1, len(self.scale)) * self.scale

    def predict(self, coefficients, X):
        """Evaluate at the rows of X: (n_functions, n_rows, n_outputs)."""
        n_rows = max(1, _BLOCK // coefficients.shape[-1] // len(self.scale))
        blocks = [
            coefficients[:, 0] @ self._cross(X[rows]).T for rows in gen_batches(len(X), n_rows)
        ]
        return self.gather(np.concatenate(blocks, axis=1))


class GridMatrix:
    """Rows on a grid: arrays are laid out on it, and a solver evaluates them at other rows.

    Parameters
    ----------
    solver : Kronecker or Toeplitz
    grid : Grid
    origin : ndarray of shape (n_features,)
        What has been subtracted from the rows.
    """

    def __init__(self, solver, grid, origin):
        self.solver, self.grid, self.origin = solver, grid, origin

    def scatter(self, rows):
        """Lay out (n, n_outputs) as (n_outputs, *points), zero in the holes."""
        return self.grid.scatter(rows)

    def gather(self, array):
        """Turn (n_functions, n_outputs, *points) into (n_functions, n, n_outputs)."""
        return _unflatten(self.grid.gather(_flatten(array)), array)

    def predict(self, coefficients, X):
        """Evaluate at the rows of X: (n_functions, n_rows, n_outputs)."""
        values = self.solver.predict(_flatten(coefficients), X - self.origin)
        return _unflatten(values, coefficients)


class ProductGridMatrix(GridMatrix):
    """A product kernel on a full grid: the Kronecker product of a small matrix for each axis.

    Parameters
    ----------
    system : System
    origin : ndarray of shape (n_features,)

    Attributes
    ----------
    eigenvalues : ndarray of shape (n,)
    largest : float
        The largest of them.
    """

    method = "kronecker"

    def __init__(self, system, origin):
        solver = Kronecker(system)
        super().__init__(solver, system.grid, origin)
        self.modes = solver.modes
        rounding = max(system.grid.shape) * np.finfo(float).eps
        _check_semidefinite(self.modes.least_ratio, rounding)
        self.eigenvalues = self.modes.values.ravel()
        self.largest = float(self.eigenvalues.max())

    def forward(self, array):
        """Apply the transposed eigenvectors: (n_outputs, *points) to (n_outputs, n)."""
        return self.modes.forward(array).reshape(len(array), -1)

    def apply(self, function, array):
        """Apply functions of the matrix: to (n_functions, n_outputs, *points)."""
        modes = function(self.eigenvalues)[:, None] * self.forward(array)
        points = self.modes.backward(modes.reshape(-1, *self.modes.values.shape))
        return points.reshape(*modes.shape[:2], *points.shape[1:])


class EvenGridMatrix(GridMatrix):
    """A stationary kernel on an even grid, full or not: polynomials of it, products by FFT.

    Parameters
    ----------
    system : System
    origin : ndarray of shape (n_features,)
    tol : float
        Error of the functions, relative to what they are applied to.

    Attributes
    ----------
    largest : float
        The largest eigenvalue.
    """

    method = "toeplitz"

    def __init__(self, system, origin, tol):
        solver = Toeplitz(system)
        super().__init__(solver, solver.grid, origin)
        self.tol, self._is_row = tol, solver.weight > 0
        self.largest = self._extreme_eigenvalue(1.0, 0.0, _EIGENVALUE_TOL)
        # What is lacking to the largest is largest for the smallest.
        gap = self._extreme_eigenvalue(-1.0, self.largest, _SMALLEST_TOL)
        smallest = (self.largest - gap) / max(self.largest, np.finfo(float).tiny)
        _check_semidefinite(smallest, len(system.X) * np.finfo(float).eps)

    def apply(self, function, array):
        """Apply functions of the matrix, of size 1: to (n_functions, n_outputs, *points)."""
        upper = self.largest * (1 + _MARGIN)
        coefficients = chebyshev_coefficients(function, upper, self.tol)
        return apply_polynomials(coefficients, upper, self._product, array)

    def _product(self, array):
        return np.where(self._is_row, self.solver.convolution(array), 0)

    def _extreme_eigenvalue(self, factor, shift, tol):
        """Return the largest eigenvalue of factor * K + shift on the rows."""
        is_row, n = self._is_row, np.count_nonzero(self._is_row)

        def matvec(rows):
            array = np.zeros(is_row.shape)
            array[is_row] = rows.ravel()
            return factor * self.solver.convolution(array[None])[0][is_row] + shift * rows.ravel()

        operator = LinearOperator((n, n), matvec=matvec, dtype=float)
        start = np.random.default_rng(0).normal(size=n)
        return float(
            eigsh(operator, k=1, which="LA", v0=start, tol=tol, return_eigenvectors=False)[0]
        )


def _flatten(array):
    """View (n_functions, n_outputs, *points) as (n_functions * n_outputs, *points)."""
    return array.reshape(-1, *array.shape[2:])


def _unflatten(rows, array):
    """Turn (n, n_functions * n_outputs) into (n_functions, n, n_outputs), counted by `array`."""
    return np.moveaxis(rows.reshape(len(rows), *array.shape[:2]), 0, 1)


def check_fits(n_rows):
    """Raise ValueError if dense matrices of so many rows do not fit."""
    n_bytes = 8 * _MATRICES * n_rows**2
    if n_bytes > _MOST_BYTES:
        most = math.isqrt(_MOST_BYTES // (8 * _MATRICES))
        raise ValueError(
            f"The eigendecomposition of a kernel matrix of {n_rows:,} rows takes "
            f"{n_bytes * 1e-9:.1f} GB, more than the {_MOST_BYTES * 1e-9:.1f} GB that are allowed. "
            f"Take at most {most:,} rows, or rows on a full grid, where a product kernel takes no "
            f"such matrix (predict_training on an even grid neither, with any stationary kernel)."
        )


def _check_symmetric(matrix):
    """Raise if the matrix is not finite, or not symmetric: half of it is all that LAPACK reads."""
    rounding = math.sqrt(np.finfo(matrix.dtype).eps)
    if not (
        np.all(np.isfinite(matrix))
        and np.abs(matrix - matrix.T).max() <= rounding * np.abs(matrix).max()
    ):
        raise ValueError(
            "The kernel is not finite and symmetric on these rows, k(x, x') = k(x', x). Gradient "
            "descent has no such kernel; take another one."
        )


def _check_semidefinite(smallest, rounding):
    """Raise if an eigenvalue, relative to the largest, is negative beyond rounding."""
    # Arc cosines near 1 lose half of the digits.
    if smallest < -max(rounding, math.sqrt(np.finfo(float).eps)):
        raise ValueError(
            f"The kernel is not positive semidefinite on these rows: its least eigenvalue is "
            f"{smallest:.1e} times its largest. Gradient descent has no such kernel; take another "
            f"one, or its parameters from where it is a kernel."
        )
