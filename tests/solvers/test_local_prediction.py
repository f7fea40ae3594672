"""Densities and predictions from near rows, against dense algebra on all of them."""

import numpy as np
import pytest
from problems import dense_matrix, problem_of
from scipy.stats import multivariate_normal

from skfourier._solvers import _local_prediction
from skfourier._solvers._conditionals import condition, lags_within, whiten
from skfourier._solvers._hierarchy import Hierarchy, blocks_of_neighbors
from skfourier._solvers._local_prediction import LocalPrediction
from skfourier._solvers._vecchia_factor import VecchiaFactor
from skfourier.spectra import Gaussian, Matern

KERNELS = [Matern(2, nu=0.5), Matern((2, 5)), Matern(3, nu=2.5), Gaussian(3)]
each_kernel = pytest.mark.parametrize("kernel", KERNELS, ids=str)


def rows(n, seed=0):
    return np.random.default_rng(seed).uniform(size=(n, 2))


def weights(n):
    return np.random.default_rng(1).uniform(0.5, 2, n)


class TestHierarchy:
    def test_levels_hold_each_row_once(self):
        hierarchy = Hierarchy(rows(3000))
        assert sorted(np.concatenate(hierarchy.levels)) == list(range(3000))
        sizes = np.cumsum([len(level) for level in hierarchy.levels])
        assert sizes.tolist() == [128, 187, 750, 3000]

    def test_neighbors_are_of_the_levels_below(self):
        hierarchy = Hierarchy(rows(1000))
        given = hierarchy.neighbors(rows(5, seed=2), 4, below=2)
        assert given.shape == (5, 4 + 12)
        assert set(given.ravel()) <= set(np.concatenate(hierarchy.levels[:2]))

    @pytest.mark.parametrize("n", [0, 1, 7, 100])
    def test_blocks_hold_each_row_once(self, n):
        blocks = [block for size in blocks_of_neighbors(rows(n), 8) for block in size]
        assert sorted(np.concatenate([*blocks, []])) == list(range(n))
        assert all(len(block) <= 8 for block in blocks)


@each_kernel
def test_whitened_rows_have_the_density_of_the_process(kernel):
    problem = problem_of(kernel, rows(40), 0.1, weights(40))
    y = np.random.default_rng(2).normal(size=(40, 1))
    group = np.arange(40)[None]
    z, log_variance = whiten(
        kernel, lags_within(problem.X, group), problem.noise[group], y[group], 40
    )
    ours = -0.5 * (np.sum(z**2) + log_variance.sum() + 40 * np.log(2 * np.pi))
    theirs = multivariate_normal(np.zeros(40), dense_matrix(problem)).logpdf(y[:, 0])
    np.testing.assert_allclose(ours, theirs, rtol=1e-10)  # the condition is below 1e3


@each_kernel
def test_given_all_rows_the_prediction_is_the_regression(kernel):
    problem = problem_of(kernel, rows(50), 0.1, weights(50))
    places = rows(7, seed=3)
    mean, variance = condition(problem, problem.centered, np.arange(50)[None], places[None])
    cross = kernel(places, problem.X)
    weighted = np.linalg.solve(dense_matrix(problem), cross.T)
    np.testing.assert_allclose(mean[0], weighted.T @ problem.centered, atol=1e-10)
    np.testing.assert_allclose(variance[0], 1 - np.sum(cross.T * weighted, axis=0), atol=1e-10)


@each_kernel
@pytest.mark.parametrize("alpha", [1e-4, 1e-2, 1.0])
def test_deviations_from_near_rows_are_within_a_hundredth(kernel, alpha, monkeypatch):
    problem = problem_of(kernel, rows(1000), alpha, weights(1000))
    places = np.random.default_rng(4).uniform(-0.2, 1.2, (200, 2))
    exact = np.sqrt(LocalPrediction(problem).predict(places)[1])
    monkeypatch.setattr(_local_prediction, "FEW_ROWS", 100)
    ours = np.sqrt(LocalPrediction(problem).predict(places)[1])
    # What is promised of nearly all points.
    assert np.quantile(np.abs(ours / exact - 1), 0.95) < 0.01


def test_singular_rows_say_what_to_do():
    X = np.repeat(rows(3), 2, axis=0)
    problem = problem_of(Gaussian(1), X, 1e-300)
    with pytest.raises(np.linalg.LinAlgError, match="Raise alpha"):
        condition(problem, problem.centered, np.arange(6)[None], X[None])


@each_kernel
def test_the_sparse_factor_is_the_inverse_of_few_rows(kernel):
    problem = problem_of(kernel, rows(100), 0.1, weights(100))
    ours = VecchiaFactor(problem)(np.eye(100))
    np.testing.assert_allclose(ours, np.linalg.inv(dense_matrix(problem)), atol=1e-9)
