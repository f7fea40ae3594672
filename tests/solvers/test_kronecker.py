"""Product kernels on grids, against dense solves."""

import pickle

import numpy as np
import pytest
from scipy import linalg
from sklearn.exceptions import ConvergenceWarning
from sklearn.gaussian_process import GaussianProcessRegressor

from skfourier.grids import find_grid
from skfourier.images import pixel_grid
from skfourier.solvers._kronecker import Kronecker, MaskedKronecker
from skfourier.solvers._system import System
from skfourier.spectra import Cauchy, Gaussian, Laplace, Matern, Uniform

ALPHA = 1e-3
EPS = np.finfo(float).eps
KERNELS = [Gaussian(3.0), Gaussian((1.0, 4.0)), Uniform(2.0), Laplace(2.0), Cauchy(1.0)]
each_kernel = pytest.mark.parametrize("kernel", KERNELS, ids=repr)


def uneven_grid(n=11, m=9, seed=0):
    """Return the points of an uneven grid in random order."""
    rng = np.random.default_rng(seed)
    axes = np.sort(rng.random(n)), np.sort(rng.random(m))
    X = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 2)
    return X[rng.permutation(len(X))]


def system_of(kernel, X, weight=None, tol=1e-10, **parameters):
    parameters = {"alpha": ALPHA} | parameters
    return System(kernel, X, weight=weight, grid=find_grid(X), tol=tol, **parameters)


def dense_matrix(system):
    weight = np.ones(len(system.X)) if system.weight is None else system.weight
    return system.kernel(system.X) + np.diag(system.alpha / weight)


def targets(X, seed=1):
    rng = np.random.default_rng(seed)
    return np.stack([np.sin(9 * X[:, 0]), rng.normal(size=len(X))], axis=1)


def places(X, seed=2):
    """Return test points of each kind: scattered, a grid, a grid with holes, the rows, one."""
    scattered = np.random.default_rng(seed).uniform(-0.2, 1.2, (30, X.shape[1]))
    yield from (scattered, uneven_grid(5, 8, seed), uneven_grid(5, 8, seed)[:30], X, X[:1])


def condition(system):
    """Bound the condition of the system: n k(0) / alpha + 1, with weights as repeated rows."""
    weight = np.ones(len(system.X)) if system.weight is None else system.weight
    return weight.sum() / system.alpha + 1


@each_kernel
def test_a_full_grid_is_solved_exactly(kernel):
    system = system_of(kernel, uneven_grid())
    y, factor = targets(system.X), linalg.cho_factor(dense_matrix(system))
    solver = Kronecker(system)
    coefficients = solver.solve(y)
    tolerance = condition(system) * EPS * len(y)  # of a dense solve: here 2e-9
    expected = linalg.cho_solve(factor, y)
    scale = np.abs(expected).max()
    np.testing.assert_allclose(solver.dual(y), expected, rtol=0, atol=tolerance * scale)
    for X in places(system.X):
        values = solver.predict(coefficients, X)
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
    y, solver = targets(system.X), Kronecker(system)
    other = solver.with_alpha(0.1)
    assert other.modes is solver.modes
    fresh = Kronecker(system_of(Gaussian(3.0), system.X, alpha=0.1))
    np.testing.assert_array_equal(other.dual(y), fresh.dual(y))
    assert solver.system.alpha == ALPHA


def test_against_gaussian_process_regressor():
    X, kernel = uneven_grid(), Gaussian(3.0, sigma_bounds="fixed")
    y, test = targets(X)[:, :1], np.random.default_rng(3).random((20, 2))
    process = GaussianProcessRegressor(kernel, alpha=ALPHA, optimizer=None).fit(X, y[:, 0])
    mean, deviation = process.predict(test, return_std=True)
    solver = Kronecker(system_of(kernel, X))
    tolerance = (len(X) / ALPHA + 1) * EPS * len(X)
    np.testing.assert_allclose(solver.predict(solver.solve(y), test)[:, 0], mean, atol=tolerance)
    np.testing.assert_allclose(solver.variance(test), deviation**2, atol=tolerance)
    likelihood = -0.5 * (
        (y * solver.dual(y)).sum() + solver.log_determinant() + len(X) * np.log(2 * np.pi)
    )
    assert likelihood == pytest.approx(process.log_marginal_likelihood_value_, rel=1e-8)


@pytest.mark.parametrize("n_features", [1, 3])
def test_other_dimensions(n_features):
    X = np.stack(np.meshgrid(*[[0.0, 0.1, 0.3, 0.7]] * n_features), -1).reshape(-1, n_features)
    system = system_of(Gaussian(1.0), X)
    y = targets(X)
    expected = np.linalg.solve(dense_matrix(system), y)
    solver = Kronecker(system)
    test = np.random.default_rng(0).random((9, n_features))
    values = solver.predict(solver.solve(y), test)
    tolerance = condition(system) * EPS * len(X)
    np.testing.assert_allclose(values, system.kernel(test, X) @ expected, atol=tolerance)


def test_any_kernel_is_a_product_in_one_dimension():
    system = system_of(Matern(3.0), np.random.default_rng(0).random((40, 1)))
    assert Kronecker.why_not(system) is None
    y = targets(system.X)
    expected = np.linalg.solve(dense_matrix(system), y)
    scale = np.abs(expected).max()
    # Condition times rounding.
    np.testing.assert_allclose(Kronecker(system).dual(y), expected, atol=1e-9 * scale)


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
    y, solver = targets(X), MaskedKronecker(system)
    coefficients = solver.solve(y)
    matrix = dense_matrix(system)
    # The prediction at the rows is y less noise; elsewhere |k*| |c|, whose error is at most that
    # of the residual, tol |y|, over the least noise: observed two digits below this.
    tolerance = system.tol * np.linalg.norm(y) / (ALPHA / solver.weight.max())
    inverse = np.linalg.inv(matrix)
    for places_ in places(X):
        across = kernel(places_, X)
        values = solver.predict(coefficients, places_)
        np.testing.assert_allclose(values, across @ inverse @ y, rtol=0, atol=tolerance)
        variance = 1 - np.einsum("ij,ij->i", across @ inverse, across)
        np.testing.assert_allclose(solver.variance(places_), variance, rtol=0, atol=tolerance)


@pytest.mark.parametrize("tol", [1e-3, 1e-6, 1e-10])
@pytest.mark.parametrize("kind", ["holes", "sparse", "weights", "both"])
def test_the_residual_of_the_rows_is_below_tol(kind, tol):
    X, weight = incomplete(kind, uneven_grid())
    system = system_of(Gaussian(2.0), X, weight, tol=tol)
    y, solver = targets(X), MaskedKronecker(system)
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
    solver = MaskedKronecker(system_of(kernel, X, weight.astype(float)))
    test = np.random.default_rng(1).random((20, 2))
    expected = kernel(test, repeated) @ c
    # tol = 1e-10 over alpha / 3, times the size of y, 10.
    np.testing.assert_allclose(solver.predict(solver.solve(y), test), expected, atol=3e-6)


def test_few_iterations_with_a_fifth_of_the_pixels_missing():
    pixels = pixel_grid((64, 64))
    X = pixels[np.random.default_rng(0).permutation(len(pixels))[: 4 * len(pixels) // 5]]
    solver = MaskedKronecker(system_of(Gaussian(5.0), X, tol=1e-6))
    solver.solve(targets(X))
    assert solver.n_iter < 60  # 40 when written; over 500 without preconditioner


def test_a_warning_where_it_does_not_converge():
    X = uneven_grid()[:70]
    solver = MaskedKronecker(system_of(Gaussian(3.0), X, max_iter=3))
    with pytest.warns(ConvergenceWarning, match=r"in 3 iterations; tol=1e-10"):
        solver.solve(targets(X))


def test_many_deviations_are_refused():
    X = uneven_grid()[:70]
    solver = MaskedKronecker(system_of(Gaussian(3.0), X))
    with pytest.raises(ValueError, match=r"deviations of 1001 rows.*at most 1000.*'cholesky'"):
        solver.variance(np.zeros((1001, 2)))


# What is refused ----------------------------------------------------------------------------------


@pytest.mark.parametrize("solver", [Kronecker, MaskedKronecker])
def test_what_both_refuse(solver):
    X = uneven_grid()
    assert solver.why_not(system_of(Gaussian(), X)) is None
    scattered = np.random.default_rng(0).random((50, 2))
    assert "'nufft'" in solver.why_not(system_of(Gaussian(), scattered))
    assert "Matern" in solver.why_not(system_of(Matern(), X))
    assert "5000" in solver.why_not(system_of(Gaussian(), np.arange(5000.0)[:, None]))


def test_what_only_the_exact_one_refuses():
    X = uneven_grid()
    holes, weights = system_of(Gaussian(), X[:70]), system_of(Gaussian(), X, np.ones(len(X)))
    assert "29 holes" in Kronecker.why_not(holes)
    assert "weight" in Kronecker.why_not(weights)
    assert MaskedKronecker.why_not(holes) is None
    assert MaskedKronecker.why_not(weights) is None


@pytest.mark.parametrize("cls", [Kronecker, MaskedKronecker])
def test_a_solver_goes_through_pickle(cls):
    X = uneven_grid()
    y, solver = targets(X), cls(system_of(Gaussian(3.0), X))
    coefficients = solver.solve(y)
    copy = pickle.loads(pickle.dumps(solver))
    np.testing.assert_array_equal(copy.predict(coefficients, X), solver.predict(coefficients, X))
