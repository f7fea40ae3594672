"""Rivals of the network that store values or features on grids, and learn these."""

import numpy as np
import torch
from scipy import sparse
from scipy.sparse.linalg import splu
from sklearn.base import BaseEstimator, RegressorMixin, TransformerMixin
from sklearn.metrics import r2_score
from sklearn.model_selection import train_test_split
from sklearn.utils.validation import check_is_fitted, validate_data
from torch import nn

PENALTIES = (0.01, 0.03, 0.1, 0.3, 1)


class SmoothGrid(RegressorMixin, BaseEstimator):
    r"""Values on the nodes of a grid over the unit square, bilinear between.

    .. math:: \min_g \|B g - y\|^2 + \lambda \|L g\|^2

    with second differences L along the axes and across, and lambda the one of five that predicts a
    tenth of the rows best. As many nodes as `n_parameters` allows for each column of y.
    """

    def __init__(self, n_parameters=263_683, penalties=PENALTIES, random_state=0):
        self.n_parameters, self.penalties = n_parameters, penalties
        self.random_state = random_state

    def fit(self, X, y):
        """Solve for the values."""
        X, y = validate_data(self, X, y, multi_output=True)
        self.n_nodes_ = int(np.sqrt(self.n_parameters / y.shape[1]))
        parts = train_test_split(X, y, test_size=0.1, random_state=self.random_state)
        scores = [
            r2_score(parts[3], self._matrix(parts[1]) @ self._solve(parts[0], parts[2], penalty))
            for penalty in self.penalties
        ]
        self.penalty_ = self.penalties[np.argmax(scores)]
        self.values_ = self._solve(X, y, self.penalty_)
        return self

    def predict(self, X):
        """Interpolate the values."""
        check_is_fitted(self)
        return self._matrix(validate_data(self, X, reset=False)) @ self.values_

    def _solve(self, X, y, penalty):
        B = self._matrix(X)
        n, same = self.n_nodes_, sparse.eye_array(self.n_nodes_)
        first = sparse.diags_array([-1.0, 1], offsets=[0, 1], shape=(n - 1, n))
        second = sparse.diags_array([1.0, -2, 1], offsets=[0, 1, 2], shape=(n - 2, n))
        across = 2**0.5 * sparse.kron(first, first)
        L = sparse.vstack([sparse.kron(second, same), sparse.kron(same, second), across])
        system = B.T @ B + penalty * (L.T @ L) + 1e-9 * sparse.eye_array(B.shape[1])
        return splu(system.tocsc()).solve(B.T @ y)

    def _matrix(self, X):
        """Weigh the four nodes around each row of X."""
        places = np.clip(X, 0, 1) * (self.n_nodes_ - 1)
        corner = np.minimum(places.astype(int), self.n_nodes_ - 2)
        share, rows = places - corner, np.arange(len(X))
        matrix = sparse.csr_array((len(X), self.n_nodes_**2))
        for i, j in np.ndindex(2, 2):
            weight = np.abs(1 - i - share[:, 0]) * np.abs(1 - j - share[:, 1])
            node = (corner[:, 0] + i) * self.n_nodes_ + corner[:, 1] + j
            matrix += sparse.csr_array((weight, (rows, node)), shape=matrix.shape)
        return matrix


class HashGrid(TransformerMixin, BaseEstimator):
    """Learned features on grids of geometric resolutions, whose nodes share a table by a hash.

    Mueller, Evans, Schied and Keller, "Instant neural graphics primitives with a multiresolution
    hash encoding", 2022.
    """

    def __init__(self, n_levels=8, coarsest=8, finest=128, n_entries=2**14, random_state=0):
        self.n_levels, self.coarsest, self.finest = n_levels, coarsest, finest
        self.n_entries, self.random_state = n_entries, random_state

    def fit(self, X, y=None):  # noqa: ARG002
        """Learn the number of columns."""
        validate_data(self, X)
        return self

    def to_module(self, dtype):
        """Return the tables as a torch module."""
        rng = torch.Generator().manual_seed(self.random_state)
        sizes = np.geomspace(self.coarsest, self.finest, self.n_levels).round()
        tables = 1e-4 * (2 * torch.rand(self.n_levels, self.n_entries, 2, generator=rng) - 1)
        return HashTables(sizes, tables.to(dtype))

    def transform(self, X):
        """Return the features before any training."""
        X = torch.tensor(validate_data(self, X, reset=False))
        return self.to_module(torch.float64)(X).detach().numpy()


class HashTables(nn.Module):
    """The features at (n, 2) coordinates, bilinear between the nodes of each grid."""

    def __init__(self, sizes, tables):
        super().__init__()
        self.register_buffer("sizes", torch.tensor(sizes, dtype=torch.float64))
        self.tables = nn.Parameter(tables)

    def forward(self, X):
        """Return the features of every level side by side."""
        places = X.double()[:, None] * self.sizes[:, None]  # row, level, axis
        corner = places.floor()
        share = (places - corner).to(self.tables.dtype)
        levels, features = torch.arange(len(self.sizes)), 0
        for offset in np.ndindex(2, 2):
            node = corner.long() + torch.tensor(offset)
            entry = (node[..., 0] ^ (node[..., 1] * 2_654_435_761)) % self.tables.shape[1]
            weight = (1 - torch.tensor(offset) - share).abs().prod(dim=-1, keepdim=True)
            features = features + weight * self.tables[levels, entry]
        return features.flatten(start_dim=1)
