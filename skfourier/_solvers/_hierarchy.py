"""Rows dealt at random into levels, each several times as large as all before it together."""

import numpy as np

# Rows of the first level, which are few enough for dense algebra.
_FIRST_LEVEL = 128
# How many times as many rows there are with each further level.
_GROWTH = 4
# How many times as many neighbors a row sees of the finest level below it as of the others.
_MORE_OF_THE_FINEST = 3


class Hierarchy:
    """Rows dealt at random into levels, with the nearest rows of each.

    A level holds three times as many rows as all before it together, so that it is twice as dense
    in two columns. Whoever sees a few rows of each level sees near ones and far ones.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        In units in which distances along the columns compare.

    Attributes
    ----------
    levels : list of ndarray
        The rows of each level, the smallest level first.
    """

    def __init__(self, X):
        # A balanced tree would take longer to build than it saves.
        from scipy.spatial import KDTree  # noqa: PLC0415 (skfourier's import stays light)

        self.X = X
        order = np.random.default_rng(0).permutation(len(X))
        ends = [len(X)]
        while ends[0] > _FIRST_LEVEL:
            ends.insert(0, max(ends[0] // _GROWTH, min(_FIRST_LEVEL, len(X))))
        self.levels = [order[a:b] for a, b in zip([0, *ends[:-1]], ends, strict=True)]
        self._trees = [
            KDTree(X[rows], balanced_tree=False, compact_nodes=False) for rows in self.levels
        ]

    def neighbors(self, points, n_neighbors, below=None):
        """Return near rows of every level below one.

        Parameters
        ----------
        points : ndarray of shape (n_points, n_features)
        n_neighbors : int
            How many of each level; of the finest one three times as many.
        below : int or None, default=None
            A level. None: all are below it.

        Returns
        -------
        ndarray of shape (n_points, n_given)
        """
        below = len(self.levels) if below is None else below
        given = [np.empty((len(points), 0), dtype=int)]
        for level in range(below):
            many = n_neighbors * (_MORE_OF_THE_FINEST if level == below - 1 else 1)
            given.append(self.nearest(points, many, level))
        return np.concatenate(given, axis=1)

    def nearest(self, points, n_rows, level):
        """Return the nearest rows of a level, (n_points, n_rows) or all that there are."""
        rows = self.levels[level]
        n_rows = min(n_rows, len(rows))
        places = self._trees[level].query(points, k=n_rows)[1]
        return rows[places.reshape(len(points), n_rows)]


def blocks_of_neighbors(X, size):
    """Cut rows into blocks of neighbors, by halves along the longest side.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
    size : int
        Of the largest block.

    Returns
    -------
    list of ndarray of shape (n_blocks, n_rows)
        Places of the rows, one array for each size of blocks.

    Examples
    --------
    >>> import numpy as np
    >>> from skfourier._solvers._hierarchy import blocks_of_neighbors
    >>> blocks_of_neighbors(np.array([[0.0], [5.0], [1.0], [6.0]]), size=2)
    [array([[0, 2],
           [1, 3]])]
    """
    whole, blocks = [np.arange(len(X))], []
    while whole:
        rows = whole.pop()
        if len(rows) <= size:
            blocks.append(np.sort(rows))
            continue
        longest = np.ptp(X[rows], axis=0).argmax()
        order = np.argpartition(X[rows, longest], len(rows) // 2)
        whole += [rows[order[len(rows) // 2 :]], rows[order[: len(rows) // 2]]]
    sizes = sorted({len(rows) for rows in blocks} - {0})
    return [np.array([rows for rows in blocks if len(rows) == size]) for size in sizes]
