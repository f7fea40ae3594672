"""Equispaced modes: they are the kernel, and the sums over rows are what they say."""

import pickle

import numpy as np
import pytest

from skfourier._solvers import _nonuniform_fft
from skfourier._solvers._fourier_modes import FourierModes
from skfourier._solvers._fourier_sums import FourierSums
from skfourier._solvers._half_spectra import multiplicity
from skfourier._solvers._nonuniform_fft import sums_over_rows, values_at_rows, waves
from skfourier.spectra import Cauchy, Gaussian, Laplace, Matern, Uniform


def rows(n_rows, n_features, seed=0):
    return np.random.default_rng(seed).uniform(-0.5, 0.5, size=(n_rows, n_features))


def modes_of(kernel, n_features, tol):
    return FourierModes(kernel, np.full(n_features, -0.5), np.full(n_features, 0.5), tol)


MODES = modes_of(Gaussian(4), 2, 1e-9)
X = rows(500, 2)
Y = np.random.default_rng(1).normal(size=(500, 3)) + 5
WEIGHT = np.random.default_rng(3).uniform(0.5, 3, size=500)


@pytest.mark.parametrize(
    ("kernel", "n_features", "tol"),
    [
        (Gaussian(10), 1, 1e-3),
        (Gaussian(10), 1, 1e-9),
        (Gaussian((10, 2)), 2, 1e-7),
        (Gaussian((2, 1, 0.5)), 3, 1e-4),
        (Matern(5, nu=2.5), 1, 1e-7),
        (Matern((3, 1), nu=2.5), 2, 1e-4),
        (Matern((1, 2, 0.5), nu=6.5), 3, 1e-2),
        (Matern(2, nu=0.5), 1, 1e-3),
        (Cauchy(2), 1, 1e-3),
        (Laplace(3), 1, 1e-5),
        (Laplace((0.5, 1)), 2, 1e-3),
        (Uniform(3), 1, 1e-3),
    ],
)
def test_the_modes_are_the_kernel_to_tol(kernel, n_features, tol):
    # Points in the box, and at its corners: there lags are largest, and at lag 0 the density that
    # is left out is all in phase.
    corners = np.stack(np.meshgrid(*[(-0.5, 0.5)] * n_features), axis=-1).reshape(-1, n_features)
    points = np.vstack([corners, rows(10, n_features)])
    modes = modes_of(kernel, n_features, tol)
    assert modes.why_not() is None
    features = waves(modes, points).reshape(len(points), -1)
    times = np.broadcast_to(multiplicity(modes.highest), modes.half_shape).ravel()
    approximation = (features.conj() * times @ features.T).real
    assert np.abs(approximation - kernel(points)).max() < tol


def test_the_sums_are_what_they_say():
    sums = FourierSums.of(MODES, X, Y, WEIGHT)
    centered = Y - np.average(Y, axis=0, weights=WEIGHT)
    center, (m1, m2) = (MODES.low + MODES.high) / 2, (-2, 3)
    wave = np.exp(-2j * np.pi * (X - center) @ (MODES.spacing * (m1, m2)))
    # The transform's relative error is eps, 1e-11, of the sum of abs(w y), 5e3.
    np.testing.assert_allclose(sums.toeplitz[m1, m2], WEIGHT @ wave, atol=1e-7)
    expected = (WEIGHT * wave) @ centered
    np.testing.assert_allclose(sums.right_hand_sides[:, m1, m2], expected, atol=1e-7)


@pytest.mark.parametrize("tol", [1e-3, 1e-6])
@pytest.mark.parametrize("n_features", [1, 2, 3])
def test_a_rows_error_is_the_same_whatever_is_summed_with_it(n_features, tol):
    # The transform errs by 1e-6 and 1e-8 here, but blocks equal the whole to rounding: 3,000 terms
    # of size 1, of which each addition errs by eps of the sum.
    modes, points = modes_of(Gaussian(2), n_features, tol), rows(3000, n_features)
    ones = np.ones((len(points), 1))

    def sums(rows):
        ((_, both),) = sums_over_rows(modes, points[rows], ones[rows], ones[rows, 0])
        return both[0]

    whole = sums(slice(None))
    blocks = [slice(0, 1), slice(1, 8), slice(8, 400), slice(400, None)]
    parts = sum(map(sums, blocks))
    error = 3000 * 2 * np.finfo(float).eps * np.abs(whole).max()
    np.testing.assert_allclose(parts, whole, rtol=0, atol=error)


def test_blocks_of_rows_change_nothing(monkeypatch):
    whole = FourierSums.of(MODES, X, Y, WEIGHT)
    coefficients = MODES.scale * whole.right_hand_sides
    expected = values_at_rows(MODES, coefficients, X)
    monkeypatch.setattr(_nonuniform_fft, "_block_rows", lambda _: 170)
    in_blocks = FourierSums.of(MODES, X, Y, WEIGHT)
    # Rounding of a sum of 500 terms of size 3 * 4.
    np.testing.assert_allclose(in_blocks.toeplitz, whole.toeplitz, atol=1e-10)
    np.testing.assert_allclose(in_blocks.right_hand_sides, whole.right_hand_sides, atol=1e-10)
    prediction = values_at_rows(MODES, coefficients, X)
    np.testing.assert_allclose(prediction, expected, atol=1e-12 * np.abs(expected).max())


def test_rows_outside_the_box_are_refused():
    outside = np.where(np.arange(500)[:, None] == 3, [0.0, 0.51], X)
    with pytest.raises(ValueError, match="outside the domain"):
        FourierSums.of(MODES, outside, Y, WEIGHT)


def test_sums_and_modes_are_pickled():
    sums = FourierSums.of(MODES, X, Y, WEIGHT)
    again = pickle.loads(pickle.dumps(sums)) + sums
    np.testing.assert_array_equal(again.toeplitz, 2 * sums.toeplitz)
