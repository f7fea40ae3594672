"""The matrix of a stationary kernel on an evenly spaced grid: a convolution, done by FFT."""

import math
from functools import cached_property

import numpy as np

from skfourier._solvers._convolution import Convolution
from skfourier._solvers._cosines import CosineEigenvectors
from skfourier._solvers._kernel_matrix import DenseMatrix, GridMatrix

# Points of the circulant embedding; in float64 an array of them is 1 GiB, and a fit holds about
# six for each output, a prediction as many.
_MAX_POINTS = 2**27
# A lag of a convolution costs about as much as this many entries of a dense kernel matrix.
_COST_OF_LAG = 4


class ToeplitzMatrix(GridMatrix):
    """Any stationary kernel on an evenly spaced grid. Missing rows are holes, which hold zeros.

    Parameters
    ----------
    kernel : Kernel
    X : ndarray of shape (n_samples, n_features)
    grid : Grid
        Evenly spaced, missing lines put in.
    """

    def __init__(self, kernel, X, grid):
        self.kernel, self.X, self.grid = kernel, X, grid

    @staticmethod
    def why_not(grid):
        """Return None if the problem has such a matrix, else a sentence that says why not.

        Parameters
        ----------
        grid : Grid or None
            Evenly spaced.
        """
        if grid is None:
            return (
                "The solver 'toeplitz' takes rows that form an evenly spaced grid with few holes, "
                "no two of them alike; these do not."
            )
        n_points = math.prod(2 * n for n in grid.shape)
        if n_points > _MAX_POINTS:
            return (
                f"The solver 'toeplitz' needs FFTs of {n_points} points on a grid of shape "
                f"{grid.shape}, {8e-9 * n_points:.1f} GB an array; it takes at most {_MAX_POINTS}."
            )
        return None

    @cached_property
    def is_row(self):
        """Mask of the points of the grid that are rows, an array of its shape."""
        return self.grid.scatter(np.ones((len(self.X), 1)))[0] > 0

    @cached_property
    def cosines(self):
        """The cosines, with the eigenvalues that come nearest on the whole grid."""
        return CosineEigenvectors(self._lags)

    def __matmul__(self, array):
        """Multiply by K, from the rows to the rows."""
        product = self._convolution(array)
        return product if self.grid.is_full else np.where(self.is_row, product, 0)

    def cross(self, array, X):
        """Multiply by the kernel between X and the rows: to (len(X), n_outputs).

        Rows that lie on the grid, or on a copy of it that is shifted by a fraction of the spacing
        (pixels of an image of twice the resolution lie on four), are one convolution for each
        shift; the others are done by dense products in blocks.
        """
        out = np.empty((len(X), len(array)))
        steps = self._in_steps(X)
        dense = np.ones(len(X), dtype=bool)
        for rows, shift in self._shifted_copies(steps):
            places = np.rint(steps[rows] - shift).astype(int)
            low = places.min(axis=0)
            counts = tuple((places.max(axis=0) - low + 1).tolist())
            lags = self._kernel_at_lags(shift + low, counts)
            values = Convolution(lags, self.grid.shape)(array)
            out[rows] = values[(slice(None), *(places - low).T)].T
            dense[rows] = False
        if dense.any():
            rows = self.grid.gather(array)
            out[dense] = DenseMatrix(self.kernel, self.X).cross(rows.T, X[dense])
        return out

    @cached_property
    def _lags(self):
        return self._kernel_at_lags()

    @cached_property
    def _convolution(self):
        return Convolution(self._lags, self.grid.shape)

    def _kernel_at_lags(self, low=0, counts=None):
        """Evaluate the kernel between a copy of the grid and the grid, at all lags there are.

        Parameters
        ----------
        low : ndarray of shape (n_features,) or 0, default=0
            Place of the copy's first point, in steps of the grid.
        counts : tuple of int or None, default=None
            Points of the copy along each axis; those of the grid if None.

        Returns
        -------
        ndarray
            Along each axis from the copy's first point less the grid's last one upwards.
        """
        shape = self.grid.shape
        counts, low = counts or shape, np.broadcast_to(low, len(shape))
        axes = [
            (first + np.arange(1 - n, count)) * step
            for first, n, count, step in zip(low, shape, counts, self.grid.spacing(), strict=True)
        ]
        return self.kernel.evaluate(np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1))

    def _in_steps(self, X):
        """Express coordinates in steps of the grid from its first point."""
        first = np.array([axis[0] for axis in self.grid.axes])
        return (X - first) / self.grid.spacing()

    def _shifted_copies(self, steps):
        """Yield rows that lie on one shifted copy of the grid, and its shift in steps.

        Rows are left out where dense products cost less than a convolution: those on a copy with
        few others, and those farther from the grid than it is long.
        """
        shape = np.array(self.grid.shape)
        near = np.flatnonzero(((steps > -shape) & (steps < 2 * shape)).all(1))
        steps, shares = steps[near], self.grid.rounding_in_steps()
        cells = np.rint((steps - np.floor(steps)) / shares)
        # A shift of a whole step is none.
        cells = np.where(cells * shares >= 1 - shares / 2, 0, cells)
        _, copies, sizes = np.unique(cells, axis=0, return_inverse=True, return_counts=True)
        order = np.argsort(copies, kind="stable")
        ends = np.cumsum(sizes)
        # A convolution evaluates as many lags as the grid has points, and more.
        enough = _COST_OF_LAG * self.grid.n_points / len(self.X)
        for copy in np.flatnonzero(sizes > enough):
            rows = order[ends[copy] - sizes[copy] : ends[copy]]
            shift = (steps[rows] - np.rint(steps[rows] - steps[rows[0]])).mean(axis=0)
            extent = np.ptp(np.rint(steps[rows] - shift), axis=0)
            if len(rows) * len(self.X) > _COST_OF_LAG * np.prod(extent + shape):
                yield near[rows], shift
