"""
Write your own embedding: a multiresolution grid
================================================

Any transformer whose `to_module` returns a torch module can replace the Fourier features in
`CoordinateMLPRegressor`. Its parameters are trained with the network. This one is a pyramid of
grids of learned features, interpolated between the nodes, as in "Instant neural graphics primitives
with a multiresolution hash encoding" (Müller, Evans, Schied and Keller, 2022), but small enough to
need no hashing.

The network learns every second pixel of a photograph, and the pixels between are the test. With the
same number of steps the grids are behind Fourier features, both on the learned pixels and between
them: Fourier features at a good sigma already describe what pictures are like, which a table of
features has to learn.
"""

import matplotlib.pyplot as plt
import torch
from scipy.interpolate import RegularGridInterpolator
from skimage.data import coffee
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data
from torch import nn

from skfourier import CoordinateMLPRegressor, FourierFeatures
from skfourier.images import image_to_samples
from skfourier.inspection import ReconstructionDisplay
from skfourier.metrics import psnr


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
X, y = (rows.reshape(256, 256, -1) for rows in image_to_samples(photograph))
X_learned, y_learned = (rows[::2, ::2].reshape(-1, rows.shape[2]) for rows in (X, y))
X_between, between = X[1:-1:2, 1:-1:2].reshape(-1, 2), y[1:-1:2, 1:-1:2]
cubic = RegularGridInterpolator((X[::2, 0, 1], X[0, ::2, 0]), y[::2, ::2], method="cubic")
predictions = {"cubic": cubic(X_between[:, ::-1])}
networks = {
    "Fourier": CoordinateMLPRegressor(embedding=FourierFeatures("auto"), random_state=0),
    "grids": CoordinateMLPRegressor(
        (64, 64), "relu", embedding=MultiresolutionGrid(), random_state=0
    ),
}
for name, network in networks.items():
    predictions[name] = network.fit(X_learned, y_learned).predict(X_between)
    print(f"{name}: {psnr(y_learned, network.predict(X_learned)):.2f} dB on the pixels learned")
ReconstructionDisplay.from_predictions(predictions, between)
plt.show()
