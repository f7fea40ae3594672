"""Kernel matrices as operators: what multiplies by K, whatever the structure of the rows."""

from abc import ABC, abstractmethod
from functools import cached_property

import numpy as np

from skfourier._blocks import row_blocks
from skfourier.grids import Grid

# A matrix is kept if it is no larger, and evaluated anew in every product otherwise.
_MAX_BYTES = 2**30


class KernelMatrix(ABC):
    """The matrix K of a kernel between the rows of a problem.

    Values at the rows are laid out as the structure of the rows asks for: `scatter` and `gather`
    convert between (n_samples, n_outputs) and that layout, (n_outputs, *shape).
    """

    @abstractmethod
    def scatter(self, rows):
        """Lay out (n_samples, n_outputs) as (n_outputs, *shape)."""

    @abstractmethod
    def gather(self, array):
        """Take (n_outputs, *shape) back to (n_samples, n_outputs)."""

    @abstractmethod
    def __matmul__(self, array):
        """Multiply by K: (n_outputs, *shape) to (n_outputs, *shape)."""

    @abstractmethod
    def cross(self, array, X):
        """Multiply by the kernel between X and the rows: to (len(X), n_outputs)."""


class DenseMatrix(KernelMatrix):
    """Any kernel on any rows.

    Parameters
    ----------
    kernel : callable
        X and Y, one row a sample, to the matrix between them.
    X : ndarray of shape (n_samples, n_features)
    """

    def __init__(self, kernel, X):
        self.kernel, self.X = kernel, X

    @cached_property
    def matrix(self):
        """The matrix itself, or None where it is too large to be kept."""
        return self.kernel(self.X) if 8 * len(self.X) ** 2 <= _MAX_BYTES else None

    def scatter(self, rows):
        """Lay out (n_samples, n_outputs) as (n_outputs, n_samples)."""
        return rows.T

    def gather(self, array):
        """Take (n_outputs, n_samples) back to (n_samples, n_outputs)."""
        return array.T

    def __matmul__(self, array):
        """Multiply by K: (n_outputs, n_samples) to the same."""
        return array @ self.matrix if self.matrix is not None else self.cross(array, self.X).T

    def cross(self, array, X):
        """Multiply by the kernel between X and the rows: to (len(X), n_outputs)."""
        values = np.empty((len(X), len(array)))
        for rows in row_blocks(len(X), 8 * len(self.X)):
            values[rows] = self.kernel(X[rows], self.X) @ array.T
        return values


class GridMatrix(KernelMatrix):
    """A kernel on the points of a grid, some of which are rows. Holes hold zeros."""

    grid: Grid

    def scatter(self, rows):
        """Lay out (n_samples, n_outputs) as (n_outputs, *points), zeros in the holes."""
        return self.grid.scatter(rows)

    def gather(self, array):
        """Take (n_outputs, *points) back to (n_samples, n_outputs)."""
        return self.grid.gather(array)
