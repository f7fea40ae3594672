r"""A kernel matrix in an orthogonal basis, :math:`K = V \Lambda V^T`."""

import copy
import functools
import math
from abc import ABC, abstractmethod

import numpy as np


class Eigenvectors(ABC):
    """An orthogonal basis in which a matrix is diagonal, or nearly so.

    Attributes
    ----------
    values : ndarray of shape `modes`
        The eigenvalues; none is negative.
    """

    values: np.ndarray

    @abstractmethod
    def forward(self, array):
        """Apply V^T: (n, *points) to (n, *modes)."""

    @abstractmethod
    def backward(self, array):
        """Apply V: (n, *modes) to (n, *points)."""


class DenseEigenvectors(Eigenvectors):
    """The eigenvectors of any symmetric matrix.

    Parameters
    ----------
    matrix : ndarray of shape (n, n)

    Attributes
    ----------
    values : ndarray of shape (n,)
    least_ratio : float
        Least eigenvalue over the largest, before the negative ones were set to 0.
    """

    def __init__(self, matrix):
        import torch  # noqa: PLC0415 (skfourier's import stays light)

        # torch's: the OpenBLAS that comes with SciPy crashes on large matrices.
        values, vectors = torch.linalg.eigh(torch.from_numpy(matrix))
        values, self.vectors = values.numpy(), vectors.numpy()
        self.least_ratio = values[0] / max(values[-1], np.finfo(float).tiny)
        # Rounding makes the smallest eigenvalues negative.
        self.values = np.maximum(values, 0)

    def forward(self, array):
        """Apply V^T: (n, n_rows) to (n, n_rows)."""
        return array @ self.vectors

    def backward(self, array):
        """Apply V: (n, n_rows) to (n, n_rows)."""
        return array @ self.vectors.T


class ProductEigenvectors(Eigenvectors):
    r"""The eigenvectors of a product kernel: one small decomposition for each axis, exact.

    .. math:: K = K_1 \otimes K_2 \otimes \dots, \qquad
              \Lambda = \Lambda_1 \otimes \Lambda_2 \otimes \dots

    Parameters
    ----------
    kernel : Kernel
        A product of one function an axis, k(0) = 1.
    axes : tuple of ndarray
        The coordinates along each axis, evenly spaced or not.

    Attributes
    ----------
    values : ndarray of shape (n_modes_1, n_modes_2, ...)
    axis_values : list of ndarray of shape (n_modes_j,)
    axis_vectors : list of ndarray of shape (n_points_j, n_modes_j)
    least_ratio : float
        Least eigenvalue of an axis over its largest, before the negative ones were set to 0.
    """

    def __init__(self, kernel, axes):
        matrices = [axis_matrix(kernel, j, len(axes), x, x) for j, x in enumerate(axes)]
        pairs = [np.linalg.eigh(matrix) for matrix in matrices]
        self.least_ratio = min(values[0] / values[-1] for values, _ in pairs)
        # Rounding makes the smallest eigenvalues negative.
        self.axis_values = [np.maximum(values, 0) for values, _ in pairs]
        self.axis_vectors = [vectors for _, vectors in pairs]
        self.values = functools.reduce(np.multiply.outer, self.axis_values)

    def larger_than(self, smallest):
        """Leave out those of an axis that take part in no eigenvalue as large as `smallest`."""
        largest = [values.max() for values in self.axis_values]
        kept = [
            values * (math.prod(largest) / top) >= smallest
            for values, top in zip(self.axis_values, largest, strict=True)
        ]
        other = copy.copy(self)
        other.axis_values = [v[keep] for v, keep in zip(self.axis_values, kept, strict=True)]
        other.axis_vectors = [v[:, keep] for v, keep in zip(self.axis_vectors, kept, strict=True)]
        other.values = functools.reduce(np.multiply.outer, other.axis_values)
        return other

    def forward(self, array):
        """Apply V^T: (n, *points) to (n, *modes)."""
        return contract(array, [vectors.T for vectors in self.axis_vectors])

    def backward(self, array):
        """Apply V: (n, *modes) to (n, *points)."""
        return contract(array, self.axis_vectors)


def axis_matrix(kernel, axis, n_axes, x, y):
    """Evaluate a product kernel's factor of one axis between coordinates x and y along it."""
    lag = np.zeros((len(x), len(y), n_axes))
    lag[..., axis] = np.subtract.outer(x, y)
    return kernel.evaluate(lag)


def contract(array, matrices):
    """Apply a matrix along each axis but the first.

    Parameters
    ----------
    array : ndarray of shape (n, n_1, n_2, ...)
    matrices : list of ndarray of shape (m_j, n_j)

    Returns
    -------
    ndarray of shape (n, m_1, m_2, ...)
    """
    for axis, matrix in enumerate(matrices, start=1):
        before, after = array.shape[:axis], array.shape[axis + 1 :]
        if after:
            array = matrix @ array.reshape(math.prod(before), matrix.shape[1], math.prod(after))
        else:  # one large product instead of many products with a vector
            array = array.reshape(math.prod(before), matrix.shape[1]) @ matrix.T
        array = array.reshape(*before, len(matrix), *after)
    return array


def contract_rows(array, factors):
    """Contract every axis but the first with vectors, one set of them for each row.

    Parameters
    ----------
    array : ndarray of shape (n, n_1, n_2, ...)
    factors : list of ndarray of shape (n_rows, n_j)

    Returns
    -------
    ndarray of shape (n_rows, n)
    """
    *others, last = factors
    array = array @ last.T
    for factor in reversed(others):
        array = np.einsum("...jr,rj->...r", array, factor)
    return array.T
