"""
Write your own embedding: a multiresolution grid
================================================

Any transformer whose `to_module` returns a torch module can replace the Fourier features in
`CoordinateMLPRegressor`; its parameters are trained with the network. This one is a pyramid of
grids of learned features, as in "Instant neural graphics primitives with a multiresolution hash
encoding" (Müller, Evans, Schied and Keller, 2022). With the same number of steps it is behind
Fourier features between the learned pixels: these already describe what pictures are like.
"""

import matplotlib.pyplot as plt
import torch
from skimage.data import coffee
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data
from torch import nn

from skfourier import CoordinateMLPRegressor, FourierFeatures
from skfourier.images import image_to_samples
from skfourier.inspection import ReconstructionDisplay
from skfourier.model_selection import GridHoldoutSplit


class MultiresolutionGrid(TransformerMixin, BaseEstimator):
    """Learned features on grids of several resolutions over the box of X."""

    def __init__(self, resolutions=(8, 16, 32, 64), n_channels=8, random_state=None):
        self.resolutions = resolutions
        self.n_channels = n_channels
        self.random_state = random_state

    def fit(self, X, y=None):  # noqa: ARG002
        """Learn the box of X."""
        X = validate_data(self, X)
        self.low_, self.high_ = X.min(axis=0), X.max(axis=0)
        return self

    def to_module(self, dtype):
        """Return the grids as a torch module with parameters of a dtype."""
        generator = torch.Generator().manual_seed(self.random_state)
        shape = [(1, self.n_channels, n, n) for n in self.resolutions]
        grids = [0.1 * torch.randn(s, generator=generator, dtype=dtype) for s in shape]
        return Grids(grids, self.low_, self.high_)

    def transform(self, X):
        """Return the features before any training."""
        check_is_fitted(self)
        X = validate_data(self, X, reset=False)
        with torch.no_grad():
            return self.to_module(torch.float64)(torch.tensor(X)).numpy()


class Grids(nn.Module):
    """The features at (n, 2) coordinates, bilinear between the nodes of each grid."""

    def __init__(self, grids, low, high):
        super().__init__()
        self.grids = nn.ParameterList(grids)
        self.register_buffer("low", torch.tensor(low))
        self.register_buffer("high", torch.tensor(high))

    def forward(self, X):
        """Return the features of every level side by side."""
        places = 2 * (X - self.low) / (self.high - self.low) - 1
        places = places.to(self.grids[0].dtype)[None, None]
        levels = [nn.functional.grid_sample(g, places, align_corners=True) for g in self.grids]
        return torch.cat(levels, dim=1)[0, :, 0].T


photograph = coffee()[60:316, 200:456]
X, y = image_to_samples(photograph)
learned, between = next(GridHoldoutSplit().split(X))
grids = CoordinateMLPRegressor((64, 64), "relu", embedding=MultiresolutionGrid(), random_state=0)
fourier = CoordinateMLPRegressor(embedding=FourierFeatures("auto"), random_state=0)
networks = {"Fourier": fourier, "grids": grids}
predictions = {k: n.fit(X[learned], y[learned]).predict(X[between]) for k, n in networks.items()}
ReconstructionDisplay.from_predictions(predictions, y[between].reshape(128, 128, 3))
plt.show()
