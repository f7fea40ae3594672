"""What is learned when, against dense decompositions and against the training itself."""

import math

import numpy as np
import pytest
from sklearn.gaussian_process.kernels import RBF

from skfourier.images import pixel_grid
from skfourier.ntk import NeuralTangentKernel, eigenspectrum, predict_training
from skfourier.spectra import Gaussian, Laplace, Matern

KERNELS = [
    RBF(0.2),
    Gaussian(2.0),
    Laplace((1.0, 3.0)),
    Matern(2.0),
    NeuralTangentKernel(2, base=Gaussian(2.0)),
]
each_kernel = pytest.mark.parametrize("kernel", KERNELS, ids=repr)


def grid(seed=0):
    X = pixel_grid((6, 8))
    return X[np.random.default_rng(seed).permutation(len(X))]


def targets(X, seed=1):
    return np.random.default_rng(seed).normal(size=(len(X), 2))


@each_kernel
def test_equals_a_dense_decomposition(kernel):
    X = grid()
    y = targets(X)
    spectrum = eigenspectrum(kernel, X, y)
    values, vectors = np.linalg.eigh(kernel(X))
    # Rounding, relative to the largest.
    np.testing.assert_allclose(
        spectrum.eigenvalues, values[::-1], rtol=0, atol=1e-14 * len(X) * values[-1]
    )
    # Equal eigenvalues share their power: cumulated over well separated ones it is compared.
    separated = np.flatnonzero(np.diff(values) > 1e-6 * values[-1])
    power = ((vectors.T @ y) ** 2)[::-1].cumsum(axis=0)
    np.testing.assert_allclose(
        spectrum.power.cumsum(axis=0)[len(X) - 2 - separated], power[len(X) - 2 - separated]
    )
    np.testing.assert_allclose(spectrum.power.sum(axis=0), (y**2).sum(axis=0))


@each_kernel
@pytest.mark.parametrize("loss", ["half_sum", "mean"])
def test_it_predicts_the_loss(kernel, loss):
    X, steps = grid(), np.array([0, 1, 10, 100])
    y = targets(X)
    spectrum = eigenspectrum(kernel, X, y, loss=loss)
    rate = spectrum.learning_rate
    assert spectrum.largest_stable_learning_rate == pytest.approx(2 * rate)
    unit = 1 if loss == "half_sum" else 2 / y.size
    left = (1 - unit * rate * spectrum.eigenvalues) ** (2 * steps[:, None])
    expected = (left @ spectrum.power).sum(axis=1) / y.size
    trained = predict_training(kernel, X, y, learning_rate=rate, steps=steps, loss=loss)
    # Errors are known to the rounding of y.
    np.testing.assert_allclose(np.sqrt(trained.loss), np.sqrt(expected), rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("remaining", [0.01, 1 / math.e, 0.9])
@pytest.mark.parametrize("share", [0.05, 0.5, 0.9])
def test_the_steps_are_the_first_that_suffice(remaining, share):
    X = grid()
    largest = np.linalg.eigvalsh(RBF()(X))[-1]
    rate = share * 2 / largest
    spectrum = eigenspectrum(RBF(), X, learning_rate=rate, remaining=remaining)
    assert spectrum.power is None
    known = spectrum.eigenvalues > 1e-9 * largest  # then 1 - x holds x to a share of 1e-6
    left, steps = np.abs(1 - rate * spectrum.eigenvalues[known]), spectrum.steps[known]
    assert np.all(steps == np.rint(steps))
    # The exponent, log(remaining), is known to that share of it.
    assert np.all(left**steps <= remaining * (1 + 1e-5))
    assert np.all((left ** (steps - 1) > remaining * (1 - 1e-5)) | (steps == 1))


def test_components_that_are_learned_at_once_and_never():
    X = np.array([[0.0], [0.0], [1.0]])  # two equal rows: their difference is never learned
    spectrum = eigenspectrum(RBF(1e-3), X)
    np.testing.assert_allclose(spectrum.eigenvalues, [2, 1, 0], atol=1e-15)
    np.testing.assert_array_equal(spectrum.steps[:2], [1, 2])  # 1 - 2/2 = 0; (1/2)^2 < 1/e
    assert spectrum.steps[2] == np.inf or spectrum.steps[2] > 1e14
    at_the_edge = eigenspectrum(RBF(1e-3), X, learning_rate=1.0)
    assert at_the_edge.steps[0] == np.inf  # its sign changes for ever


def test_one_output():
    X = grid()
    y = targets(X)
    one = eigenspectrum(Gaussian(2.0), X, y[:, 0])
    np.testing.assert_array_equal(one.power, eigenspectrum(Gaussian(2.0), X, y).power[:, 0])
    assert repr(one).startswith("<Eigenspectrum of 48 components, learning_rate=")


def test_a_large_product_grid_takes_no_dense_matrix():
    X = pixel_grid((128, 128))  # 16,384 rows: dense matrices of 11 GB
    y = targets(X)
    spectrum = eigenspectrum(Gaussian(3.0), X, y)
    np.testing.assert_allclose(spectrum.power.sum(axis=0), (y**2).sum(axis=0))
    with pytest.raises(ValueError, match=r"16,384 rows takes 10.7 GB"):
        eigenspectrum(Matern(3.0), X, y)


@pytest.mark.parametrize(
    ("message", "options"),
    [
        ("diverges", {"learning_rate": 1e3}),
        ("remaining must lie between 0 and 1. Got 1", {"remaining": 1}),
        ("pass y", {"loss": "mean"}),
        ("'auto', 'half_sum', 'mean'", {"loss": "sum"}),
        ("inconsistent numbers of samples", {"y": [1.0]}),
        ("dim <= 2 is required", {"y": np.ones((48, 1, 1))}),
    ],
)
def test_bad_input(message, options):
    with pytest.raises(ValueError, match=message):
        eigenspectrum(RBF(), grid(), **options)
