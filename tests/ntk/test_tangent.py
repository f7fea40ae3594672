"""Networks at hand in the kernel regime, against linear models of their gradients by autograd."""

import numpy as np
import pytest
import torch
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler

from skfourier import CoordinateMLPRegressor, FourierFeatures
from skfourier.ntk import _kernel_matrix as matrices
from skfourier.ntk import eigenspectrum, empirical_ntk, predict_training

# Products of float64, added up over 30 steps.
EXACT = 1e-10
rng = np.random.default_rng(0)
X, X_TEST = rng.random((12, 2)), rng.random((5, 2))
# Two outputs of other scales: their errors are not alike in the units of y.
Y = np.stack([np.sin(5 * X[:, 0]), 3 + 20 * X[:, 1] ** 2], axis=1)


def network(max_iter=0, **params):
    return CoordinateMLPRegressor(
        (16, 16),
        embedding=FourierFeatures(1, n_frequencies=8),
        solver="sgd",
        batch_size="full",
        learning_rate="constant",
        learning_rate_init=0.05,
        max_iter=max_iter,
        random_state=0,
        **params,
    )


def jacobian(module, rows):
    """Differentiate the standardized outputs by all parameters, one after the other."""
    outputs, gradients = module[:-1](torch.tensor(rows)), []
    for output in outputs.flatten():
        parts = torch.autograd.grad(output, list(module.parameters()), retain_graph=True)
        gradients.append(torch.cat([part.flatten() for part in parts]))
    return torch.stack(gradients)


def linear_model(fitted, y, rate, n_steps, loss):
    """Train the network's first-order expansion in its parameters by torch."""
    module, mean, scale = fitted.module_, fitted.module_.scaling.mean, fitted.module_.scaling.scale
    target = (torch.tensor(y).reshape(len(X), -1) - mean) / scale
    on_train, on_test = jacobian(module, X), jacobian(module, X_TEST)
    start, start_test = (module[:-1](torch.tensor(rows)).detach() for rows in (X, X_TEST))
    move = torch.zeros(on_train.shape[1], dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.SGD([move], lr=rate)
    for _ in range(n_steps):
        optimizer.zero_grad()
        error = (start + (on_train @ move).reshape(start.shape) - target).square()
        (error.mean() if loss == "mean" else error.sum() / 2).backward()
        optimizer.step()
    with torch.no_grad():
        train = (start + (on_train @ move).reshape(start.shape)) * scale + mean
        test = (start_test + (on_test @ move).reshape(start_test.shape)) * scale + mean
    return train.numpy(), test.numpy()


@pytest.mark.parametrize("loss", ["mean", "half_sum"])
@pytest.mark.parametrize("max_iter", [0, 20])
@pytest.mark.parametrize("y", [Y, Y[:, :1], Y[:, 1]], ids=["two", "one", "flat"])
def test_equals_its_linear_model_trained_by_torch(loss, max_iter, y):
    fitted = network(max_iter).fit(X, y)
    rate = 0.02 if loss == "half_sum" else 0.01 * y.size
    train, test = linear_model(fitted, y, rate, 30, loss)
    result = predict_training(fitted, X, y, X_TEST, learning_rate=rate, steps=[0, 30], loss=loss)
    assert result.method == "dense"
    np.testing.assert_allclose(result.train[0], fitted.predict(X), rtol=0, atol=1e-13)
    np.testing.assert_allclose(result.test[0], fitted.predict(X_TEST), rtol=0, atol=1e-13)
    scale = np.abs(y).max()
    np.testing.assert_allclose(result.train[1], train.reshape(y.shape), rtol=0, atol=EXACT * scale)
    np.testing.assert_allclose(
        result.test[1], test.reshape(-1, *y.shape[1:]), rtol=0, atol=EXACT * scale
    )


def test_a_small_step_of_the_estimator_is_what_was_predicted():
    fitted = network(warm_start=True).fit(X, Y)
    before = fitted.predict(X)
    rate = 1e-4
    result = predict_training(fitted, X, Y, learning_rate=rate, steps=3, loss="mean")
    fitted.set_params(learning_rate_init=rate, max_iter=3).fit(X, Y)
    # The second order in the step: a share of the rate, times a curvature of order 10.
    np.testing.assert_allclose(
        fitted.predict(X) - before, result.train - before, rtol=0.01, atol=1e-3 * rate
    )


def test_a_pipeline_transforms_its_rows():
    pipeline = make_pipeline(MinMaxScaler(), network()).fit(X, Y)
    options = {"learning_rate": 0.01, "steps": 9, "loss": "half_sum"}
    scaler, inner = pipeline[0], pipeline[-1]
    expected = predict_training(inner, scaler.transform(X), Y, scaler.transform(X_TEST), **options)
    result = predict_training(pipeline, X, Y, X_TEST, **options)
    np.testing.assert_allclose(result.test, expected.test, rtol=0, atol=EXACT)


@pytest.mark.parametrize("parametrization", ["standard", "ntk"])
def test_the_parametrization_is_the_kernels(parametrization):
    fitted = network().fit(X, Y[:, 0])
    kernel = empirical_ntk(fitted, X, parametrization=parametrization)
    error = Y[:, 0] - fitted.predict(X)
    result = predict_training(
        fitted,
        X,
        Y[:, 0],
        learning_rate=0.01,
        steps=1,
        loss="half_sum",
        parametrization=parametrization,
    )
    step = 0.01 * kernel @ error
    np.testing.assert_allclose(result.train - fitted.predict(X), step, rtol=0, atol=EXACT)


def test_an_initial_function_of_ones_own():
    fitted, zero = network().fit(X, Y[:, 0]), np.zeros(len(X))
    options = {"learning_rate": 0.01, "steps": 1, "loss": "half_sum"}
    result = predict_training(fitted, X, Y[:, 0], initial_train=zero, **options)
    expected = 0.01 * empirical_ntk(fitted, X) @ Y[:, 0]
    np.testing.assert_allclose(result.train, expected, rtol=0, atol=EXACT)


@pytest.mark.parametrize("y", [Y, Y[:, 1]], ids=["two", "flat"])
def test_the_eigenspectrum_predicts_its_loss(y):
    fitted = network().fit(X, y)
    spectrum = eigenspectrum(fitted, X, y, loss="mean")
    assert spectrum.power.shape == (y.size,)
    steps, scale = np.array([0, 3, 30]), fitted.module_.scaling.scale.numpy()
    result = predict_training(
        fitted, X, y, learning_rate=spectrum.learning_rate, steps=steps, loss="mean"
    )
    left = (1 - 2 / y.size * spectrum.learning_rate * spectrum.eigenvalues) ** (2 * steps[:, None])
    errors = ((result.train - y).reshape(3, len(X), -1) / scale) ** 2
    np.testing.assert_allclose(left @ spectrum.power, errors.sum(axis=(1, 2)), rtol=1e-9)


def test_a_networks_loss_is_the_mean():
    fitted, options = network().fit(X, Y), {"learning_rate": 0.01, "steps": 3}
    by_default = predict_training(fitted, X, Y, **options)
    mean = predict_training(fitted, X, Y, loss="mean", **options)
    np.testing.assert_array_equal(by_default.train, mean.train)
    spectrum = eigenspectrum(fitted, X, Y)
    assert spectrum.learning_rate == eigenspectrum(fitted, X, Y, loss="mean").learning_rate
    with pytest.raises(ValueError, match="pass y, or loss='half_sum'"):
        eigenspectrum(fitted, X)


def test_what_is_refused(monkeypatch):
    fitted, options = network().fit(X, Y), {"learning_rate": 0.01, "steps": 1}
    with pytest.raises(ValueError, match=r"the 2 outputs that the network was fitted with\. Got 1"):
        predict_training(fitted, X, Y[:, 0], **options)
    with pytest.raises(ValueError, match="parametrization='mup' is unknown"):
        predict_training(fitted, X, Y, parametrization="mup", **options)
    monkeypatch.setattr(matrices, "_MAX_BYTES", 40 * 23**2)  # two outputs at 12 rows are 24
    with pytest.raises(ValueError, match=r"matrix of 24 rows takes .* at most 23 rows"):
        predict_training(fitted, X, Y, **options)
