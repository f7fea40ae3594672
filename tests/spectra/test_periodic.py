"""Periodic kernels, against scikit-learn's, and in sums."""

import numpy as np
import pytest
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ExpSineSquared

from skfourier import FourierKernelRegressor, FourierKernelRegressorCV
from skfourier.spectra import Gaussian, Periodic, as_spectrum

X = np.random.default_rng(0).uniform(0, 10, size=(80, 1))


@pytest.mark.parametrize("length_scale", [0.01, 0.1, 0.7, 1.0, 5.0, 100.0])
@pytest.mark.parametrize("period", [0.3, 1.0, 12.0])
def test_the_kernel_is_scikit_learns(period, length_scale):
    theirs = ExpSineSquared(length_scale, periodicity=period)(X)
    ours = Periodic(period, length_scale=length_scale)
    # Rounding of phases, 10 / 0.3 periods of up to 1,000 waves: 4e4 eps.
    np.testing.assert_allclose(ours(X), theirs, atol=1e-11)
    np.testing.assert_allclose(ours.evaluate(X - X[0]), theirs[:, 0], atol=1e-11)


def test_along_other_columns_it_is_constant():
    places = np.random.default_rng(1).uniform(0, 10, size=(30, 3))
    kernel = Periodic(2.0, axis=1)
    theirs = ExpSineSquared(1.0, periodicity=2.0)(places[:, 1:2])
    np.testing.assert_allclose(kernel(places), theirs, atol=1e-12)
    assert kernel.marginal(1, 3) == Periodic(2.0)
    np.testing.assert_allclose(kernel.marginal(0, 3)(X), 1.0)
    assert kernel.scaled([1.0, 4.0, 9.0], n_features=3) == Periodic(0.5, axis=1)


@pytest.mark.parametrize(
    ("solver", "points"), [("cholesky", X), ("cg", X), ("toeplitz", np.arange(60)[:, None] / 12)]
)
def test_sums_with_a_season_are_solved(solver, points):
    y = np.sin(2 * np.pi * points[:, 0]) + 0.3 * points[:, 0]
    ours = FourierKernelRegressor(
        kernel=Gaussian(0.2) + Periodic(1.0), alpha=1e-2, solver=solver, tol=1e-9
    ).fit(points, y)
    theirs = GaussianProcessRegressor(
        0.5 * RBF(1 / (0.4 * np.pi)) + 0.5 * ExpSineSquared(1.0, 1.0), alpha=1e-2, optimizer=None
    ).fit(points, y - y.mean())
    places = np.linspace(-3, 13, 50)[:, None]
    # tol times the condition, 80 / alpha = 8e3.
    np.testing.assert_allclose(ours.predict(places) - y.mean(), theirs.predict(places), atol=1e-5)


def test_alone_it_is_solved_by_its_features():
    y = np.sin(2 * np.pi * X[:, 0])
    model = FourierKernelRegressor(kernel=Periodic(1.0)).fit(X, y)
    assert model.solver_ == "primal"
    np.testing.assert_allclose(model.predict(X + 100), y, atol=0.01)


def test_what_needs_a_density_refuses_it():
    model = FourierKernelRegressor(kernel=Gaussian(0.2) + Periodic(1.0), solver="nufft")
    with pytest.raises(ValueError, match=r"spectral density .* Periodic\(period=1.0\) has none"):
        model.fit(X, X[:, 0])


def test_weights_and_scales_are_searched_and_the_period_is_not():
    rng = np.random.default_rng(0)
    t = np.sort(rng.uniform(0, 12, size=(300, 1)), axis=0)

    def signal(t):
        return np.sin(2 * np.pi * t[:, 0]) + 2 * np.sin(0.8 * t[:, 0])

    kernel = 1.0 * Gaussian(0.05) + 1.0 * Periodic(1.0)
    y = signal(t) + 0.2 * rng.normal(size=300)
    plain = Gaussian(0.05)
    model = FourierKernelRegressorCV(kernel=[plain, kernel]).fit(t, y)
    assert model.kernel_.k2.k2.period == 1.0
    assert model.kernel_.k1.weight != pytest.approx(model.kernel_.k2.weight)
    # The noise's deviation to a tenth: its own of 300 rows is a twentieth.
    assert model.signal_scale_[0] * np.sqrt(model.alpha_) == pytest.approx(0.2, rel=0.12)
    beyond = np.linspace(12, 13, 50)[:, None]
    # A season is carried on: the waves are of size 1, and no kernel without a period knows them.
    assert np.sqrt(np.mean((model.predict(beyond) - signal(beyond)) ** 2)) < 0.3


def test_units_of_the_columns_do_not_change_the_period():
    """Columns of very different lengths are searched in units in which they compare."""
    rng = np.random.default_rng(0)
    places = rng.uniform(size=(250, 2)) * [10.0, 1e4]
    y = np.sin(2 * np.pi * places[:, 0]) + np.sin(places[:, 1] / 2e3) + 0.1 * rng.normal(size=250)
    kernel = 1.0 * Gaussian([0.05, 5e-5]) + 1.0 * Periodic(1.0)
    model = FourierKernelRegressorCV(kernel=kernel).fit(places, y)
    assert model.kernel_.k2.k2.period == pytest.approx(1.0)
    assert model.signal_scale_[0] * np.sqrt(model.alpha_) == pytest.approx(0.1, rel=0.15)


@pytest.mark.parametrize(
    ("kernel", "message"),
    [
        (Periodic(0), "period must be a positive finite number"),
        (Periodic(1, length_scale=0.001), "length_scale must be at least 0.01"),
        (Periodic(1, axis=1), "axis must be the number of one of the 1 columns"),
    ],
)
def test_wrong_parameters(kernel, message):
    with pytest.raises(ValueError, match=message):
        kernel(X)


def test_it_has_no_name_because_it_needs_a_period():
    with pytest.raises(ValueError, match="periodic"):
        as_spectrum("periodic")
