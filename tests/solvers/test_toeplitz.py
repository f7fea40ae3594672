"""Stationary kernels on evenly spaced grids, against dense solves."""

import pickle

import numpy as np
import pytest
from problems import dense_matrix, problem_of
from problems import smooth_and_rough as targets
from scipy import fft, linalg
from sklearn.exceptions import ConvergenceWarning

from skfourier._solvers import _toeplitz_matrix
from skfourier._solvers._convolution import Convolution
from skfourier._solvers._cosines import CosineEigenvectors
from skfourier._solvers._kernel_matrix import DenseMatrix
from skfourier._solvers._problem import Problem
from skfourier._solvers._toeplitz import Toeplitz
from skfourier.images import pixel_grid
from skfourier.spectra import Frequencies, Gaussian, Matern

ALPHA = 1e-3


class ReluNTK:
    """The infinite-width NTK of a ReLU network, composed with a kernel: normalized, no bias.

    Jacot, Gabriel and Hongler 2018, with the arc-cosine kernels of Cho and Saul 2009: angle
    t = arccos(S); S <- (sin t + (pi - t) cos t) / pi and T <- S + T (pi - t) / pi.
    """

    def __init__(self, base, n_hidden_layers):
        self.base, self.n_hidden_layers = base, n_hidden_layers

    def scales(self, n_features):
        return self.base.scales(n_features)

    def evaluate(self, lag):
        covariance = tangent = self.base.evaluate(lag)
        for _ in range(self.n_hidden_layers):
            angle = np.arccos(np.clip(covariance, -1, 1))
            slope = (np.pi - angle) / np.pi
            covariance = np.sin(angle) / np.pi + slope * np.cos(angle)
            tangent = covariance + tangent * slope
        return tangent / (self.n_hidden_layers + 1)

    def __call__(self, X, Y=None):
        return self.evaluate(X[:, None] - (X if Y is None else Y))


def not_symmetric_under_reflection():
    """Return a finite kernel, normalized: k(d1, -d2) differs from k(d1, d2)."""
    frequencies = np.random.default_rng(0).normal(size=(4, 2))
    return Frequencies(frequencies, 0.5)


KERNELS = {
    "Matern-1.5": Matern(3.0),
    "Matern-2.5": Matern((1.0, 4.0), nu=2.5),
    "NTK": ReluNTK(Gaussian(3.0), 3),
    "Gaussian": Gaussian(3.0),
}
each_kernel = pytest.mark.parametrize("kernel", KERNELS.values(), ids=KERNELS)


def pixels(shape=(10, 12), seed=0):
    X = pixel_grid(shape)
    return X[np.random.default_rng(seed).permutation(len(X))]


def system_of(kernel, X, weight=None, alpha=ALPHA):
    return problem_of(kernel, X, alpha, weight)


def incomplete(kind, X):
    rng = np.random.default_rng(4)
    return {
        "full": (X, None),
        "holes": (X[:90], None),
        "sparse": (X[:25], None),
        "lines": (X[(X[:, 0] != X[0, 0]) & (X[:, 1] != X[0, 1])], None),
        "weights": (X, rng.integers(1, 6, len(X)).astype(float)),
        "both": (X[:90], rng.uniform(0.1, 3, 90)),
    }[kind]


@pytest.mark.parametrize("kind", ["full", "holes", "sparse", "lines", "weights", "both"])
@each_kernel
def test_against_a_dense_solve(kernel, kind):
    X, weight = incomplete(kind, pixels())
    system = system_of(kernel, X, weight)
    y, solver = targets(X), Toeplitz(system, tol=1e-10)
    assert solver.why_not() is None
    factor = linalg.cho_factor(dense_matrix(system))
    expected, coefficients = linalg.cho_solve(factor, y), solver.solve(y)
    # Error of the coefficients: the residual, tol |y|, over the least eigenvalue, at least the
    # least noise; |k*| <= sqrt(n) carries it to the prediction. Seen to be two digits smaller.
    tolerance = solver.tol * np.linalg.norm(y) / (ALPHA / system.weight.max())
    for places in (np.random.default_rng(2).uniform(-0.2, 1.2, (30, 2)), X, pixel_grid((20, 24))):
        across = kernel(places, X)
        values = solver.evaluate(coefficients, places)
        np.testing.assert_allclose(values, across @ expected, rtol=0, atol=tolerance)
    variance = 1 - np.einsum("ij,ji->i", across[:40], linalg.cho_solve(factor, across[:40].T))
    np.testing.assert_allclose(solver.variance(places[:40]), variance, rtol=0, atol=tolerance)


def test_a_kernel_that_is_not_symmetric_under_reflection():
    X = pixels()
    # Cosines are symmetric, and no help here: alpha is large.
    system = system_of(not_symmetric_under_reflection(), X, alpha=1.0)
    y, solver = targets(X), Toeplitz(system, tol=1e-10)
    values = solver.evaluate(solver.solve(y), X)
    kernel = system.kernel(X, X)
    expected = kernel @ np.linalg.solve(kernel + np.eye(len(X)), y)
    # The prediction's error is at most that of the residual, tol |y| with |y| < 20.
    np.testing.assert_allclose(values, expected, rtol=0, atol=2e-9)


@pytest.mark.parametrize("kind", ["full", "holes", "weights", "both"])
@pytest.mark.parametrize("tol", [1e-3, 1e-6, 1e-10])
def test_predictions_are_off_by_no_more_than_tol(kind, tol):
    X, weight = incomplete(kind, pixels())
    system = system_of(Matern(3.0), X, weight)
    y, solver = targets(X), Toeplitz(system, tol=tol)
    places = np.random.default_rng(3).uniform(-0.1, 1.1, (200, 2))
    expected = system.kernel(places, X) @ np.linalg.solve(dense_matrix(system), y)
    error = np.abs(solver.evaluate(solver.solve(y), places) - expected).max(axis=0)
    # In root mean squares of the targets. The bound is of the estimated energy norm; convolutions
    # have errors of 1e-9 of their own.
    assert np.all(error <= tol * np.sqrt(np.mean(y**2, axis=0)) + 1e-9)


@pytest.mark.parametrize("sigma", [3.0, 10.0])
def test_few_iterations(sigma):
    X = pixel_grid((64, 64))
    kernel, y = ReluNTK(Gaussian(sigma), 3), targets(X)
    solver = Toeplitz(system_of(kernel, X), tol=1e-6)
    solver.solve(y)
    assert solver.n_iter <= 20  # T. Chan's circulant: 50 and 30
    keep = np.random.default_rng(0).random(len(X)) < 0.8
    solver = Toeplitz(system_of(kernel, X[keep]), tol=1e-6)
    solver.solve(y[keep])
    assert solver.n_iter <= 80  # of near rows, which cost less than a product


@pytest.mark.parametrize("shape", [(40,), (3, 4, 5), (1, 6)])
def test_other_dimensions(shape):
    axes = [np.arange(n) / 10 for n in shape]
    X = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, len(shape))
    system, y = system_of(Matern(2.0), X), targets(X)
    solver = Toeplitz(system, tol=1e-10)
    coefficients = solver.solve(y)
    expected = np.linalg.solve(dense_matrix(system), y)
    test = np.random.default_rng(0).random((9, len(shape)))
    for places in (test, X, X + 0.05, X[:1]):
        values = solver.evaluate(coefficients, places)
        # tol over alpha, times |y|, about 7.
        across = system.kernel(places, X)
        np.testing.assert_allclose(values, across @ expected, rtol=0, atol=1e-6)


def test_prediction_by_convolution_is_that_by_dense_products():
    X = pixels()
    solver = Toeplitz(system_of(Matern(3.0), X), tol=1e-10)
    coefficients = solver.solve(targets(X))
    shifted = np.add(pixel_grid((60, 72))[::-1], (1 / 7, 1e-3))  # 36 copies of the training grid
    far = np.array([[1e9, -1e9], [3.0, 0.5], [np.finfo(float).max, 0.0]])
    test = np.vstack([shifted, np.random.default_rng(0).random((5, 2)), far[:2]])
    copies = [rows for rows, _ in solver.matrix._shifted_copies(solver.matrix._in_steps(test))]
    assert len(copies) == 36
    assert sum(map(len, copies)) == 60 * 72
    rows = solver.matrix.gather(coefficients).T
    dense = DenseMatrix(solver.problem.kernel, X).cross(rows, test)
    # A sum of 120 products, by FFT: rounding relative to the largest coefficients. The shifts are
    # known to the 3e-7 of a step that counts as rounding; here to that of float64.
    scale = np.abs(coefficients).sum()
    np.testing.assert_allclose(
        solver.evaluate(coefficients, test), dense, rtol=0, atol=1e-13 * scale
    )
    np.testing.assert_array_equal(solver.evaluate(coefficients, far[:1]), 0)


def test_float32_coordinates():
    n = 50
    X = (7 + pixel_grid((n, n))).astype(np.float32)
    kernel, y = Matern(3.0), targets(X.astype(float) - 7)
    problem = Problem.of(kernel, X, y, alpha=ALPHA)
    solver, moved = Toeplitz(problem), problem.X
    assert solver.why_not() is None
    values = solver.evaluate(solver.solve(y), moved)
    copies = list(solver.matrix._shifted_copies(solver.matrix._in_steps(moved)))
    assert len(copies) == 1
    exact = pixel_grid((n, n))
    other = Toeplitz(system_of(kernel, exact))
    # Coordinates off by 5e-7 change the kernel by 2 pi 3 5e-7 = 1e-5, and the solution, of a
    # condition that the noise bounds, by up to the root of n times that: observed 1e-4.
    np.testing.assert_allclose(values, other.evaluate(other.solve(y), exact), atol=1e-3)


# The parts ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("sigma", [0.5, 30.0])  # reaches over the grid; decays within it
@pytest.mark.parametrize("shift", [0.0, 0.3, -4.0, 25.0])
def test_convolution_is_the_product_with_a_kernel_matrix(sigma, shift):
    n, m, kernel = 20, 13, Gaussian(sigma)
    x, places = np.arange(n) / n, (shift + np.arange(m)) / n
    lags = (shift + np.arange(1 - n, m)) / n
    convolution = Convolution(kernel.evaluate(lags[:, None]), (n,))
    array = np.random.default_rng(0).normal(size=(2, n))
    expected = array @ kernel(x[:, None], places[:, None])
    np.testing.assert_allclose(convolution(array), expected, rtol=0, atol=1e-14)


def test_a_kernel_that_decays_takes_shorter_transforms():
    lags = np.linspace(-1, 1, 199)[:, None]
    assert Convolution(Gaussian(0.1).evaluate(lags), (100,)).lengths[0] >= 199
    assert Convolution(Gaussian(20.0).evaluate(lags), (100,)).lengths[0] < 120


@pytest.mark.parametrize("kernel", [*KERNELS.values(), not_symmetric_under_reflection()])
def test_cosine_modes_hold_the_diagonal(kernel):
    shape = (6, 5)
    X = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), -1).reshape(-1, 2) / 7
    axes = [np.arange(1 - n, n) / 7 for n in shape]
    modes = CosineEigenvectors(kernel.evaluate(np.stack(np.meshgrid(*axes, indexing="ij"), -1)))
    C = np.kron(*(fft.dct(np.eye(n), axis=0, norm="ortho") for n in shape))
    expected = np.diag(C @ kernel(X, X) @ C.T).reshape(shape)
    np.testing.assert_allclose(modes.values, expected, rtol=0, atol=1e-13)
    array = np.random.default_rng(0).normal(size=(2, *shape))
    np.testing.assert_allclose(modes.backward(modes.forward(array)), array, atol=1e-14)


# What is refused ----------------------------------------------------------------------------------


def test_what_is_refused():
    rng, kernel = np.random.default_rng(0), Matern(3.0)
    assert "evenly spaced" in Toeplitz(system_of(kernel, rng.random((50, 2)))).why_not()
    uneven = np.stack(np.meshgrid(rng.random(5), rng.random(4)), -1).reshape(-1, 2)
    assert "evenly spaced" in Toeplitz(system_of(kernel, uneven)).why_not()


def test_a_grid_too_large_for_memory_is_refused(monkeypatch):
    monkeypatch.setattr(_toeplitz_matrix, "_MAX_POINTS", 400)
    reason = Toeplitz(system_of(Matern(3.0), pixels())).why_not()
    assert "FFTs of 480 points" in reason


def test_a_warning_where_it_does_not_converge():
    X = pixels()
    solver = Toeplitz(system_of(Matern(3.0), X), tol=1e-10, max_iter=2)
    with pytest.warns(ConvergenceWarning, match=r"in 2 iterations; tol=1e-10"):
        solver.solve(targets(X))


def test_a_solver_goes_through_pickle():
    X = pixels()[:90]
    y, solver = targets(X), Toeplitz(system_of(Matern(3.0), X))
    coefficients = solver.solve(y)
    copy = pickle.loads(pickle.dumps(solver))
    np.testing.assert_array_equal(copy.evaluate(coefficients, X), solver.evaluate(coefficients, X))
