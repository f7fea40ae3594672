"""
Write your own embedding: a multiresolution grid
================================================

Any transformer whose `to_module` returns a torch module can replace the Fourier features in
`CoordinateMLPRegressor`; its parameters are trained with the network. This one is a pyramid of
grids of learned features, as in "Instant neural graphics primitives with a multiresolution hash
encoding" (Müller, Evans, Schied and Keller, 2022). With the same number of steps it is behind
Fourier features between the learned pixels, and behind cubic interpolation.
"""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import torch
from scipy.ndimage import map_coordinates
from skimage.data import coffee
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import validate_data
from torch import nn

from skfourier import CoordinateMLPRegressor, FourierFeatures
from skfourier.images import image_to_samples
from skfourier.inspection import ReconstructionDisplay
from skfourier.model_selection import GridHoldoutSplit


class MultiresolutionGrid(TransformerMixin, BaseEstimator):
    """Learned features on grids of several resolutions over the unit square."""

    def __init__(self, resolutions=(8, 16, 32, 64), random_state=None):
        self.resolutions, self.random_state = resolutions, random_state

    def fit(self, X, y=None):  # noqa: ARG002
        """Learn the number of columns."""
        validate_data(self, X)
        return self

    def to_module(self, dtype):
        """Return the grids as a torch module with parameters of a dtype."""
        rng = torch.Generator().manual_seed(self.random_state)
        shapes = [(1, 8, n, n) for n in self.resolutions]
        return Grids([0.1 * torch.randn(shape, generator=rng, dtype=dtype) for shape in shapes])

    def transform(self, X):
        """Return the features before any training."""
        X = torch.tensor(validate_data(self, X, reset=False))
        return self.to_module(torch.float64)(X).detach().numpy()


class Grids(nn.Module):
    """The features at (n, 2) coordinates, bilinear between the nodes of each grid."""

    def __init__(self, grids):
        super().__init__()
        self.grids = nn.ParameterList(grids)

    def forward(self, X):
        """Return the features of every level side by side."""
        places = (2 * X - 1).to(self.grids[0].dtype)[None, None]
        levels = [nn.functional.grid_sample(g, places, align_corners=True) for g in self.grids]
        return torch.cat(levels, dim=1)[0, :, 0].T


image = coffee()[60:316, 200:456] / 255
X, y = image_to_samples(image)
learned, between = next(GridHoldoutSplit().split(X))
halved = np.indices(image.shape) / np.reshape((2, 2, 1), (3, 1, 1, 1))
cubic = map_coordinates(image[::2, ::2], halved, order=3, mode="nearest")
values = {"cubic": cubic.reshape(y.shape)[between]}
for name, embedding in {"Fourier": FourierFeatures("auto"), "grids": MultiresolutionGrid()}.items():
    network = CoordinateMLPRegressor(embedding=embedding, random_state=0)
    values[name] = network.fit(X[learned], y[learned]).predict(X[between])
display = ReconstructionDisplay.from_predictions(values, y[between].reshape(128, 128, 3))
Path("output").mkdir(exist_ok=True)
display.figure_.savefig("output/own_embedding.png", dpi=100)
plt.show()
