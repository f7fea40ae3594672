"""Predictions from near rows only: deviations where nothing is factorized, and means beside."""

from functools import cached_property

import numpy as np

from skfourier._blocks import row_blocks
from skfourier._solvers._conditionals import condition
from skfourier._solvers._dense_factors import Triangle
from skfourier._solvers._hierarchy import Hierarchy, blocks_of_neighbors

# So few rows are all given: 0.5 s once, and exact.
FEW_ROWS = 4096
# Points that are predicted from the same rows, where they lie close enough together.
_POINTS_PER_BLOCK = 16
# Neighbors of each level: doubled until deviations stay as they are, but no further.
_MIN_NEIGHBORS, _MAX_NEIGHBORS = 8, 64
# Changes of the deviation that are small enough, for all but a twentieth of the points tried. They
# halve with each doubling at least, so that all that are left out add up to 1 %.
_SMALL_CHANGE, _SHARE_OF_POINTS = 0.005, 0.95
_BLOCKS_TRIED = 48


class LocalPrediction:
    """The function at any point, given near rows, and some of those that lie farther off.

    What is left out hardly matters: rows in front screen it. Neighbors are doubled until nearly all
    deviations of a sample of points change by less than 0.5 %. Up to 4,096 rows all are given.

    Parameters
    ----------
    problem : Problem
        With its rows.
    """

    def __init__(self, problem):
        self.problem = problem
        self._scales = problem.kernel.scales(problem.X.shape[1]).max(axis=0)

    @cached_property
    def hierarchy(self):
        """The rows, in units of the kernel's reach."""
        return Hierarchy(self.problem.X * self._scales)

    def predict(self, X, values=None, n_neighbors=None):
        """Predict from near rows.

        Parameters
        ----------
        X : ndarray of shape (n_points, n_features)
        values : ndarray of shape (n_samples, n_outputs) or None, default=None
            Targets of mean 0; None: those of the problem.
        n_neighbors : int or None, default=None
            How many of each level; None: enough for the deviations of these points.

        Returns
        -------
        mean : ndarray of shape (n_points, n_outputs)
        variance : ndarray of shape (n_points,)
        """
        values = self.problem.centered if values is None else values
        if len(self.problem.X) <= FEW_ROWS:
            return self._given_all(X, values)
        blocks = self._blocks(X)
        if n_neighbors is None:
            n_neighbors = self.enough_neighbors(X, blocks)[0]
        return self._at_blocks(X, values, blocks, n_neighbors)

    def _given_all(self, X, values):
        problem = self.problem
        # Not kept: it may take 134 MB.
        factor = Triangle(problem.kernel(problem.X), problem.noise)
        mean, variance = np.empty((len(X), values.shape[1])), np.empty(len(X))
        coefficients = factor.solve(values)
        for part in row_blocks(len(X), 32 * len(problem.X)):
            cross = problem.kernel(problem.X, X[part])
            mean[part] = cross.T @ coefficients
            variance[part] = 1 - factor.quadratic_form(cross)
        return mean, variance

    def _blocks(self, X):
        """Cut points into blocks that are small against the distance of their neighbors."""
        scaled, blocks = X * self._scales, []
        finest = len(self.hierarchy.levels) - 1
        left, size = np.arange(len(X)), _POINTS_PER_BLOCK
        while len(left):
            large = []
            for block in blocks_of_neighbors(scaled[left], size):
                places = left[block]
                centers = scaled[places].mean(axis=1)
                near = self.hierarchy.nearest(centers, _MIN_NEIGHBORS, finest)
                reach = np.linalg.norm(self.hierarchy.X[near[:, -1]] - centers, axis=1)
                radius = np.linalg.norm(scaled[places] - centers[:, None], axis=2).max(axis=1)
                small = (radius <= reach) | (size == 1)
                blocks += list(places[small])
                large.append(places[~small].ravel())
            left, size = np.concatenate(large), size // 2
        return blocks

    def enough_neighbors(self, X, blocks=None):
        """Double the neighbors until the deviations of a sample of blocks stay as they are.

        Parameters
        ----------
        X : ndarray of shape (n_points, n_features)
        blocks : list of ndarray or None, default=None
            Of the places of X; None cuts them.

        Returns
        -------
        n_neighbors : int
        change : float
            The most that a mean changes with twice as many, in deviations of y.
        """
        blocks = self._blocks(X) if blocks is None else blocks
        tried = np.random.default_rng(0).permutation(len(blocks))[:_BLOCKS_TRIED]
        some = [blocks[place] for place in tried]
        rows = np.concatenate([*some, np.empty(0, dtype=int)])
        if not len(rows):
            return _MIN_NEIGHBORS, 0.0

        def at(n_neighbors):
            mean, variance = self._at_blocks(X, self.problem.centered, some, n_neighbors)
            return mean[rows] / self.problem.moments.scale, np.sqrt(variance[rows])

        n_neighbors, (mean, deviation) = _MIN_NEIGHBORS, at(_MIN_NEIGHBORS)
        while n_neighbors < _MAX_NEIGHBORS:
            (earlier, before), (mean, deviation) = (mean, deviation), at(2 * n_neighbors)
            change = float(np.abs(mean - earlier).max())
            if np.quantile(np.abs(1 - deviation / before), _SHARE_OF_POINTS) < _SMALL_CHANGE:
                break
            n_neighbors *= 2
        return n_neighbors, change

    def _at_blocks(self, X, values, blocks, n_neighbors):
        mean, variance = np.zeros((len(X), values.shape[1])), np.ones(len(X))
        for size in sorted({len(block) for block in blocks}):
            rows = np.array([block for block in blocks if len(block) == size])
            centers = (X[rows] * self._scales).mean(axis=1)
            given = self.hierarchy.neighbors(centers, n_neighbors)
            mean[rows], variance[rows] = condition(self.problem, values, given, X[rows])
        return mean, variance
