"""Scattered points by equispaced Fourier weights, against dense solves."""

import gc
import pickle
import weakref

import numpy as np
import pytest
from problems import centered, dense_matrix, problem_of, with_targets
from sklearn.exceptions import ConvergenceWarning

from skfourier._solvers import _axis_eigenfunctions, _nufft
from skfourier._solvers._nufft import NUFFT
from skfourier.spectra import Basic, Cauchy, Gaussian, Laplace, Matern, Uniform

ALPHA = 1e-3


def rows(n_rows, n_features, seed=0):
    return np.random.default_rng(seed).uniform(size=(n_rows, n_features))


def targets(X, n_outputs=2):
    """Waves of several frequencies, and some noise."""
    frequencies = np.random.default_rng(1).normal(scale=4, size=(X.shape[1], n_outputs))
    noise = np.random.default_rng(2).normal(scale=0.1, size=(len(X), n_outputs))
    return np.sin(2 * np.pi * X @ frequencies) + noise


def dense_prediction(system, y, X):
    return system.kernel(X, system.X) @ np.linalg.solve(dense_matrix(system), y)


def relative_error(actual, expected):
    return np.linalg.norm(actual - expected) / np.linalg.norm(expected)


def solve_and_predict(problem, y, X, **tolerances):
    """Predict targets about their weighted mean, by iterations and by a factorization."""
    solver = NUFFT(with_targets(problem, y), **tolerances)
    assert solver.why_not() is None
    iterated = NUFFT(solver.problem, **tolerances)
    iterated.__dict__["pairs"] = None
    if solver.factorizes:
        expected = solver.mean(X)
        # Both solve the same system: to the residual, amplified by the condition.
        bound = max(solver.tol * problem.weight.sum() / problem.alpha, 1e-9)
        assert relative_error(iterated.mean(X), expected) < bound
    return solver.mean(X)


# n <= 4096, sigma = 10, alpha = 1e-3, tol = 1e-10: the bar is 1e-6. Two-dimensional Matern at
# that tolerance is refused (tested below). Elsewhere the bar is tol times the square root of
# n / alpha. Few rows, as the cost is that of the modes.
@pytest.mark.parametrize(
    ("kernel", "n_rows", "n_features", "tol", "bar"),
    [
        (Gaussian(10), 1000, 1, 1e-10, 1e-6),
        (Matern(10, nu=2.5), 300, 1, 1e-10, 1e-6),
        (Gaussian(10), 80, 2, 1e-10, 1e-6),
        (Gaussian((2, 10)), 80, 2, 1e-10, 1e-6),
        (Matern(1, nu=3.5), 60, 2, 1e-4, 2e-2),
        (Laplace(2), 100, 1, 1e-6, 3e-4),
    ],
)
def test_predictions_equal_a_dense_solve(kernel, n_rows, n_features, tol, bar):
    X = rows(n_rows, n_features)
    weight = np.random.default_rng(3).uniform(0.5, 3, size=n_rows)
    system = problem_of(kernel, X, ALPHA, weight)
    y, X_new = centered(targets(X), weight), rows(200, n_features, seed=9)
    prediction = solve_and_predict(system, y, X_new, tol=tol, max_iter=5000)
    assert relative_error(prediction, dense_prediction(system, y, X_new)) < bar


def test_three_columns():
    X, X_new = rows(300, 3), rows(100, 3, seed=9)
    system, y = problem_of(Gaussian((1, 0.5, 0.7)), X, 1.0), centered(targets(X))
    prediction = solve_and_predict(system, y, X_new)
    # At most tol n / alpha.
    assert relative_error(prediction, dense_prediction(system, y, X_new)) < 3e-4


def test_far_from_the_data_the_prediction_is_zero():
    # Without care the period of the modes would bring the data back at 1.3 and 2.6.
    system = problem_of(Gaussian(3), rows(200, 1), 0.1)
    y, X_new = centered(targets(system.X)), np.linspace(-4.5, 5.5, 401)[:, None]
    prediction = solve_and_predict(system, y, X_new, tol=1e-8)
    expected = dense_prediction(system, y, X_new)
    # Errors are at most tol n / alpha, 2e-5.
    np.testing.assert_allclose(prediction, expected, rtol=0, atol=2e-5)
    far = np.abs(X_new[:, 0] - 0.5) > 1.5
    # The mean of the targets, which is 0 to rounding.
    assert np.abs(prediction[far]).max() < 1e-15


def test_a_whole_weight_is_repetition():
    X, counts = rows(300, 2), np.random.default_rng(3).integers(1, 4, size=300)
    y, X_new = targets(X), rows(50, 2, seed=9)
    weighted = problem_of(Gaussian(1.2), X, 0.1, counts.astype(float))
    repeated = problem_of(Gaussian(1.2), np.repeat(X, counts, axis=0), 0.1)
    first = solve_and_predict(weighted, y, X_new, tol=1e-9)
    second = solve_and_predict(repeated, np.repeat(y, counts, axis=0), X_new, tol=1e-9)
    assert relative_error(first, second) < 1e-6


def test_outputs_do_not_depend_on_one_another():
    # Two real sums share a complex transform: odd and even numbers.
    system, X_new = problem_of(Gaussian(1), rows(300, 2), 0.1), rows(50, 2, seed=9)
    y = targets(system.X, 4)
    alone = np.hstack([solve_and_predict(system, one[:, None], X_new, tol=1e-9) for one in y.T])
    for n_outputs in (2, 3, 4):
        together = solve_and_predict(system, y[:, :n_outputs], X_new, tol=1e-9)
        for j in range(n_outputs):
            assert relative_error(together[:, j], alone[:, j]) < 1e-7


def test_another_alpha_uses_the_sums_again():
    system = problem_of(Gaussian(2), rows(300, 2), 0.1)
    y, X_new = centered(targets(system.X, 3)), rows(50, 2, seed=9)
    solver = NUFFT(with_targets(system, y), tol=1e-9)
    other = solver.with_alpha(1.0)
    expected = dense_prediction(system.with_alpha(1.0), y, X_new)
    assert relative_error(other.mean(X_new), expected) < 1e-7
    assert other.sums is solver.sums


@pytest.mark.parametrize(
    ("n_features", "sigma", "alpha", "tol"),
    [(1, 4, 0.1, 1e-8), (2, 2, 0.1, 1e-8), (3, 1, 1.0, 1e-4)],
)
def test_everything_of_few_modes_equals_the_dense_algebra(n_features, sigma, alpha, tol):
    weight = np.random.default_rng(3).uniform(0.5, 3, size=200)
    # In three columns a box that is small beside the kernel's reach has few modes.
    size = 0.2 if n_features == 3 else 1.0
    X = size * rows(200, n_features)
    y = centered(targets(X), weight)
    system = problem_of(Gaussian(sigma), X, alpha, weight, y)
    X_new = np.vstack([size * 1.2 * rows(2000, n_features, seed=9), np.full(n_features, 7.0)])
    inverse, cross = np.linalg.inv(dense_matrix(system)), system.kernel(X_new, X)
    expected = 1 - np.sum(cross * (cross @ inverse), axis=1)
    solver = NUFFT(system, tol=tol)
    assert solver.factorizes
    # The kernel's error times the condition; less is seen.
    bound = weight.sum() / alpha * tol
    np.testing.assert_allclose(solver.variance(X_new), expected, rtol=0, atol=bound)
    np.testing.assert_allclose(
        solver.log_determinant(), np.linalg.slogdet(dense_matrix(system))[1], rtol=bound
    )
    quadratic = np.sum(y * (inverse @ y), axis=0)
    np.testing.assert_allclose(solver.quadratic_form(), quadratic, rtol=bound)


@pytest.fixture
def few_factorized(monkeypatch):
    monkeypatch.setattr(_nufft, "_MAX_DENSE_FEATURES", 10)


def iterated():
    """A solver that has iterated, and predicted deviations from near rows."""
    X = rows(300, 2)
    solver = NUFFT(with_targets(problem_of(Gaussian(2), X, 0.1), targets(X)))
    solver.mean(X[:5])
    solver.variance(X[:5])
    assert solver.n_iter > 1
    return solver


@pytest.mark.usefixtures("few_factorized")
def test_memory_is_free_without_the_garbage_collector():
    iterated()  # what is imported at first use may keep frames
    gc.collect()
    gc.disable()
    try:
        there = weakref.ref(iterated())
        assert there() is None
    finally:
        gc.enable()


@pytest.mark.usefixtures("few_factorized")
def test_pickles_do_without_what_is_soon_made_anew():
    solver = iterated()
    again = pickle.loads(pickle.dumps(solver))
    assert {"_iteration", "local"} <= vars(solver).keys()
    assert not {"_iteration", "local"} & vars(again).keys()
    X = rows(5, 2, seed=3)
    np.testing.assert_array_equal(again.variance(X), solver.variance(X))


# Kernels whose tails are cut off, and a Gaussian, at tolerances from 1e-6 to 1e-3. Of fifty such
# fits none was off by more than six times the estimate, and some by a thirtieth.
@pytest.mark.parametrize("tol", [1e-6, 1e-3])
@pytest.mark.parametrize(
    ("kernel", "n_features"),
    [(Matern(0.2, nu=2.5), 1), (Matern(0.1, nu=3.5), 2), (Laplace(0.5), 1), (Gaussian(0.3), 2)],
)
def test_accuracy_knows_heavy_tails(kernel, n_features, tol):
    X, places = rows(500, n_features), rows(100, n_features, seed=3)
    solver = NUFFT(with_targets(problem_of(kernel, X, 0.1), targets(X, 1)), tol=tol)
    centered_y = solver.problem.centered
    expected = solver.moments.mean + dense_prediction(solver.problem, centered_y, places)
    off = np.abs(solver.mean(places) - expected).max() / solver.moments.scale[0]
    assert off < 6 * solver.accuracy
    assert solver.accuracy < max(1e-4, 300 * tol)


def test_strong_modes_precondition_the_others(monkeypatch):
    X = rows(6000, 2)
    system = with_targets(problem_of(Gaussian(2), X, 0.1), targets(X))
    exact = NUFFT(system)
    # Fewer features than means need, enough for deviations.
    most = exact.pairs.n_features - 1
    assert most > exact.pairs_for_deviations.n_features
    monkeypatch.setattr(_nufft, "_MAX_DENSE_FEATURES", most)
    monkeypatch.setattr(_axis_eigenfunctions, "_LONGEST_AXIS", 1)
    solver, X_new = NUFFT(system), rows(500, 2, seed=9)
    assert not solver.factorizes
    # The error that iterations are asked for, in deviations of y.
    off = np.abs(solver.mean(X_new) - exact.mean(X_new)).max(axis=0) / exact.moments.scale
    assert off.max() < 2e-6
    assert solver.n_iter < 15
    # Modes with 4e-5 of the variance are left out: an amplitude of 6e-3, which counts twice.
    np.testing.assert_allclose(solver.variance(X_new), exact.variance(X_new), rtol=1.3e-2)
    draws = solver.draws(4000, np.random.RandomState(0))(X_new[:5])
    # Of 4,000 draws a variance is known to 1 / sqrt(2,000): three of those.
    np.testing.assert_allclose(draws.var(axis=1), solver.variance(X_new[:5]), rtol=0.067)
    covariance = solver.covariance(X_new[:5])
    # The same modes; the kernel itself in place of all of them is off by tol.
    np.testing.assert_allclose(np.diag(covariance), solver.variance(X_new[:5]), atol=2e-6)


def test_many_modes_are_iterated(monkeypatch):
    monkeypatch.setattr(_nufft, "_MAX_DENSE_FEATURES", 10)
    system = problem_of(Gaussian(2.5), rows(200, 2), 0.1)
    X_new = np.vstack([rows(20, 2, seed=9), [[1.05, 0.5], [7.0, 0.0]]])
    cross = system.kernel(X_new, system.X)
    expected = 1 - np.sum(cross * np.linalg.solve(dense_matrix(system), cross.T).T, axis=1)
    solver = NUFFT(system, tol=1e-9)
    assert not solver.factorizes
    np.testing.assert_allclose(solver.variance(X_new), expected, rtol=0, atol=1e-7)
    # Where no rows are kept, by a solve for each.
    alone = solver.of_sums(solver.sums)
    np.testing.assert_allclose(alone.variance(X_new), expected, rtol=0, atol=1e-7)
    short = NUFFT(with_targets(system, targets(system.X)), max_iter=3)
    with pytest.warns(ConvergenceWarning, match=r"relative residual of .* in 3 iterations"):
        short.mean(X_new)
    assert short.n_iter == 3


def test_iterations_do_not_grow_with_the_rows_if_alpha_does(monkeypatch):
    monkeypatch.setattr(_nufft, "_MAX_DENSE_FEATURES", 10)
    iterations = []
    for n_rows in (2_000, 20_000):
        system = problem_of(Gaussian(5), rows(n_rows, 2), 1e-5 * n_rows)
        solver = NUFFT(with_targets(system, targets(system.X)), tol=1e-6)
        assert solver.coefficients.shape[0] == 2
        iterations.append(solver.n_iter)
    assert 1 < iterations[1] < 1.5 * iterations[0]


def test_constant_columns_are_a_box_without_extent():
    X = np.column_stack([rows(100, 1)[:, 0], np.zeros(100)])
    system, y = problem_of(Gaussian(4), X, 0.1), centered(targets(X))
    expected = dense_prediction(system, y, X)
    assert relative_error(solve_and_predict(system, y, X, tol=1e-9), expected) < 1e-7


@pytest.mark.parametrize(
    ("kernel", "n_features", "words"),
    [
        (Gaussian(1), 4, "X has 4"),
        (Basic(), 2, "has none"),
        (Cauchy(10), 2, "Take a smaller sigma, or a spectrum with lighter tails"),
        (Laplace(10), 3, "Fourier modes"),
        (Matern(10, nu=2.5), 2, "tol=1e-08 would need"),
        (Matern(10, nu=0.01), 1, "smaller sigma"),
        (Uniform(10), 2, "Fourier modes"),
    ],
)
def test_refusals_are_sentences_that_say_what_to_take(kernel, n_features, words):
    sentence = NUFFT(problem_of(kernel, rows(50, n_features), ALPHA), tol=1e-10).why_not()
    assert words in sentence
    assert sentence.endswith(".")
