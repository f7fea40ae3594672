r"""A sparse factor of the inverse, :math:`(K + \alpha W^{-1})^{-1} \approx U U^T`.

The rows of a `Hierarchy` are cut into blocks, each given near rows of the levels below it. The last
rows of the inverse of each block's Cholesky factor are columns of U.

It is good where rows in front screen those behind them: rough kernels, whatever the holes of a
grid. Of smooth ones, which average over far rows, conjugate gradients need many iterations.
"""

import numpy as np
import scipy.sparse

from skfourier._solvers._conditionals import blocks_of_groups, factors, lags_within
from skfourier._solvers._hierarchy import Hierarchy, blocks_of_neighbors

# Rows of a block, and rows of each level below that it is given.
_ROWS_PER_BLOCK, _NEIGHBORS_PER_LEVEL = 16, 8


class VecchiaFactor:
    """U of a problem, as an operator.

    Parameters
    ----------
    problem : Problem
    """

    def __init__(self, problem):
        n_rows, n_features = problem.X.shape
        X = problem.X * problem.kernel.scales(n_features).max(axis=0)
        hierarchy = Hierarchy(X)
        parts = [
            part
            for level in range(len(hierarchy.levels))
            for part in _columns_of(problem, hierarchy, level)
        ]
        values, rows, columns = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
        self.factor = scipy.sparse.csr_matrix((values, (rows, columns)), shape=(n_rows, n_rows))
        self._transposed = self.factor.T.tocsr()

    def __call__(self, array):
        """Multiply by U U^T, nearly the inverse: (n_outputs, n_samples) to the same."""
        return (self.factor @ (self._transposed @ array.T)).T


def _columns_of(problem, hierarchy, level):
    """Yield values, rows and columns of the entries of U of the blocks of a level."""
    import torch  # noqa: PLC0415 (skfourier's import stays light)

    rows_of_level = hierarchy.levels[level]
    size = _ROWS_PER_BLOCK if level else len(rows_of_level)
    for places in blocks_of_neighbors(hierarchy.X[rows_of_level], size):
        blocks = rows_of_level[places]
        centers = hierarchy.X[blocks].mean(axis=1)
        given = hierarchy.neighbors(centers, _NEIGHBORS_PER_LEVEL, below=level)
        groups = np.concatenate([given, blocks], axis=1)
        n_rows, n_last = groups.shape[1], blocks.shape[1]
        last = torch.eye(n_rows, dtype=torch.float64)[:, -n_last:]
        for part in blocks_of_groups(len(groups), n_rows**2):
            lags = lags_within(problem.X, groups[part])
            lower = factors(problem.kernel, lags, problem.noise[groups[part]])
            # The last rows of the inverse, as columns.
            inverse = torch.linalg.solve_triangular(lower.mT, last, upper=True).numpy()
            yield (
                inverse.ravel(),
                np.repeat(groups[part], n_last, axis=1).ravel(),
                np.broadcast_to(blocks[part][:, None], inverse.shape).ravel(),
            )
