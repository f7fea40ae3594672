"""The infinitely wide ReLU network on Fourier features, against scikit-ntk."""

import numpy as np
import pytest
from skntk import NeuralTangentKernel

from skfourier import FourierFeatures
from skfourier.ntk import ComposedKernel
from skfourier.spectra import Frequencies, Gaussian


@pytest.mark.parametrize("n_hidden_layers", [1, 2, 3, 6])
def test_equals_scikit_ntk_on_the_features(n_hidden_layers):
    X = np.random.default_rng(0).uniform(size=(40, 2))
    features = FourierFeatures(2, n_frequencies=30, random_state=0).fit(X)
    gamma = features.transform(X) / np.sqrt(30)
    expected = NeuralTangentKernel(depth=n_hidden_layers, bias=0.0)(gamma)
    base = Frequencies(features.frequencies_, 1 / np.sqrt(30))
    # arccos takes the root of what rounding leaves on the diagonal: sqrt(1e-16).
    np.testing.assert_allclose(
        ComposedKernel(n_hidden_layers, base)(X), expected / expected.max(), atol=1e-7
    )


def test_is_stationary_and_normalised():
    X = np.random.default_rng(0).uniform(size=(40, 2))
    kernel = ComposedKernel(3, Gaussian((2, 5)))
    lags = X[:, None] - X[None]
    # Lags are rounded differently; the root of 1e-16 as above.
    np.testing.assert_allclose(kernel(X), kernel.evaluate(lags), atol=1e-7)
    np.testing.assert_array_equal(np.diag(kernel(X)), kernel.diag(X))
