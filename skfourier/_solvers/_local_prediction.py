"""Predictions from near rows only: what a deviation is, where nothing is factorized."""

import numpy as np

from skfourier._solvers._conditionals import condition
from skfourier._solvers._hierarchy import Hierarchy, blocks_of_neighbors

_POINTS_PER_BLOCK = 16
# Neighbors of each level: doubled until deviations stay as they are, but no further.
_FEWEST_NEIGHBORS, _MOST_NEIGHBORS = 8, 64
# Deviations that change by less are kept.
_ENOUGH = 0.01
# Blocks on which that is tried.
_BLOCKS_TRIED = 48


class LocalPrediction:
    """The function at any point, given near rows, and rows of all levels that lie farther off.

    Deviations decay with the distance of what is left out: neighbors are doubled until the median
    change of the deviations of a sample of points is below 1 %.

    Parameters
    ----------
    problem : Problem
        With its rows.
    """

    def __init__(self, problem):
        self.problem = problem
        self._scales = problem.kernel.scales(problem.X.shape[1]).max(axis=0)
        self.hierarchy = Hierarchy(problem.X * self._scales)

    def predict(self, X):
        """Predict from near rows.

        Parameters
        ----------
        X : ndarray of shape (n_points, n_features)

        Returns
        -------
        mean : ndarray of shape (n_points, n_outputs)
            Of targets of mean 0.
        variance : ndarray of shape (n_points,)
        change : float
            By what share of itself the median deviation changed when neighbors were last doubled.
        """
        blocks = [
            block
            for size in blocks_of_neighbors(X * self._scales, _POINTS_PER_BLOCK)
            for block in size
        ]
        n_neighbors, change = self._enough_neighbors(X, blocks)
        mean, variance = self._at_blocks(X, blocks, n_neighbors)
        return mean, variance, change

    def _enough_neighbors(self, X, blocks):
        """Double the neighbors until the deviations of a sample of blocks stay as they are."""
        tried = np.random.default_rng(0).permutation(len(blocks))[:_BLOCKS_TRIED]
        some = [blocks[place] for place in tried]
        rows = np.concatenate(some) if some else np.empty(0, dtype=int)
        n_neighbors, change = _FEWEST_NEIGHBORS, 0.0
        before = self._at_blocks(X, some, n_neighbors)[1][rows]
        while n_neighbors < _MOST_NEIGHBORS and len(rows):
            after = self._at_blocks(X, some, 2 * n_neighbors)[1][rows]
            change = float(np.median(np.abs(1 - np.sqrt(after / before))))
            if change < _ENOUGH:
                break
            n_neighbors, before = 2 * n_neighbors, after
        return n_neighbors, change

    def _at_blocks(self, X, blocks, n_neighbors):
        problem = self.problem
        mean, variance = np.zeros((len(X), problem.y.shape[1])), np.ones(len(X))
        for size in sorted({len(block) for block in blocks}):
            rows = np.array([block for block in blocks if len(block) == size])
            centers = (X[rows] * self._scales).mean(axis=1)
            given = self.hierarchy.neighbors(centers, n_neighbors)
            mean[rows], variance[rows] = condition(
                problem.kernel, problem.X, problem.noise, problem.centered, given, X[rows]
            )
        return mean, variance
