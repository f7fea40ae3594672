"""Whatever users give as `kernel`."""

import numpy as np
import pytest
from sklearn.gaussian_process import kernels as sk

import skfourier.ntk
from skfourier import kernels
from skfourier.kernels import NeuralTangentKernel, NNGPKernel, as_kernel
from skfourier.spectra import Gaussian, Matern, as_spectrum

SPECTRA = ["gaussian", Matern(3), Gaussian(3) + 0.1 * Matern(30, nu=0.5), sk.RBF(0.1)]


@pytest.mark.parametrize("kernel", SPECTRA, ids=repr)
def test_spectra_are_kernels(kernel):
    assert as_kernel(kernel) == as_spectrum(kernel)


@pytest.mark.parametrize("make", [NeuralTangentKernel, NNGPKernel])
def test_networks_with_a_base_are_kernels(make):
    kernel = make(2, "sine", base=Gaussian(3) + Matern(10))
    assert as_kernel(kernel) is kernel


@pytest.mark.parametrize(
    "kernel",
    [*map(as_spectrum, SPECTRA), NeuralTangentKernel(2, "sine", 0.1, Gaussian(3) + Matern(10))],
    ids=repr,
)
def test_every_kernel_has_one_interface(kernel):
    X = np.random.default_rng(0).uniform(size=(10, 2))
    normalized = as_kernel(kernel).scaled((2.0, 0.5), n_features=2).normalized(2)
    expected = kernel(X * (2, 0.5)) / kernel.diag(X)[0]
    # arccos and the like take the root of rounding where u is nearly 1.
    np.testing.assert_allclose(normalized(X), expected, rtol=0, atol=1e-7)
    np.testing.assert_allclose(normalized.diag(X), 1)
    assert normalized.marginal(1, 2).evaluate([[0.0]]) == pytest.approx(1, abs=1e-7)
    assert normalized.scales(2).shape[1] == 2
    assert {normalized.product, normalized.isotropic} <= {True, False}


@pytest.mark.parametrize("kernel", [NeuralTangentKernel(), NNGPKernel(2, "erf")], ids=repr)
def test_networks_without_a_base_are_refused(kernel):
    with pytest.raises(ValueError, match=r"only with a base \(base=Gaussian\(10\)\). Got N"):
        as_kernel(kernel)


@pytest.mark.parametrize(
    "kernel",
    [
        None,
        3.0,
        Gaussian,
        Gaussian() + sk.WhiteKernel(),
        Gaussian() + NeuralTangentKernel(base=Gaussian()),
        2.0 * NeuralTangentKernel(base=Gaussian()),
    ],
    ids=repr,
)
def test_anything_else_is_refused(kernel):
    message = "kernel must be a name .* Got .*NNGPKernel with a base are accepted too, but not in"
    with pytest.raises(ValueError, match=message):
        as_kernel(kernel)


def test_a_misspelled_name():
    with pytest.raises(ValueError, match=r"kernel='gausian' is unknown. Did you mean 'gaussian'"):
        as_kernel("gausian")


def test_ntk_exports_them_too():
    for name in ("NeuralTangentKernel", "NNGPKernel"):
        assert getattr(skfourier.ntk, name) is getattr(kernels, name)
