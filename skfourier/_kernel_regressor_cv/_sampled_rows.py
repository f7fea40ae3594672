"""Samples of rows, each given near rows of all levels: what stands for all rows."""

from dataclasses import dataclass

import numpy as np

from skfourier._solvers._conditionals import lags_within
from skfourier._solvers._hierarchy import Hierarchy

# Rows of a block, and neighbors of each level below that it is given.
_ROWS_PER_BLOCK = 16
_NEIGHBORS_PER_LEVEL = 8
_NEIGHBORS_OF_A_ROW = 8
# Rows that are few enough for the likelihood itself.
_FEW_ROWS = 384


@dataclass(frozen=True, eq=False)
class Groups:
    """Rows of which the last are given the others.

    Parameters
    ----------
    rows : ndarray of shape (n_groups, n_rows)
    lags : ndarray of shape (n_groups, n_rows, n_rows, n_features)
    n_last : int
    share : float
        How many rows one of the last stands for.
    """

    rows: np.ndarray
    lags: np.ndarray
    n_last: int
    share: float

    @classmethod
    def of(cls, X, given, last, n_rows):
        """Put groups together: `last`, which stand for `n_rows` rows, given others."""
        rows = np.concatenate([given, last], axis=1)
        return cls(rows, lags_within(X, rows), last.shape[1], n_rows / last.size)


class Sampler:
    """Samples blocks of each level of the rows, given near rows of the levels below it.

    Parameters
    ----------
    problem : Problem
        With X in units in which distances along the columns compare.
    """

    def __init__(self, problem):
        self.X = problem.X
        self.hierarchy = Hierarchy(self.X) if len(self.X) > _FEW_ROWS else None

    def sample(self, n_blocks, n_more=0, *, more_firsts=False):
        """Sample blocks.

        Parameters
        ----------
        n_blocks : int
            Of each level, or all that it has.
        n_more : int, default=0
            So many more are dealt out to the levels by their numbers of rows.
        more_firsts : bool, default=False
            Whether other rows are drawn that might be the first level, so that this has as many as
            the others. It sees the longest distances.

        Returns
        -------
        list of Groups
            All rows in one group where these are few.
        """
        nothing = np.empty((1, 0), dtype=int)
        if self.hierarchy is None:
            return [Groups.of(self.X, nothing, np.arange(len(self.X))[None], len(self.X))]
        rng = np.random.default_rng(0)
        first = self.hierarchy.levels[0][None]
        if more_firsts:
            first = np.concatenate([first, self._other_firsts(self.hierarchy.levels, n_blocks)])
        nothing = np.empty((len(first), 0), dtype=int)
        groups = [Groups.of(self.X, nothing, first, first.shape[1])]
        for level, rows in enumerate(self.hierarchy.levels[1:], start=1):
            wanted = n_blocks + n_more * len(rows) // len(self.X)
            n_groups = max(1, min(wanted, len(rows) // _ROWS_PER_BLOCK))
            centers = self.X[rng.choice(rows, n_groups, replace=False)]
            given = self.hierarchy.neighbors(centers, _NEIGHBORS_PER_LEVEL, below=level)
            last = self.hierarchy.nearest(centers, _ROWS_PER_BLOCK, level)
            groups.append(Groups.of(self.X, given, last, len(rows)))
        return groups

    def _other_firsts(self, levels, n_blocks):
        size, others = len(levels[0]), np.concatenate(levels[1:])
        n_sets = min(n_blocks * _ROWS_PER_BLOCK, len(self.X)) // size - 1
        shuffled = np.random.default_rng(0).permutation(others)
        return shuffled[: n_sets * size].reshape(n_sets, size)

    def rows(self, n_rows):
        """Sample rows, each given near rows of all levels: what leaving it out takes."""
        rng = np.random.default_rng(0)
        last = rng.permutation(len(self.X))[:n_rows, None]
        hierarchy = self.hierarchy or Hierarchy(self.X)
        given = hierarchy.neighbors(self.X[last[:, 0]], _NEIGHBORS_OF_A_ROW)
        # A row is its own nearest neighbor, or one that is repeated.
        others = np.argsort(given == last, axis=1, kind="stable")[:, :-1]
        given = np.take_along_axis(given, others, axis=1)
        return [Groups.of(self.X, given, last, len(self.X))]
