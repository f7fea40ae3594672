"""The training set as tensors, and its division into batches and blocks."""

import itertools
import math
from dataclasses import dataclass, replace

import numpy as np
import torch
from sklearn.utils import gen_batches

# All features of the training set, kept for all epochs: the pixels of 512 x 512 at the defaults.
_MAX_FEATURE_BYTES = 2**28
_BLOCK_ROWS = 1024


@dataclass(frozen=True)
class Samples:
    """Rows of coordinates, targets and weights; the weights' mean over all rows is 1.

    All rows are those of all processes, if there are several.

    The weights are None where all are equal. The features are None where each block
    computes its own.
    """

    X: torch.Tensor
    y: torch.Tensor
    weight: torch.Tensor | None
    features: torch.Tensor | None = None

    def __len__(self):
        """Count the rows."""
        return len(self.X)

    def take(self, rows):
        """Take a slice or an index of rows."""
        return Samples(
            self.X[rows],
            self.y[rows],
            None if self.weight is None else self.weight[rows],
            None if self.features is None else self.features[rows],
        )

    def with_features(self, network):
        """Return the samples with all their features in bfloat16, if these fit and stay the same.

        The first hidden layer's product would round them to it anyway, so that the training stays
        the same to the last bit. In float32 gathering twice the bytes takes as long as the cosines.
        """
        first = network.linear_layers[0]
        n_features = first.in_features
        too_large = 2 * len(self) * n_features > _MAX_FEATURE_BYTES
        if first is network.output or network.trains_embedding or too_large:
            return self
        features = self.X.new_empty((len(self), n_features), dtype=torch.bfloat16)
        with torch.no_grad():
            for rows in gen_batches(len(self), _BLOCK_ROWS):
                features[rows] = network.embedding(self.X[rows])
        return replace(self, features=features)

    def spread(self, n_rows):
        """Return about `n_rows` of the rows, evenly spread, or all if there are fewer."""
        return self.take(slice(None, None, math.ceil(len(self) / n_rows)))

    def shuffled(self, generator):
        """Return the rows in another order, gathered once so that batches are plain slices."""
        return self.take(torch.randperm(len(self), generator=generator).to(self.X.device))

    def split(self, n_parts):
        """Yield views of nearly equal size, the last of them empty where there are fewer rows."""
        whole, extra = divmod(len(self), n_parts)
        ends = itertools.accumulate(whole + (part < extra) for part in range(n_parts))
        for start, end in itertools.pairwise([0, *ends]):
            yield self.take(slice(start, end))

    def blocks(self, n_rows):
        """Yield views of at most `n_rows` rows and nearly equal size; one if there is no row."""
        return self.split(max(1, math.ceil(len(self) / n_rows)))


def as_samples(network, X, y, weight):
    """Turn arrays into tensors where the network is, with targets as it is trained on them.

    Parameters
    ----------
    network : CoordinateNetwork
    X : ndarray of shape (n_samples, n_features)
        Keeps its dtype: the embedding takes whole cycles away in it.
    y : ndarray of shape (n_samples, n_outputs)
    weight : ndarray of shape (n_samples,) or None

    Returns
    -------
    Samples
    """
    scaling = network.scaling
    dtype, device = network.output.weight.dtype, network.output.weight.device
    standardized = (as_tensor(y, device) - scaling.mean) / scaling.scale
    return Samples(
        X=as_tensor(X, device),
        y=standardized.to(dtype),
        weight=None if weight is None else torch.tensor(weight, dtype=dtype, device=device),
    )


def as_tensor(array, device):
    """Copy an array into a tensor, whatever its strides and whether or not it is read-only."""
    return torch.tensor(np.ascontiguousarray(array), device=device)
