"""Functions of a kernel matrix, by the structure of the rows and not by its entries."""

import math
from abc import ABC, abstractmethod

import numpy as np
from scipy.sparse.linalg import LinearOperator, eigsh

from skfourier._blocks import row_blocks
from skfourier._solvers._choice import choose_solver
from skfourier._solvers._eigenvectors import DenseEigenvectors
from skfourier._solvers._kernel_matrix import DenseMatrix
from skfourier._solvers._problem import Problem
from skfourier.ntk._chebyshev import apply_polynomials, chebyshev_coefficients

# LAPACK's eigendecomposition holds the matrix, a copy that becomes the eigenvectors, its workspace
# of two more, and one that torch makes: 12,689 rows.
_MATRICES, _MAX_BYTES = 5, 6 * 2**30
# Largest eigenvalue: relative accuracy, and by how much polynomials reach beyond it.
_EIGENVALUE_TOL, _MARGIN = 1e-9, 1e-6
# Smallest eigenvalue, of an iteration: relative to the largest.
_SMALLEST_TOL = 1e-4


def kernel_functions(kernel, X, tol):
    """Choose how functions of a kernel's matrix are evaluated.

    By the decision tree of the solvers, `choose_solver`: one eigendecomposition for each axis of a
    full grid, polynomials with products by FFT on an even grid, or a dense eigendecomposition.

    Parameters
    ----------
    kernel : sklearn.gaussian_process.kernels.Kernel
    X : ndarray of shape (n_samples, n_features)
        float64 or float32: rows off a grid by the rounding of that are on it.
    tol : float or None
        Error of functions that are approximated; None asks for eigenvalues and approximates none.

    Returns
    -------
    EigenvectorFunctions or PolynomialFunctions

    Raises
    ------
    ValueError
        If no structure is found and the dense matrices do not fit; or if the kernel is not
        positive semidefinite on the rows.
    """
    name, origin = "cholesky", np.zeros(X.shape[1])
    if kernel.is_stationary() and hasattr(kernel, "evaluate"):
        # Nothing is solved: alpha does not matter.
        problem = Problem.of(kernel, X, np.zeros((len(X), 0)), alpha=1.0)
        among = {"kronecker", "cholesky", "cg"} | ({"toeplitz"} if tol is not None else set())
        solver = choose_solver(problem, among=among)
        name, origin = solver.name, problem.origin
    if name == "kronecker":
        rounding = max(problem.grid.shape) * np.finfo(float).eps
        return EigenvectorFunctions(name, solver.matrix, solver.eigenvectors, rounding, origin)
    if name == "toeplitz":
        return PolynomialFunctions(name, solver.matrix, tol, origin)
    check_fits(len(X))
    X = X.astype(float)
    return dense_functions(DenseMatrix(kernel, X), kernel(X))


def dense_functions(operator, matrix):
    """Return the functions of a dense matrix, which `operator` multiplies by.

    Raises
    ------
    ValueError
        If it is not finite, symmetric and positive semidefinite.
    """
    rounding = len(matrix) * np.finfo(matrix.dtype).eps
    _check_symmetric(matrix)
    eigenvectors = DenseEigenvectors(np.asarray(matrix, dtype=float))
    return EigenvectorFunctions("dense", operator, eigenvectors, rounding)


class MatrixFunctions(ABC):
    """Functions of a kernel matrix, and its product with coefficients at other rows.

    Parameters
    ----------
    method : {"dense", "kronecker", "toeplitz"}
    matrix : KernelMatrix
    origin : ndarray of shape (n_features,) or float, default=0.0
        What has been subtracted from the rows.

    Attributes
    ----------
    largest : float
        The largest eigenvalue.
    """

    largest: float

    def __init__(self, method, matrix, origin=0.0):
        self.method, self.matrix, self.origin = method, matrix, origin

    @abstractmethod
    def apply(self, function, array):
        """Apply functions of the matrix: (n_outputs, *shape) to (n_functions, n_outputs, *shape).

        Parameters
        ----------
        function : callable
            Eigenvalues of shape (m,) to values of shape (n_functions, m).
        array : ndarray of shape (n_outputs, *shape)
        """

    def scatter(self, rows):
        """Lay out (n, n_outputs) as (n_outputs, *shape)."""
        return self.matrix.scatter(rows)

    def gather(self, array):
        """Turn (n_functions, n_outputs, *shape) into (n_functions, n, n_outputs)."""
        return _unflatten(self.matrix.gather(_flatten(array)), array)

    def predict(self, coefficients, X):
        """Evaluate at the rows of X: (n_functions, n_rows, n_outputs)."""
        values = self.matrix.cross(_flatten(coefficients), X - self.origin)
        return _unflatten(values, coefficients)


class EigenvectorFunctions(MatrixFunctions):
    """Functions of a matrix whose eigenvectors are known.

    Parameters
    ----------
    method, matrix, origin
        As of `MatrixFunctions`.
    eigenvectors : Eigenvectors
    rounding : float
        Size of negative eigenvalues, relative to the largest, that are rounding.

    Attributes
    ----------
    eigenvalues : ndarray of shape (n,)
    """

    def __init__(self, method, matrix, eigenvectors, rounding, origin=0.0):
        super().__init__(method, matrix, origin)
        _check_semidefinite(eigenvectors.least_ratio, rounding)
        self.eigenvectors = eigenvectors
        self.eigenvalues = eigenvectors.values.ravel()
        self.largest = float(self.eigenvalues.max())

    def forward(self, array):
        """Apply the transposed eigenvectors: (n_outputs, *shape) to (n_outputs, n)."""
        return self.eigenvectors.forward(array).reshape(len(array), -1)

    def apply(self, function, array):
        """Apply functions of the matrix: to (n_functions, n_outputs, *shape)."""
        components = function(self.eigenvalues)[:, None] * self.forward(array)
        array = self.eigenvectors.backward(components.reshape(-1, *self.eigenvectors.values.shape))
        return array.reshape(*components.shape[:2], *array.shape[1:])


class PolynomialFunctions(MatrixFunctions):
    """Functions of a matrix that is known by its products: polynomials of it.

    Parameters
    ----------
    method, matrix, origin
        As of `MatrixFunctions`.
    tol : float
        Error of the functions, relative to what they are applied to.
    """

    def __init__(self, method, matrix, tol, origin=0.0):
        super().__init__(method, matrix, origin)
        self.tol = tol
        self.largest = self._extreme_eigenvalue(1.0, 0.0, _EIGENVALUE_TOL)
        # What is lacking to the largest is largest for the smallest.
        gap = self._extreme_eigenvalue(-1.0, self.largest, _SMALLEST_TOL)
        smallest = (self.largest - gap) / max(self.largest, np.finfo(float).tiny)
        _check_semidefinite(smallest, len(matrix.X) * np.finfo(float).eps)

    def apply(self, function, array):
        """Apply functions of the matrix, of size 1: to (n_functions, n_outputs, *shape)."""
        upper = self.largest * (1 + _MARGIN)
        coefficients = chebyshev_coefficients(function, upper, self.tol)
        return apply_polynomials(coefficients, upper, self.matrix.__matmul__, array)

    def _extreme_eigenvalue(self, factor, shift, tol):
        """Return the largest eigenvalue of factor * K + shift on the rows."""
        matrix, n = self.matrix, len(self.matrix.X)

        def matvec(rows):
            product = matrix.gather(matrix @ matrix.scatter(rows.reshape(-1, 1)))
            return factor * product[:, 0] + shift * rows.ravel()

        operator = LinearOperator((n, n), matvec=matvec, dtype=float)
        start = np.random.default_rng(0).normal(size=n)
        return float(
            eigsh(operator, k=1, which="LA", v0=start, tol=tol, return_eigenvectors=False)[0]
        )


class CoupledMatrix(DenseMatrix):
    """A matrix between all pairs of rows and outputs, the outputs of a row side by side.

    Parameters
    ----------
    kernel : callable
        X and Y to the kernel between the outputs of their rows.
    X : ndarray of shape (n, n_features)
    scale : ndarray of shape (n_outputs,)
        The matrix is that of outputs divided by these.
    """

    def __init__(self, kernel, X, scale):
        super().__init__(kernel, X)
        self.scale = scale.astype(float)

    def scatter(self, rows):
        """Lay out (n, n_outputs) as (1, n * n_outputs)."""
        return (rows / self.scale).reshape(1, -1)

    def gather(self, array):
        """Turn (n_functions, n * n_outputs) into (n, n_functions * n_outputs)."""
        values = array.reshape(len(array), -1, len(self.scale)) * self.scale
        return np.moveaxis(values, 0, 1).reshape(values.shape[1], -1)

    def cross(self, array, X):
        """Multiply by the kernel between X and the rows: to (len(X), n_functions * n_outputs)."""
        n_outputs = len(self.scale)
        blocks = [
            array @ self.kernel(X[rows], self.X).T
            for rows in row_blocks(len(X), 8 * array.shape[-1] * n_outputs)
        ]
        return self.gather(np.concatenate(blocks, axis=1))


def _flatten(array):
    """View (n_functions, n_outputs, *shape) as (n_functions * n_outputs, *shape)."""
    return array.reshape(-1, *array.shape[2:])


def _unflatten(rows, array):
    """Turn (n, n_functions * n_outputs) into (n_functions, n, n_outputs), counted by `array`."""
    return np.moveaxis(rows.reshape(len(rows), len(array), -1), 0, 1)


def check_fits(n_rows):
    """Raise ValueError if dense matrices of so many rows do not fit."""
    n_bytes = 8 * _MATRICES * n_rows**2
    if n_bytes > _MAX_BYTES:
        most = math.isqrt(_MAX_BYTES // (8 * _MATRICES))
        raise ValueError(
            f"The eigendecomposition of a kernel matrix of {n_rows:,} rows takes "
            f"{n_bytes * 1e-9:.1f} GB, more than the {_MAX_BYTES * 1e-9:.1f} GB that are allowed. "
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
