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
import numpy as np
import torch
from scipy.ndimage import map_coordinates
from skimage.data import coffee
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data
from torch import nn

from skfourier import CoordinateMLPRegressor, FourierFeatures
from skfourier.images import image_to_samples
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
learned, between = np.s_[::2, ::2], np.s_[1:-1:2, 1:-1:2]
X_learned, y_learned = X[learned].reshape(-1, 2), y[learned].reshape(-1, 3)
X_between, y_between = X[between].reshape(-1, 2), y[between].reshape(-1, 3)

networks = {
    "Fourier features": CoordinateMLPRegressor(
        embedding=FourierFeatures(sigma="auto"), random_state=0
    ),
    "multiresolution grid": CoordinateMLPRegressor(
        (64, 64), "relu", embedding=MultiresolutionGrid(), random_state=0
    ),
}
places = np.mgrid[0.5:127, 0.5:127]
channels = [map_coordinates(channel, places, order=3) for channel in np.moveaxis(y[learned], 2, 0)]
rebuilt = {"cubic": np.stack(channels, axis=2).reshape(-1, 3)}
for name, network in networks.items():
    network.fit(X_learned, y_learned)
    rebuilt[name] = network.predict(X_between)
    print(f"{name}: {psnr(y_learned, network.predict(X_learned)):.2f} dB on the pixels learned")

fig, axes = plt.subplots(1, 4, figsize=(13, 3.6), layout="constrained")
for ax, (name, values) in zip(axes, {"photograph": y_between, **rebuilt}.items(), strict=True):
    score = "" if name == "photograph" else f", {psnr(y_between, values):.2f} dB"
    ax.imshow(values.reshape(127, 127, 3).clip(0, 1)[20:84, 20:84])
    ax.set(title=f"{name}{score}", xticks=[], yticks=[])
fig.suptitle("Between the pixels that were learned")
