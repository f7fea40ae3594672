"""Predicted training, against training: loops of gradient descent, exponentials, autograd."""

import numpy as np
import pytest
import torch
from scipy import linalg
from sklearn.gaussian_process.kernels import RBF, DotProduct, Kernel

from skfourier import FourierFeatures, FourierKernelRegressor
from skfourier._solvers import _choice
from skfourier.images import pixel_grid
from skfourier.ntk import NeuralTangentKernel, eigenspectrum, predict_training
from skfourier.ntk import _kernel_matrix as matrices
from skfourier.spectra import Gaussian, Laplace, Matern

STEPS = [0, 1, 2, 30, 200]
# Products of float64 matrices, added up over 200 steps, against closed forms: 100 times that.
EXACT = 1e-10


def scattered(n=40, seed=0):
    return np.random.default_rng(seed).random((n, 2))


def uneven_grid(shape=(9, 7), seed=0):
    rng = np.random.default_rng(seed)
    axes = [np.sort(rng.random(n)) for n in shape]
    X = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, len(shape))
    return X[rng.permutation(len(X))]


def even_grid(holes=0, seed=0):
    X = pixel_grid((8, 12))
    return X[np.random.default_rng(seed).permutation(len(X))][holes:]


def targets(X, n_outputs=2, seed=1):
    rng = np.random.default_rng(seed)
    return 1 + np.sin(5 * X[:, :1]) + rng.normal(size=(len(X), n_outputs))


def other_rows():
    """Return rows of each kind: a grid that is finer, and scattered ones."""
    rng = np.random.default_rng(3)
    return np.vstack([pixel_grid((16, 24))[::5], rng.uniform(-0.2, 1.2, (20, 2))])


def gradient_descent(kernel, X, y, X_test, rate):
    """Train by a loop: the coefficients of the kernel move, one step after the other."""
    K, across = kernel(X), kernel(X_test, X)
    coefficients, train, test = np.zeros_like(y), [], []
    for step in range(max(STEPS) + 1):
        if step in STEPS:
            train.append(K @ coefficients)
            test.append(across @ coefficients)
        coefficients = coefficients + rate * (y - K @ coefficients)
    return np.stack(train), np.stack(test)


CASES = {
    "scattered": (NeuralTangentKernel(3, base=Gaussian(3.0)), scattered(), "dense"),
    "raw": (DotProduct(), scattered(), "dense"),
    "product kernel, uneven grid": (Gaussian((1.0, 3.0)), uneven_grid(), "kronecker"),
    "product kernel, even grid": (Laplace(2.0), even_grid(), "kronecker"),
    "product kernel, holes": (Gaussian(3.0), even_grid(20), "toeplitz"),
    "any kernel, even grid": (NeuralTangentKernel(3, base=Gaussian(3.0)), even_grid(), "toeplitz"),
    "any kernel, holes": (Matern(3.0), even_grid(20), "toeplitz"),
    "any kernel, uneven grid": (Matern(3.0), uneven_grid(), "dense"),
}


@pytest.fixture
def polynomials_at_once(monkeypatch):
    """Take the polynomials for as few rows as a test has."""
    monkeypatch.setattr(_choice, "_FEW_ROWS", 10)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.usefixtures("polynomials_at_once")
def test_equals_a_loop_of_gradient_descent(name):
    kernel, X, method = CASES[name]
    y, X_test = targets(X), other_rows()
    rate = 1.9 / np.linalg.eigvalsh(kernel(X))[-1]
    expected = gradient_descent(kernel, X, y, X_test, rate)
    result = predict_training(kernel, X, y, X_test, learning_rate=rate, steps=STEPS)
    assert result.method == method
    # tol is an error of the whole of y; a test value's is no larger.
    tolerance = 1e-6 * np.linalg.norm(y) if method == "toeplitz" else EXACT
    np.testing.assert_allclose(result.train, expected[0], rtol=0, atol=tolerance)
    np.testing.assert_allclose(result.test, expected[1], rtol=0, atol=tolerance)
    np.testing.assert_allclose(
        result.loss, ((expected[0] - y) ** 2).mean(axis=(1, 2)), rtol=0, atol=10 * tolerance
    )
    # ARPACK was asked for nine digits.
    assert result.largest_stable_learning_rate == pytest.approx(2 / 1.9 * rate, rel=1e-8)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.usefixtures("polynomials_at_once")
def test_the_flow_is_an_exponential(name):
    kernel, X, method = CASES[name]
    y, X_test, times = targets(X), other_rows(), [0.0, 0.7, 10.0, 300.0]
    K, across = kernel(X), kernel(X_test, X)
    rate = 3 / np.linalg.eigvalsh(K)[-1]  # beyond what discrete steps can take
    result = predict_training(
        kernel, X, y, X_test, learning_rate=rate, steps=times, continuous=True
    )
    tolerance = 1e-6 * np.linalg.norm(y) if method == "toeplitz" else EXACT
    for i, time in enumerate(times):
        # d/dt (c, 1) = (rate (y - K c), 0), all columns at once.
        n, m = y.shape
        generator = np.zeros((n + m, n + m))
        generator[:n, :n], generator[:n, n:] = -rate * K, rate * y
        coefficients = linalg.expm(time * generator)[:n, n:]
        np.testing.assert_allclose(result.train[i], K @ coefficients, rtol=0, atol=tolerance)
        np.testing.assert_allclose(result.test[i], across @ coefficients, rtol=0, atol=tolerance)


@pytest.mark.parametrize("loss", ["half_sum", "mean"])
def test_equals_a_linear_model_trained_by_torch(loss):
    X, X_test, rate = scattered(), scattered(15, seed=5), 0.002
    y = targets(X)
    features = FourierFeatures(2, n_frequencies=10, random_state=0).fit(X)
    gamma, gamma_test = (torch.tensor(features.transform(rows)) for rows in (X, X_test))
    torch.manual_seed(0)
    model = torch.nn.Linear(20, 2, bias=False, dtype=torch.float64)
    if loss == "mean":
        rate *= y.size / 2
    optimizer = torch.optim.SGD(model.parameters(), lr=rate)
    criterion = torch.nn.MSELoss(reduction="sum" if loss == "half_sum" else "mean")
    train, test = [], []
    for _ in range(31):
        train.append(model(gamma).detach().numpy().copy())
        test.append(model(gamma_test).detach().numpy().copy())
        optimizer.zero_grad()
        error = criterion(model(gamma), torch.tensor(y))
        (error / 2 if loss == "half_sum" else error).backward()
        optimizer.step()
    result = predict_training(
        features.induced_kernel(),
        X,
        y,
        X_test,
        learning_rate=rate,
        steps=np.arange(31),
        loss=loss,
        initial_train=train[0],
        initial_test=test[0],
    )
    np.testing.assert_allclose(result.train, train, rtol=0, atol=EXACT)
    np.testing.assert_allclose(result.test, test, rtol=0, atol=EXACT)


def test_training_goes_on_from_where_it_was():
    kernel, X, X_test = Matern(3.0), scattered(), other_rows()
    y, rate = targets(X), 0.05
    whole = predict_training(kernel, X, y, X_test, learning_rate=rate, steps=[40, 100])
    second = predict_training(
        kernel,
        X,
        y,
        X_test,
        learning_rate=rate,
        steps=60,
        initial_train=whole.train[0],
        initial_test=whole.test[0],
    )
    np.testing.assert_allclose(second.train, whole.train[1], rtol=0, atol=EXACT)
    np.testing.assert_allclose(second.test, whole.test[1], rtol=0, atol=EXACT)


def test_the_end_is_kernel_interpolation():
    kernel, X, X_test = Matern(3.0, nu=0.5), scattered(), other_rows()
    y = targets(X)
    result = predict_training(kernel, X, y, X_test, learning_rate=1.0, steps=1e5, continuous=True)
    K = kernel(X)
    assert np.linalg.eigvalsh(K)[0] > 1e-3  # so e^-100 is left at most
    np.testing.assert_allclose(result.train, y, rtol=0, atol=EXACT)
    expected = kernel(X_test, X) @ np.linalg.solve(K, y)
    np.testing.assert_allclose(result.test, expected, rtol=0, atol=EXACT)


@pytest.mark.parametrize(("shape", "kernel"), [((64, 64), Gaussian(5.0)), ((1500,), Laplace(9.0))])
def test_polynomials_equal_the_modes_of_axes(shape, kernel, monkeypatch):
    axes = [np.arange(n) / n for n in shape]
    X = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, len(shape))
    y, X_test = targets(X, 3), X[::7] + 0.3 / shape[0]
    exact = predict_training(kernel, X, y, X_test, learning_rate=1e-3, steps=[100, 3000])
    assert exact.method == "kronecker"
    monkeypatch.setattr(_choice.Kronecker, "why_not", lambda _: "not in this test")
    other = predict_training(kernel, X, y, X_test, learning_rate=1e-3, steps=[100, 3000])
    assert other.method == "toeplitz"
    tolerance = 1e-6 * np.linalg.norm(y)
    np.testing.assert_allclose(other.train, exact.train, rtol=0, atol=tolerance)
    np.testing.assert_allclose(other.test, exact.test, rtol=0, atol=tolerance)
    assert np.linalg.norm(other.train - exact.train, axis=(1, 2)).max() < tolerance


# Shapes and dtypes --------------------------------------------------------------------------------


def test_shapes():
    X, X_test = scattered(), other_rows()
    y = targets(X)
    for outputs in (y, y[:, 0]):
        for steps in (3, np.int64(3), [3], [3, 5]):
            result = predict_training(RBF(), X, outputs, X_test, learning_rate=0.01, steps=steps)
            leading = np.shape(steps)
            assert result.train.shape == (*leading, *outputs.shape)
            assert result.test.shape == (*leading, len(X_test), *outputs.shape[1:])
            assert result.loss.shape == result.steps.shape == leading
            error = result.test - 1.0
            expected = (error.reshape(*leading, -1) ** 2).mean(axis=-1)
            np.testing.assert_allclose(
                result.test_loss(np.ones((len(X_test), *outputs.shape[1:]))), expected
            )


def test_outputs_do_not_meet():
    X = scattered()
    y = targets(X)
    both = predict_training(RBF(), X, y, learning_rate=0.01, steps=[5, 50])
    one = predict_training(RBF(), X, y[:, 1], learning_rate=0.01, steps=[5, 50])
    np.testing.assert_allclose(both.train[..., 1], one.train, rtol=0, atol=1e-13)
    assert both.test is None


def test_float32_stays():
    X = even_grid().astype(np.float32)
    y = targets(X).astype(np.float32)
    result = predict_training(Gaussian(2.0), X, y, X, learning_rate=0.01, steps=[3])
    assert result.method == "kronecker"
    assert result.train.dtype == result.test.dtype == np.float32


def test_far_coordinates_keep_their_digits():
    X = even_grid()
    y, options = targets(X), {"learning_rate": 0.01, "steps": 30}
    near = predict_training(Gaussian(2.0), X, y, X, **options)
    far = predict_training(Gaussian(2.0), X + 2.0**20, y, X + 2.0**20, **options)
    # Coordinates are rounded to 2^-33; the slope of the kernel is below 2 pi sigma.
    np.testing.assert_allclose(far.test, near.test, rtol=0, atol=1e-6)


def test_a_fitted_estimator_stands_for_its_kernel():
    X = even_grid()
    y = targets(X)
    model = FourierKernelRegressor(sigma=3).fit(X, y)
    options = {"learning_rate": 0.01, "steps": 30}
    expected = predict_training(Gaussian(3.0), X, y, **options)
    np.testing.assert_array_equal(predict_training(model, X, y, **options).train, expected.train)


def test_it_says_what_it_is():
    result = predict_training(RBF(), [[0.0], [1.0]], [1.0, 2.0], learning_rate=0.5, steps=[1, 9])
    assert repr(result) == (
        "<TrainingDynamics of 2 step(s), up to 9, learning_rate=0.5, method='dense'>"
    )


# What is refused ----------------------------------------------------------------------------------


class NoKernel(Kernel):
    """Stationary and symmetric, but the Fourier transform of nothing positive."""

    product, isotropic = False, True

    def __init__(self):
        pass

    def evaluate(self, lag):
        return np.cos(5 * np.linalg.norm(lag, axis=-1)) - np.linalg.norm(lag, axis=-1)

    def __call__(self, X, Y=None):
        return self.evaluate(X[:, None] - (X if Y is None else Y))

    def diag(self, X):
        return np.ones(len(X))

    def is_stationary(self):
        return True


class NoProductKernel(NoKernel):
    product = True


@pytest.mark.parametrize(
    ("kernel", "X"),
    [
        (NoKernel(), scattered()),
        (NoKernel(), even_grid()),
        (NoKernel(), even_grid(20)),
        (NoProductKernel(), even_grid()),
    ],
)
@pytest.mark.usefixtures("polynomials_at_once")
def test_what_is_not_positive_semidefinite(kernel, X):
    with pytest.raises(ValueError, match="not positive semidefinite on these rows: its least"):
        predict_training(kernel, X, targets(X), learning_rate=1e-3, steps=2)


@pytest.mark.parametrize("wrong", [np.nan, np.inf, 0.5])
def test_what_is_not_finite_and_symmetric(wrong):
    class Wrong(Gaussian):
        def __call__(self, X, Y=None, eval_gradient=False):
            K = super().__call__(X, Y, eval_gradient)
            K[0, 1] = wrong
            return K

        def is_stationary(self):
            return False

    X = scattered()
    with pytest.raises(ValueError, match="not finite and symmetric on these rows"):
        predict_training(Wrong(), X, targets(X), learning_rate=1e-3, steps=2)


@pytest.mark.parametrize("loss", ["half_sum", "mean"])
@pytest.mark.parametrize("X", [scattered(), even_grid()])
@pytest.mark.usefixtures("polynomials_at_once")
def test_a_learning_rate_that_diverges(X, loss):
    kernel, y = Matern(3.0), targets(X)
    unit = 1 if loss == "half_sum" else 2 / y.size
    stable = 2 / np.linalg.eigvalsh(kernel(X))[-1] / unit
    options = {"steps": [50], "loss": loss}
    with pytest.raises(ValueError, match=f"2 / largest eigenvalue, {stable:.5g}"[:-1]):
        predict_training(kernel, X, y, learning_rate=1.01 * stable, **options)
    result = predict_training(kernel, X, y, learning_rate=stable * (1 - 1e-9), **options)
    assert np.isfinite(result.train).all()
    predict_training(kernel, X, y, learning_rate=5 * stable, continuous=True, **options)


@pytest.mark.parametrize("steps", [-1, [3, -2], 1.5, [], [[1]], np.inf, "many", [np.nan]])
def test_what_are_no_steps(steps):
    with pytest.raises(ValueError, match="steps must"):
        predict_training(RBF(), [[0.0]], [1.0], learning_rate=0.1, steps=steps)


def test_too_many_rows_for_a_dense_matrix(monkeypatch):
    monkeypatch.setattr(matrices, "_MAX_BYTES", 40 * 39**2)
    with pytest.raises(ValueError, match=r"matrix of 40 rows takes.*at most 39 rows"):
        predict_training(RBF(), scattered(), targets(scattered()), learning_rate=0.1, steps=1)


def test_too_many_predictions():
    X = scattered()
    with pytest.raises(ValueError, match=r"take 25.6 GB on the way.*fewer steps"):
        predict_training(RBF(), X, targets(X), learning_rate=0.1, steps=np.arange(10_000_000))


@pytest.mark.parametrize("size", [1e-300, 1e-150, 1e150, 1e299])
def test_a_y_whose_squares_do_not_fit_is_refused(size):
    X, options = scattered(), {"learning_rate": 0.01, "steps": [0, 10]}
    y = targets(X)
    with pytest.raises(ValueError, match=r"^y reaches .* Scale y"):
        predict_training(RBF(), X, size * y, **options)
    with pytest.raises(ValueError, match=r"^y reaches .* Scale y"):
        eigenspectrum(RBF(), X, size * y)
    result = predict_training(RBF(), X, y, X, **options)
    with pytest.raises(ValueError, match=r"^y_test reaches .* Scale y"):
        result.test_loss(size * y)
    if size > 1:
        with pytest.raises(ValueError, match=r"^y - f_0 reaches .* Scale y"):
            predict_training(RBF(), X, y, initial_train=size * y, **options)


@pytest.mark.parametrize("size", [2.0**-450, 2.0**450])
def test_what_fits_scales(size):
    X, options = scattered(), {"learning_rate": 0.01, "steps": [0, 10]}
    y = targets(X)
    one, other = (predict_training(RBF(), X, s * y, X, **options) for s in (1, size))
    # Powers of two: the same numbers but for their exponent.
    np.testing.assert_array_equal(other.train / size, one.train)
    np.testing.assert_array_equal(other.test / size, one.test)
    np.testing.assert_array_equal(other.loss / size**2, one.loss)


def test_arguments_that_do_not_match():
    X, X_test = scattered(), other_rows()
    y, options = targets(X), {"learning_rate": 0.01, "steps": 1}
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        predict_training(RBF(), X, y[:-1], **options)
    with pytest.raises(ValueError, match=r"X_test must have the 2 columns of X\. Got 1"):
        predict_training(RBF(), X, y, X_test[:, :1], **options)
    with pytest.raises(ValueError, match="give both or none"):
        predict_training(RBF(), X, y, X_test, initial_train=y, **options)
    with pytest.raises(ValueError, match=r"initial_train must have shape \(40, 2\). Got \(40,\)"):
        predict_training(RBF(), X, y, initial_train=y[:, 0], **options)
    with pytest.raises(ValueError, match="Give a kernel"):
        predict_training("gaussian", X, y, **options)
    with pytest.raises(ValueError, match="X contains NaN"):
        predict_training(RBF(), X * np.nan, y, **options)
    with pytest.raises(ValueError, match="masked"):
        predict_training(RBF(), np.ma.masked_less(X, 0.5), y, **options)
    without = predict_training(RBF(), X, y, **options)
    with pytest.raises(ValueError, match="no predictions at test rows"):
        without.test_loss(y)
    result = predict_training(RBF(), X, y, X_test, **options)
    with pytest.raises(ValueError, match=r"y_test must have shape \(97, 2\)"):
        result.test_loss(y)
