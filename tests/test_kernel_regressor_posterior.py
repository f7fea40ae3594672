"""Samples, covariances, gradients, leave-one-out and accuracy, against dense algebra."""

import numpy as np
import pytest
from sklearn.gaussian_process import GaussianProcessRegressor

from skfourier import FourierFeatures, FourierKernelRegressor
from skfourier.images import pixel_grid
from skfourier.spectra import Gaussian, Matern

ALPHA = 1e-2
PLACES = np.random.default_rng(5).uniform(-0.1, 1.1, size=(30, 2))


def values(X):
    y = np.stack([np.sin(5 * X[:, 0]) + X[:, 1] ** 2, 10 * X[:, 0]], axis=1)
    return y + 0.1 * np.random.default_rng(0).normal(size=y.shape)


def scattered():
    X = np.random.default_rng(1).uniform(size=(200, 2))
    return X, values(X)


def pixels():
    X = pixel_grid((12, 15)).astype(float)
    return X, values(X)


def holes():
    X, y = pixels()
    return X[:-20], y[:-20]


CASES = {
    "cholesky": (scattered, Matern(2, nu=2.5)),
    "nufft": (scattered, Gaussian(1.2)),
    "cg": (scattered, Matern(2)),
    "toeplitz": (holes, Matern(2)),
    "kronecker": (pixels, Gaussian(2)),
    "masked_kronecker": (holes, Gaussian(2)),
}
each_solver = pytest.mark.parametrize("name", CASES)


def fitted(name, tol=1e-9):
    rows, kernel = CASES[name]
    model = FourierKernelRegressor(kernel=kernel, alpha=ALPHA, solver=name, tol=tol)
    return model.fit(*rows())


def process(name):
    rows, kernel = CASES[name]
    theirs = GaussianProcessRegressor(kernel, alpha=ALPHA, normalize_y=True, optimizer=None)
    return theirs.fit(*rows())


@each_solver
def test_covariance_is_that_of_the_gaussian_process(name):
    _, ours = fitted(name).predict(PLACES, return_cov=True)
    _, theirs = process(name).predict(PLACES, return_cov=True)
    # tol times the condition, n / alpha = 2e4, of variances up to 10.
    np.testing.assert_allclose(ours, theirs, atol=2e-4)


@each_solver
def test_samples_have_mean_and_covariance_of_the_posterior(name):
    model, n_draws = fitted(name, tol=1e-6), 1000
    draws = model.sample_y(PLACES, n_draws, random_state=3)
    assert draws.shape == (30, 2, n_draws)
    mean, covariance = process(name).predict(PLACES, return_cov=True)
    for output in range(2):
        deviation = np.sqrt(np.diag(covariance[..., output]))
        # Five deviations of a mean of so many draws.
        off = np.abs(draws[:, output].mean(axis=1) - mean[:, output])
        assert np.all(off <= 5 * deviation / np.sqrt(n_draws) + 1e-3)
        # As much for products, 1 / sqrt(n) of the variances, and 1 % for the prior's waves.
        scale = np.outer(deviation, deviation)
        ours = np.cov(draws[:, output])
        bound = 5 * scale * np.sqrt(2 / n_draws) + 0.01 * model.signal_scale_[output] ** 2
        assert np.all(np.abs(ours - covariance[..., output]) <= bound)


@each_solver
def test_a_sample_is_one_function(name):
    model = fitted(name)
    whole = model.sample_y(PLACES, 3, random_state=1)
    np.testing.assert_allclose(
        model.sample_y(PLACES[7:9], 3, random_state=1), whole[7:9], atol=1e-9
    )
    assert np.abs(model.sample_y(PLACES, 3, random_state=2) - whole).max() > 1e-3


def test_samples_of_finite_features():
    features = FourierFeatures(2, n_frequencies=20, random_state=0)
    X, y = scattered()
    model = FourierKernelRegressor(kernel=features, alpha=ALPHA).fit(X, y[:, 0])
    assert model.solver_ == "primal"
    _, expected = process_of(model, X, y[:, 0]).predict(PLACES, return_cov=True)
    _, covariance = model.predict(PLACES, return_cov=True)
    np.testing.assert_allclose(covariance, expected, atol=1e-8)
    draws = model.sample_y(PLACES, 4000)
    np.testing.assert_allclose(np.cov(draws), expected, atol=5 * expected.max() / np.sqrt(2000))


def process_of(model, X, y):
    theirs = GaussianProcessRegressor(model.kernel_, alpha=ALPHA, normalize_y=True, optimizer=None)
    return theirs.fit(X, y)


def test_samples_of_a_stream_need_few_modes():
    X, y = scattered()
    model = FourierKernelRegressor(2, alpha=ALPHA, solver="nufft", domain=[[0, 1], [0, 1]])
    model.partial_fit(X[:100], y[:100]).partial_fit(X[100:], y[100:])
    assert model.sample_y(PLACES, 2).shape == (30, 2, 2)


@each_solver
def test_gradient_is_the_slope_of_the_mean(name):
    model, h = fitted(name), 1e-4
    gradient = model.predict_gradient(PLACES)
    assert gradient.shape == (30, 2, 2)
    for axis, step in enumerate(h * np.eye(2)):
        slope = (model.predict(PLACES + step) - model.predict(PLACES - step)) / (2 * h)
        # Of second order at h, rounding of transforms over h, and of fourth order at the step.
        np.testing.assert_allclose(gradient[..., axis], slope, atol=2e-3 * np.abs(slope).max())


def test_the_gradients_deviation_is_that_of_the_kernels_derivatives():
    X, y = scattered()
    model = FourierKernelRegressor(2, alpha=ALPHA, solver="cholesky").fit(X, y[:, 0])
    _, deviation = model.predict_gradient(PLACES, return_std=True)
    kernel, rate = Gaussian(2), 4 * np.pi**2 * 2**2
    solved = np.linalg.inv(kernel(X) + ALPHA * np.eye(len(X)))
    for place, ours in zip(PLACES, deviation, strict=True):
        # Of exp(-rate d^2 / 2): its slope is -rate d k, its curvature at 0 is rate.
        slope = -rate * (place - X) * kernel(place[None], X).T
        expected = np.sqrt(rate - np.sum(slope * (solved @ slope), axis=0)) * model.signal_scale_[0]
        np.testing.assert_allclose(ours, expected, rtol=1e-3)  # of fourth order


@each_solver
def test_leave_one_out_residuals_are_those_of_dense_algebra(name):
    rows, kernel = CASES[name]
    X, y = rows()
    ours = fitted(name).leave_one_out_residuals_
    inverse = np.linalg.inv(kernel(X) + ALPHA * np.eye(len(X)))
    expected = inverse @ (y - y.mean(axis=0)) / np.diag(inverse)[:, None]
    # Solvers that do not factorize have all of so few rows; tol times the condition.
    np.testing.assert_allclose(ours, expected, atol=1e-3)


def test_a_stream_has_no_rows_to_leave_out():
    X, y = scattered()
    model = FourierKernelRegressor(2, alpha=ALPHA, solver="nufft", domain=[[0, 1], [0, 1]])
    model.partial_fit(X, y)
    assert not hasattr(model, "leave_one_out_residuals_")


@pytest.mark.parametrize("alpha", [1e-3, 1e-4, 1e-6, 1e-8])
def test_scattered_rows_are_predicted_to_five_digits_by_default(alpha):
    X = np.random.default_rng(1).uniform(size=(1100, 2))
    y = values(X)[:, 0]
    ours = FourierKernelRegressor(3, alpha=alpha).fit(X, y)
    dense = FourierKernelRegressor(3, alpha=alpha, solver="cholesky").fit(X, y)
    off = np.abs(ours.predict(X) - dense.predict(X)).max()
    assert off <= 1e-5 * y.std()
    assert ours.accuracy_ <= 1e-5


class TestTinyAlpha:
    @pytest.mark.parametrize("alpha", [1e-8, 1e-12, 1e-16])
    @pytest.mark.parametrize("name", CASES)
    @pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
    def test_predictions_are_never_far_beyond_the_data(self, name, alpha):
        rows, kernel = CASES[name]
        X, y = rows()
        model = FourierKernelRegressor(kernel=kernel, alpha=alpha, solver=name, max_iter=300)
        if (name, alpha) == ("masked_kronecker", 1e-16):
            # Its unknowns are divided by alpha: nothing is left of them.
            with pytest.raises(np.linalg.LinAlgError, match="Raise alpha"):
                model.fit(X, y)
        else:
            assert np.abs(model.fit(X, y).predict(X)).max() <= 2 * np.abs(y).max()

    def test_another_alpha_has_an_accuracy_of_its_own(self):
        X, y = scattered()
        model = FourierKernelRegressor(1, kernel="gaussian", alpha=1e-2, solver="nufft").fit(X, y)
        assert model.accuracy_ <= 1e-5
        with pytest.raises(np.linalg.LinAlgError, match="Raise alpha"):
            model.with_alpha(1e-15)

    @pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
    def test_an_iteration_that_is_cut_short_is_inaccurate(self, monkeypatch):
        monkeypatch.setattr("skfourier._solvers._nufft._MAX_DENSE_FEATURES", 10)
        X, y = scattered()
        model = FourierKernelRegressor(5, alpha=1e-4, solver="nufft", max_iter=20).fit(X, y)
        dense = FourierKernelRegressor(5, alpha=1e-4, solver="cholesky").fit(X, y)
        off = np.abs(model.predict(PLACES) - dense.predict(PLACES)) / y.std(axis=0)
        assert off.max() > 1e-3
        assert model.accuracy_ > off.max() / 10

    @pytest.mark.parametrize("trend", [None, "linear"])
    def test_what_is_inaccurate_warns(self, monkeypatch, trend):
        # No better modes than tol asks for.
        monkeypatch.setattr("skfourier._solvers._nufft._ENOUGH", 1e30)
        X, y = scattered()
        model = FourierKernelRegressor(1, alpha=1e-9, solver="nufft", trend=trend)
        with pytest.warns(UserWarning, match=r"may be off by .* Raise alpha"):
            model.fit(X, y)
        assert model.accuracy_ > 1e-3


class TestBadInput:
    def test_deviation_and_covariance(self):
        with pytest.raises(ValueError, match="not for both"):
            fitted("cholesky").predict(PLACES, return_std=True, return_cov=True)

    def test_covariance_of_many(self):
        with pytest.raises(ValueError, match="5,000 at most"):
            fitted("cholesky").predict(np.zeros((5001, 2)), return_cov=True)
