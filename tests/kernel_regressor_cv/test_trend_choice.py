"""Sigma, noise and smoothness chosen beside a trend, by the restricted likelihood."""

import dask.array
import numpy as np
import pytest
from scipy.linalg import null_space, solve_triangular

from skfourier import FourierKernelRegressor, FourierKernelRegressorCV
from skfourier._kernel_regressor_cv._scale_likelihood import Fit
from skfourier.spectra import Gaussian

BOX = [[0, 1], [0, 1]]
SLOPES = np.array([50.0, -20.0])


def signal(X):
    return np.sin(9 * X[:, 0]) * np.cos(7 * X[:, 1]) + X @ SLOPES


def rows(n, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.uniform(size=(n, 2))
    return X, signal(X) + 0.1 * rng.normal(size=n)


def contrasts_likelihood(A, H, y):
    """Log density of the contrasts that do not see H, of the likeliest signal variance."""
    B = null_space(H.T)
    z, covariance, n = B.T @ y, B.T @ A @ B, len(y) - H.shape[1]
    square = z @ np.linalg.solve(covariance, z) / n
    return -0.5 * (n * np.log(square) + np.linalg.slogdet(covariance)[1])


def dense(sigma, alpha, X, y):
    A = Gaussian(sigma)(X) + alpha * np.eye(len(X))
    H = np.column_stack([np.ones(len(X)), X])
    lower = np.linalg.cholesky(A)
    whitened = solve_triangular(lower, np.column_stack([y, H]), lower=True)
    return Fit(whitened, 2 * np.log(np.diag(lower)), np.ones(len(X)), 3), A, H


def test_the_restricted_likelihood_is_that_of_contrasts():
    X, y = rows(60)
    (one, *first), (other, *second) = (dense(*at, X, y) for at in ((1.0, 0.01), (0.6, 0.1)))
    expected = contrasts_likelihood(*first, y) - contrasts_likelihood(*second, y)
    # The condition is 60 / alpha: 6e3 eps.
    assert one.value - other.value == pytest.approx(expected, rel=1e-9)


def test_its_slope_is_that_of_its_values():
    X, y = rows(60)
    here, step = dense(1.0, 0.01, X, y)[0], 1e-5
    fits = [dense(*at, X, y)[0] for at in ((1.0 + step, 0.01), (1.0, 0.01 * (1 + step)))]
    back = [dense(*at, X, y)[0] for at in ((1.0 - step, 0.01), (1.0, 0.01 * (1 - step)))]
    slope, information = here.slope_and_information([(fit, step) for fit in fits])
    expected = [(f.value - b.value) / (2 * step) for f, b in zip(fits, back, strict=True)]
    # One-sided differences: step times the curvature.
    np.testing.assert_allclose(
        slope, expected, rtol=1e-3, atol=10 * step * np.abs(information).max()
    )


def test_a_trend_is_found_and_carried_beyond_the_rows():
    X, y = rows(500)
    model = FourierKernelRegressorCV(kernel="gaussian", trend="linear").fit(X, y)
    without = FourierKernelRegressorCV(kernel="gaussian").fit(X, y)
    # The wave's own slopes are about 1, and the noise 0.1 to a twentieth.
    np.testing.assert_allclose(model.trend_coef_, SLOPES, atol=1.5)
    assert model.signal_scale_[0] * np.sqrt(model.alpha_) == pytest.approx(0.1, rel=0.1)
    assert np.ndim(model.trend_intercept_) == 0
    places = np.random.default_rng(1).uniform(-0.2, 1.2, size=(300, 2))
    mean, deviation = model.predict(places, return_std=True)
    error = np.sqrt(np.mean((mean - signal(places)) ** 2))
    assert error < 0.5 * np.sqrt(np.mean((without.predict(places) - signal(places)) ** 2))
    assert np.mean(np.abs(mean - signal(places)) < 1.96 * deviation) > 0.85


@pytest.mark.parametrize("solver", ["cholesky", "nufft"])
def test_candidates_compare_by_the_restricted_likelihood(solver):
    X, y = rows(200)
    sigmas, alphas = [0.25, 0.5, 1.0, 2.0, 4.0], [1e-4, 0.01, 0.1, 10.0]
    model = FourierKernelRegressorCV(
        sigmas, alphas, kernel="gaussian", trend="linear", solver="cholesky"
    ).fit(X, y)
    H = np.column_stack([np.ones(len(X)), X])
    rest = y - H @ np.linalg.lstsq(H, y, rcond=None)[0]
    B, expected = null_space(H.T), []
    for params in model.cv_results_["params"]:
        A = Gaussian(params["sigma"])(X) + params["alpha"] * np.eye(len(X))
        z, covariance = B.T @ y / rest.std(), B.T @ A @ B
        expected.append(
            -0.5 * (z @ np.linalg.solve(covariance, z) + np.linalg.slogdet(covariance)[1])
        )
    ours = model.cv_results_["mean_test_score"]
    np.testing.assert_allclose(ours - ours[0], np.subtract(expected, expected[0]), rtol=1e-6)
    sampled = FourierKernelRegressorCV(
        sigmas, alphas, kernel="gaussian", trend="linear", solver=solver
    ).fit(X, y)
    assert sampled.cv_results_["params"][np.argmax(expected)]["sigma"] == sampled.sigma_


@pytest.mark.parametrize("options", [{"criterion": "leave_one_out"}, {"cv": 3}])
def test_other_criteria_know_the_trend(options):
    X, y = rows(150)
    model = FourierKernelRegressorCV(
        [0.1, 1.0], [0.01], kernel="gaussian", trend="linear", **options
    )
    with pytest.warns(UserWarning, match="edge"):
        model.fit(X, y)
    best = model.cv_results_["mean_test_score"].max()
    # With slopes of 50 and -20 none but the trend leaves so little of rows that were left out.
    assert best > (-0.1 if "criterion" in options else 0.999)


def test_blocks_of_rows():
    model, (X, y) = (
        FourierKernelRegressorCV(kernel="gaussian", trend="linear", domain=BOX),
        rows(900),
    )
    for block in range(3):
        model.partial_fit(X[block::3], y[block::3])
    np.testing.assert_allclose(model.trend_coef_, SLOPES, atol=1.5)
    whole = FourierKernelRegressor(
        kernel=model.kernel_, alpha=model.alpha_, trend="linear", solver="cholesky"
    ).fit(X, y)
    np.testing.assert_allclose(model.predict(X[:50]), whole.predict(X[:50]), atol=1e-4)


@pytest.mark.parametrize("cls", [FourierKernelRegressor, FourierKernelRegressorCV])
def test_dask_arrays_are_refused(cls):
    X, y = (dask.array.from_array(part) for part in rows(100))
    with pytest.raises(ValueError, match=r"trend='linear'\. Pass the blocks to partial_fit"):
        cls(trend="linear").fit(X, y)


def test_gcv_is_refused():
    with pytest.raises(ValueError, match=r"'gcv'.*trend='linear'.*leave_one_out"):
        FourierKernelRegressorCV(criterion="gcv", trend="linear").fit(*rows(50))
