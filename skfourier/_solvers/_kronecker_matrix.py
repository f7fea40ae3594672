"""The matrix of a product kernel on a grid: a Kronecker product of one small matrix per axis."""

from functools import cached_property

import numpy as np

from skfourier._blocks import row_blocks
from skfourier._solvers._eigenvectors import (
    ProductEigenvectors,
    axis_matrix,
    contract,
    contract_rows,
)
from skfourier._solvers._kernel_matrix import GridMatrix
from skfourier.grids import find_grid

# The eigendecomposition of an axis of that length takes about a minute, and 0.5 GB.
_MAX_AXIS_LENGTH = 4096


class KroneckerMatrix(GridMatrix):
    """A product kernel on a grid, evenly spaced or not. Holes hold zeros.

    Parameters
    ----------
    kernel : Kernel
    grid : Grid

    Attributes
    ----------
    eigenvectors : ProductEigenvectors
        Of the matrix of the whole grid.
    """

    def __init__(self, kernel, grid):
        self.kernel, self.grid = kernel, grid

    @staticmethod
    def why_not(problem):
        """Return None if the problem has such a matrix, else a sentence that says why not."""
        grid, kernel = problem.grid, problem.kernel
        if grid is None:
            return (
                "A Kronecker solver takes rows that form a grid, no two of them alike; these do "
                "not."
            )
        # In one dimension every kernel is a product.
        if not (getattr(kernel, "product", False) or len(grid.axes) == 1):
            return (
                f"A Kronecker solver takes kernels that are products over the axes (Gaussian, "
                f"Uniform, Laplace, Cauchy); {kernel!r} is not one."
            )
        longest = max(grid.shape)
        if longest > _MAX_AXIS_LENGTH:
            return (
                f"A Kronecker solver decomposes a dense matrix for each axis, and takes axes of up "
                f"to {_MAX_AXIS_LENGTH} points; this grid has one of {longest}, whose matrix would "
                f"take {8e-9 * longest**2:.1f} GB."
            )
        return None

    @cached_property
    def eigenvectors(self):
        """The eigenvectors of the whole grid's matrix."""
        return ProductEigenvectors(self.kernel, self.grid.axes)

    def __matmul__(self, array):
        """Multiply by the matrix of the whole grid."""
        basis = self.eigenvectors
        return basis.backward(basis.values * basis.forward(array))

    def cross(self, array, X):
        """Multiply by the kernel between X and the grid: to (len(X), n_outputs)."""
        return contract_at(self.axis_kernel, array, X)

    def axis_kernel(self, axis, x):
        """Evaluate the factor of one axis between coordinates x and those of the grid."""
        axes = self.grid.axes
        return axis_matrix(self.kernel, axis, len(axes), x, axes[axis])


def contract_at(axis_factors, array, X):
    """Contract an array on the grid with a product function of each row of X.

    Parameters
    ----------
    axis_factors : callable
        (axis, coordinates along it) to the factors, shape (n_coordinates, n_axis).
    array : ndarray of shape (n, n_1, n_2, ...)
    X : ndarray of shape (n_rows, n_features)
        If it is a grid itself, the work is done axis by axis; else in blocks of rows.

    Returns
    -------
    ndarray of shape (n_rows, n)
    """
    grid = find_grid(X)
    if grid is not None:
        factors = [axis_factors(axis, x) for axis, x in enumerate(grid.axes)]
        return grid.gather(contract(array, factors))
    out = np.empty((len(X), len(array)))
    for rows in row_blocks(len(X), 8 * max(array.size // max(array.shape[-1], 1), 1)):
        factors = [axis_factors(axis, x) for axis, x in enumerate(X[rows].T)]
        out[rows] = contract_rows(array, factors)
    return out
