"""Several networks: their mean, and what their spread is worth."""

import numpy as np
import pytest
from scipy.stats import norm

from skfourier import CoordinateMLPEnsemble, CoordinateMLPRegressor, FourierFeatures
from skfourier._ensemble import _likeliest_variance


def small(sigma=3.0, **params):
    params = {"max_iter": 60} | params
    return CoordinateMLPRegressor(
        (32,), embedding=FourierFeatures(sigma, n_frequencies=32), **params
    )


def noisy(n_rows, noise=0.3, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.uniform(size=(n_rows, 1))
    return X, np.sin(2 * np.pi * 3 * X[:, 0]) + noise * rng.normal(size=n_rows)


class TestCalibration:
    @pytest.mark.parametrize("size", [1e-200, 1.0, 1e14, 1e200])
    @pytest.mark.parametrize("spread", [0.0, 1e-30])
    def test_a_spread_of_rounding_says_nothing(self, size, spread):
        with np.errstate(all="raise", under="ignore"):
            found = _likeliest_variance(np.full(9, spread * size), np.full(9, size), np.ones(9) / 9)
        assert found == (0.0, pytest.approx(size))

    def test_finds_the_variance_of_errors(self):
        # Errors of variance 3 s + 0.5, of 10^5 rows: the estimates' deviations are below 0.02.
        rng = np.random.default_rng(0)
        spread = rng.exponential(size=100_000)
        squares = (3 * spread + 0.5) * rng.normal(size=100_000) ** 2
        a, b = _likeliest_variance(spread, squares, np.full(100_000, 1e-5))
        assert a == pytest.approx(3, abs=0.08)
        assert b == pytest.approx(0.5, abs=0.08)

    @pytest.mark.parametrize("unit", [1e-9, 1.0, 1e9])
    def test_has_the_units_of_y(self, unit):
        rng = np.random.default_rng(0)
        spread, squares = rng.exponential(size=(2, 1000))
        a, b = _likeliest_variance(spread, squares, np.full(1000, 1e-3))
        scaled = _likeliest_variance(spread * unit, squares * unit, np.full(1000, 1e-3))
        np.testing.assert_allclose(scaled, [a, b * unit], rtol=1e-6)

    def test_of_weighted_rows_is_that_of_repetitions(self):
        rng = np.random.default_rng(0)
        spread, squares = rng.exponential(size=(2, 200))
        n = rng.integers(0, 4, size=200)
        repeated = _likeliest_variance(
            np.repeat(spread, n), np.repeat(squares, n), np.full(n.sum(), 1 / n.sum())
        )
        # Both optimizers stop where a step gains less than 1e-9 of the cost.
        np.testing.assert_allclose(
            _likeliest_variance(spread, squares, n / n.sum()), repeated, rtol=1e-3
        )

    @pytest.mark.parametrize("errors", [0.0, 1.0])
    def test_of_networks_that_agree(self, errors):
        a, b = _likeliest_variance(np.zeros(10), np.full(10, errors), np.full(10, 0.1))
        assert np.isfinite(a)
        assert b == pytest.approx(errors, rel=1e-3)  # the optimizer's own tolerance


class TestEnsemble:
    def test_is_the_mean_of_its_networks(self):
        X, y = noisy(300)
        ensemble = CoordinateMLPEnsemble(small(), 3, random_state=0).fit(X, y)
        members = [member.predict(X) for member in ensemble.estimators_]
        np.testing.assert_array_equal(ensemble.predict(X), np.mean(members, axis=0))
        assert not np.allclose(members[0], members[1])
        gradients = [member.predict_gradient(X) for member in ensemble.estimators_]
        np.testing.assert_array_equal(ensemble.predict_gradient(X), np.mean(gradients, axis=0))

    def test_networks_draw_frequencies_of_their_own(self):
        ensemble = CoordinateMLPEnsemble(small(), 2, random_state=0).fit(*noisy(100))
        first, second = (m.embedding_.frequencies_ for m in ensemble.estimators_)
        assert not np.allclose(first, second)

    def test_covers_new_rows(self):
        # 90 % of 5,000 rows, by a scale learned from 300: its error is 4 %, of which coverage
        # changes by a point; the sample itself by half a point.
        ensemble = CoordinateMLPEnsemble(small(), random_state=0).fit(*noisy(3000))
        X, y = noisy(5000, seed=1)
        mean, deviation = ensemble.predict(X, return_std=True)
        assert np.mean(np.abs(y - mean) < norm.ppf(0.95) * deviation) == pytest.approx(
            0.9, abs=0.04
        )

    def test_deviations_have_the_shape_and_the_units_of_y(self):
        X, y = noisy(200)
        Y = np.column_stack([y, 100 * y + 7]).astype(np.float32)
        ensemble = CoordinateMLPEnsemble(small(), 2, random_state=0).fit(X, Y)
        mean, deviation = ensemble.predict(X, return_std=True)
        assert mean.shape == deviation.shape == Y.shape
        assert mean.dtype == deviation.dtype == np.float32
        # The same networks' two outputs differ by their weights: the errors are alike, not equal.
        assert np.mean(deviation[:, 1]) / np.mean(deviation[:, 0]) == pytest.approx(100, rel=0.3)

    def test_sigma_is_chosen_once(self):
        ensemble = CoordinateMLPEnsemble(small("auto"), 3, random_state=0).fit(*noisy(300))
        searches = [member.sigma_search_ is not None for member in ensemble.estimators_]
        assert searches == [True, False, False]
        assert len({member.embedding_.sigma_ for member in ensemble.estimators_}) == 1

    def test_the_same_seed_is_the_same_ensemble(self):
        X, y = noisy(100)
        first, second = (
            CoordinateMLPEnsemble(small(), 2, random_state=3).fit(X, y).predict(X, return_std=True)
            for _ in range(2)
        )
        np.testing.assert_array_equal(first, second)

    def test_weights_count_for_the_deviation(self):
        X, y = noisy(1000, noise=0.1)
        wrong = np.arange(1000) % 2 == 0
        ensemble = CoordinateMLPEnsemble(small(), 2, random_state=0)
        ensemble.fit(X, np.where(wrong, 50, y), np.where(wrong, 1e-12, 1.0))
        assert ensemble.predict(X, return_std=True)[1].max() < 1

    def test_too_few_rows(self):
        with pytest.raises(ValueError, match="n_samples=3"):
            CoordinateMLPEnsemble(small()).fit([[0.0], [1.0], [2.0]], [0, 1, 2])

    def test_another_regressor_is_refused(self):
        from sklearn.linear_model import Ridge  # noqa: PLC0415

        with pytest.raises(ValueError, match="'estimator' parameter"):
            CoordinateMLPEnsemble(Ridge()).fit([[0.0], [1.0]], [0, 1])

    def test_a_failed_fit_loses_nothing(self):
        X, y = noisy(100)
        ensemble = CoordinateMLPEnsemble(small(), 2, random_state=0).fit(X, y)
        before = ensemble.predict(X)
        with pytest.raises(ValueError, match="NaN"):
            ensemble.fit(X, np.where(np.arange(100) == 3, np.nan, y))
        np.testing.assert_array_equal(ensemble.predict(X), before)
