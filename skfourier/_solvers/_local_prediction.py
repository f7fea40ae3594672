"""Predictions from near rows only: what a deviation is, where nothing is factorized."""

from functools import cached_property

import numpy as np

from skfourier._blocks import row_blocks
from skfourier._solvers._conditionals import condition
from skfourier._solvers._hierarchy import Hierarchy, blocks_of_neighbors

# So few rows are all given: 0.5 s once, and exact.
_FEW_ROWS = 4096
# Points that are predicted from the same rows, where they lie close enough together.
_POINTS_PER_BLOCK = 16
# Neighbors of each level: doubled until deviations stay as they are, but no further.
_FEWEST_NEIGHBORS, _MOST_NEIGHBORS = 8, 64
# Changes of the deviation that are small enough, for all but a twentieth of the points tried.
_SMALL_CHANGE, _SHARE_OF_POINTS = 0.004, 0.95
_BLOCKS_TRIED = 48


class LocalPrediction:
    """The function at any point, given near rows, and some of those that lie farther off.

    What is left out hardly matters: rows in front screen it. Neighbors are doubled until the
    deviations of a sample of points change by less than 1 %. Up to 4,096 rows all are given.

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
        """
        if len(self.problem.X) <= _FEW_ROWS:
            return self._given_all(X)
        blocks = self._blocks(X)
        return self._at_blocks(X, blocks, self._enough_neighbors(X, blocks))

    def _given_all(self, X):
        problem, mean, variance = self.problem, [], []
        everything = np.arange(len(problem.X))[None]
        for part in row_blocks(len(X), 32 * len(problem.X)) if len(X) else [slice(0, 0)]:
            at_part = condition(problem, everything, X[part][None])
            mean.append(at_part[0][0])
            variance.append(at_part[1][0])
        return np.concatenate(mean), np.concatenate(variance)

    def _blocks(self, X):
        """Cut points into blocks that are small against the distance of their neighbors."""
        scaled, blocks = X * self._scales, []
        finest = len(self.hierarchy.levels) - 1
        for places in blocks_of_neighbors(scaled, _POINTS_PER_BLOCK):
            centers = scaled[places].mean(axis=1)
            near = self.hierarchy.nearest(centers, _FEWEST_NEIGHBORS, finest)
            reach = np.linalg.norm(self.hierarchy.X[near[:, -1]] - centers, axis=1)
            radius = np.linalg.norm(scaled[places] - centers[:, None], axis=2).max(axis=1)
            small = radius <= reach
            blocks += list(places[small])
            blocks += list(places[~small].reshape(-1, 1))
        return blocks

    def _enough_neighbors(self, X, blocks):
        """Double the neighbors until the deviations of a sample of blocks stay as they are."""
        tried = np.random.default_rng(0).permutation(len(blocks))[:_BLOCKS_TRIED]
        some = [blocks[place] for place in tried]
        rows = np.concatenate([*some, np.empty(0, dtype=int)])
        n_neighbors = _FEWEST_NEIGHBORS
        before = self._at_blocks(X, some, n_neighbors)[1][rows]
        while n_neighbors < _MOST_NEIGHBORS and len(rows):
            after = self._at_blocks(X, some, 2 * n_neighbors)[1][rows]
            change = np.abs(1 - np.sqrt(after / before))
            if np.quantile(change, _SHARE_OF_POINTS) < _SMALL_CHANGE:
                break
            n_neighbors, before = 2 * n_neighbors, after
        return n_neighbors

    def _at_blocks(self, X, blocks, n_neighbors):
        mean, variance = np.zeros((len(X), self.problem.y.shape[1])), np.ones(len(X))
        for size in sorted({len(block) for block in blocks}):
            rows = np.array([block for block in blocks if len(block) == size])
            centers = (X[rows] * self._scales).mean(axis=1)
            given = self.hierarchy.neighbors(centers, n_neighbors)
            mean[rows], variance[rows] = condition(self.problem, given, X[rows])
        return mean, variance
