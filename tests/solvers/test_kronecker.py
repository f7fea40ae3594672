"""Product kernels on grids, against dense solves."""

import pickle

import numpy as np
import pytest
from problems import (
    centered,
    condition,
    dense_matrix,
    problem_of,
    uneven_grid,
)
from problems import smooth_and_rough as targets
from scipy import linalg
from sklearn.exceptions import ConvergenceWarning
from sklearn.gaussian_process import GaussianProcessRegressor

from skfourier._solvers._kronecker import Kronecker
from skfourier._solvers._masked_kronecker import MaskedKronecker
from skfourier.images import pixel_grid
from skfourier.spectra import Cauchy, Gaussian, Laplace, Matern, Uniform

ALPHA = 1e-3
EPS = np.finfo(float).eps
KERNELS = [Gaussian(3.0), Gaussian((1.0, 4.0)), Uniform(2.0), Laplace(2.0), Cauchy(1.0)]
each_kernel = pytest.mark.parametrize("kernel", KERNELS, ids=repr)


def system_of(kernel, X, weight=None, alpha=ALPHA):
    return problem_of(kernel, X, alpha, weight, centered(targets(X), weight))


def places(X, seed=2):
    """Return test points of each kind: scattered, a grid, a grid with holes, the rows, one."""
    scattered = np.random.default_rng(seed).uniform(-0.2, 1.2, (30, X.shape[1]))
    yield from (scattered, uneven_grid(5, 8, seed), uneven_grid(5, 8, seed)[:30], X, X[:1])


@each_kernel
def test_a_full_grid_is_solved_exactly(kernel):
    system = system_of(kernel, uneven_grid())
    y, factor = system.y, linalg.cho_factor(dense_matrix(system))
    solver = Kronecker(system)
    coefficients = solver.solve(y)
    tolerance = condition(system) * EPS * len(y)  # of a dense solve: here 2e-9
    expected = linalg.cho_solve(factor, y)
    scale = np.abs(expected).max()
    np.testing.assert_allclose(solver.dual(), expected, rtol=0, atol=tolerance * scale)
    for X in places(system.X):
        values = solver.evaluate(coefficients, X)
        np.testing.assert_allclose(values, kernel(X, system.X) @ expected, rtol=0, atol=tolerance)
    assert solver.n_iter == 1


@each_kernel
def test_factors_of_a_full_grid(kernel):
    system = system_of(kernel, uneven_grid())
    matrix = dense_matrix(system)
    inverse, solver = np.linalg.inv(matrix), Kronecker(system)
    tolerance = condition(system) * EPS * len(matrix)
    assert solver.log_determinant() == pytest.approx(np.linalg.slogdet(matrix)[1], rel=tolerance)
    diagonal = np.diag(inverse)
    np.testing.assert_allclose(solver.inverse_diagonal(), diagonal, rtol=tolerance)
    for X in places(system.X):
        across = kernel(X, system.X)
        variance = 1 - np.einsum("ij,ij->i", across @ inverse, across)
        np.testing.assert_allclose(solver.variance(X), variance, rtol=0, atol=tolerance)


def test_another_alpha_redoes_nothing():
    system = system_of(Gaussian(3.0), uneven_grid())
    solver = Kronecker(system)
    other = solver.with_alpha(0.1)
    assert other.matrix is solver.matrix
    fresh = Kronecker(system_of(Gaussian(3.0), system.X, alpha=0.1))
    np.testing.assert_array_equal(other.dual(), fresh.dual())
    assert solver.problem.alpha == ALPHA


def test_against_gaussian_process_regressor():
    X, kernel = uneven_grid(), Gaussian(3.0, sigma_bounds="fixed")
    test, solver = np.random.default_rng(3).random((20, 2)), Kronecker(system_of(kernel, X))
    y = solver.problem.y
    process = GaussianProcessRegressor(kernel, alpha=ALPHA, optimizer=None).fit(X, y)
    mean, deviation = process.predict(test, return_std=True)
    tolerance = (len(X) / ALPHA + 1) * EPS * len(X)
    np.testing.assert_allclose(solver.mean(test), mean, atol=tolerance)
    np.testing.assert_allclose(solver.variance(test), deviation[:, 0] ** 2, atol=tolerance)
    process.fit(X, y / y.std(axis=0))
    expected = process.log_marginal_likelihood_value_
    assert solver.log_marginal_likelihood == pytest.approx(expected, rel=1e-8)


@pytest.mark.parametrize("n_features", [1, 3])
def test_other_dimensions(n_features):
    X = np.stack(np.meshgrid(*[[0.0, 0.1, 0.3, 0.7]] * n_features), -1).reshape(-1, n_features)
    system = system_of(Gaussian(1.0), X)
    y = system.y
    expected = np.linalg.solve(dense_matrix(system), y)
    solver = Kronecker(system)
    test = np.random.default_rng(0).random((9, n_features))
    values = solver.evaluate(solver.solve(y), test)
    tolerance = condition(system) * EPS * len(X)
    np.testing.assert_allclose(values, system.kernel(test, X) @ expected, atol=tolerance)


def test_any_kernel_is_a_product_in_one_dimension():
    system = system_of(Matern(3.0), np.random.default_rng(0).random((40, 1)))
    assert Kronecker(system).why_not() is None
    expected = np.linalg.solve(dense_matrix(system), system.y)
    scale = np.abs(expected).max()
    # Condition times rounding.
    np.testing.assert_allclose(Kronecker(system).dual(), expected, atol=1e-9 * scale)


# Holes and weights --------------------------------------------------------------------------------


def incomplete(kind, X):
    """Return rows and weights of a grid that is not what `Kronecker` takes."""
    rng = np.random.default_rng(4)
    if kind == "holes":
        return X[:70], None
    if kind == "sparse":
        return X[:25], None
    if kind == "weights":
        return X, rng.integers(1, 6, len(X)).astype(float)
    return X[:70], rng.uniform(0.01, 3, 70)


@pytest.mark.parametrize("kind", ["holes", "sparse", "weights", "both"])
@each_kernel
def test_holes_and_weights(kernel, kind):
    X, weight = incomplete(kind, uneven_grid())
    system = system_of(kernel, X, weight)
    y, solver = targets(X), MaskedKronecker(system, tol=1e-10)
    coefficients = solver.solve(y)
    matrix = dense_matrix(system)
    # The prediction at the rows is y less noise; elsewhere |k*| |c|, whose error is at most that
    # of the residual, tol |y|, over the least noise: observed two digits below this.
    tolerance = solver.tol * np.linalg.norm(y) / (ALPHA / system.weight.max())
    inverse = np.linalg.inv(matrix)
    for places_ in places(X):
        across = kernel(places_, X)
        values = solver.evaluate(coefficients, places_)
        np.testing.assert_allclose(values, across @ inverse @ y, rtol=0, atol=tolerance)
        variance = 1 - np.einsum("ij,ij->i", across @ inverse, across)
        np.testing.assert_allclose(solver.variance(places_), variance, rtol=0, atol=tolerance)


@pytest.mark.parametrize("tol", [1e-3, 1e-6, 1e-10])
@pytest.mark.parametrize("kind", ["holes", "sparse", "weights", "both"])
def test_the_residual_of_the_rows_is_below_tol(kind, tol):
    X, weight = incomplete(kind, uneven_grid())
    system = system_of(Gaussian(2.0), X, weight)
    y, solver = targets(X), MaskedKronecker(system, tol=tol)
    c = system.grid.gather(solver.solve(y))
    residual = np.linalg.norm(y - dense_matrix(system) @ c, axis=0) / np.linalg.norm(y, axis=0)
    assert np.all(residual <= 1.1 * tol + 1e-11)  # modes left out: a tenth of tol
    assert solver.n_iter > 1


def test_weights_are_repeated_rows():
    X = uneven_grid()
    weight = np.random.default_rng(0).integers(1, 4, len(X))
    y, kernel = targets(X), Gaussian(3.0)
    repeated = np.repeat(X, weight, axis=0)
    matrix = kernel(repeated) + ALPHA * np.eye(len(repeated))
    c = np.linalg.solve(matrix, np.repeat(y, weight, axis=0))
    solver = MaskedKronecker(system_of(kernel, X, weight.astype(float)), tol=1e-10)
    test = np.random.default_rng(1).random((20, 2))
    expected = kernel(test, repeated) @ c
    # tol = 1e-10 over alpha / 3, times the size of y, 10.
    np.testing.assert_allclose(solver.evaluate(solver.solve(y), test), expected, atol=3e-6)


def test_few_iterations_with_a_fifth_of_the_pixels_missing():
    pixels = pixel_grid((64, 64))
    X = pixels[np.random.default_rng(0).permutation(len(pixels))[: 4 * len(pixels) // 5]]
    solver = MaskedKronecker(system_of(Gaussian(5.0), X), tol=1e-6)
    solver.solve(targets(X))
    assert solver.n_iter < 60  # 40 when written; over 500 without preconditioner


def test_a_warning_where_it_does_not_converge():
    X = uneven_grid()[:70]
    solver = MaskedKronecker(system_of(Gaussian(3.0), X), tol=1e-10, max_iter=3)
    with pytest.warns(ConvergenceWarning, match=r"in 3 iterations; tol=1e-10"):
        solver.solve(targets(X))


# What is refused ----------------------------------------------------------------------------------


@pytest.mark.parametrize("cls", [Kronecker, MaskedKronecker])
def test_what_both_refuse(cls):
    X = uneven_grid()
    assert cls(system_of(Gaussian(), X)).why_not() is None
    scattered = np.random.default_rng(0).random((50, 2))
    assert "form a grid" in cls(system_of(Gaussian(), scattered)).why_not()
    assert "Matern" in cls(system_of(Matern(), X)).why_not()
    assert "5000" in cls(system_of(Gaussian(), np.arange(5000.0)[:, None])).why_not()


def test_what_only_the_exact_one_refuses():
    X = uneven_grid()
    holes = system_of(Gaussian(), X[:70])
    equal, other = np.full(len(X), 3.0), np.arange(1.0, len(X) + 1)
    assert "29 holes" in Kronecker(holes).why_not()
    assert "weight" in Kronecker(system_of(Gaussian(), X, other)).why_not()
    assert Kronecker(system_of(Gaussian(), X, equal)).why_not() is None
    assert MaskedKronecker(holes).why_not() is None
    assert MaskedKronecker(system_of(Gaussian(), X, other)).why_not() is None


@pytest.mark.parametrize("cls", [Kronecker, MaskedKronecker])
def test_a_solver_goes_through_pickle(cls):
    X = uneven_grid()
    y, solver = targets(X), cls(system_of(Gaussian(3.0), X))
    coefficients = solver.solve(y)
    copy = pickle.loads(pickle.dumps(solver))
    np.testing.assert_array_equal(copy.evaluate(coefficients, X), solver.evaluate(coefficients, X))
