"""Equation 1 against gradients written out sample by sample, and against the infinite width."""

import math

import numpy as np
import pytest
import torch
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LinearRegression
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import nn

from skfourier import CoordinateMLPRegressor, FourierFeatures
from skfourier.activations import ACTIVATIONS
from skfourier.ntk import NeuralTangentKernel, _empirical, empirical_ntk

EPS = np.finfo(np.float64).eps
X = np.random.default_rng(0).uniform(size=(7, 2))
X_OTHER = np.random.default_rng(1).uniform(size=(5, 2))
Y = np.stack([np.sin(5 * X[:, 0]), X[:, 1], 100 * X[:, 0] * X[:, 1]], axis=1)

NETWORKS = {
    "sine": {},
    "relu, batch norm": {"activation": "relu", "batch_norm": True},
    "sigmoid": {"activation": "tanh", "output_activation": "sigmoid"},
    "raw coordinates": {"embedding": None, "activation": "siren"},
    "no hidden layer": {"hidden_layer_sizes": ()},
}
each_network = pytest.mark.parametrize("params", NETWORKS.values(), ids=NETWORKS)


def fitted(y=Y, **params):
    defaults = {
        "hidden_layer_sizes": (16, 12),
        "embedding": FourierFeatures(n_frequencies=8, random_state=0),
        "max_iter": 3,
        "random_state": 0,
        "precision": "float64",
    }
    if params.get("output_activation") == "sigmoid":
        y = np.abs(y) / 100
    return CoordinateMLPRegressor(**{**defaults, **params}).fit(X, y)


def jacobians(network, X):
    """Every output's gradient at every sample by a pass of its own, (n, k, P)."""
    parameters = list(network.parameters())

    def gradient(output):
        gradients = torch.autograd.grad(output, parameters, retain_graph=True)
        return torch.cat([g.flatten() for g in gradients])

    rows = []
    for x in torch.tensor(X):
        outputs = network[:-1](x[None])[0]  # before the scaling to the units of y
        rows.append(torch.stack([gradient(output) for output in outputs]))
    return torch.stack(rows).numpy()


def initial_variances(estimator):
    """The variance of each parameter as the initializations are documented, written out again."""
    variances = []
    for name, layer in estimator.module_.named_children():
        if isinstance(layer, nn.BatchNorm1d):
            variances += [np.zeros(layer.weight.numel()), np.zeros(layer.bias.numel())]
        if not isinstance(layer, nn.Linear):
            continue
        n, m = layer.in_features, layer.out_features
        weight, bias = 1 / (3 * n), 1 / (3 * n)
        if name != "output" and estimator.activation == "tanh":
            weight, bias = (5 / 3) ** 2 * 2 / (n + m), 0
        elif name != "output" and estimator.activation == "siren":
            weight = 1 / (3 * n**2) if name == "linear1" else 2 / (900 * n)
        elif name != "output" and estimator.activation == "sine":
            weight, bias = 1.5**2 / n, 0
        variances += [np.full(n * m, weight), np.full(m, bias)]
    return np.concatenate(variances)


# Against gradients written out --------------------------------------------------------------------


@each_network
@pytest.mark.parametrize("parametrization", ["standard", "ntk"])
def test_equals_the_product_of_written_out_gradients(parametrization, params):
    estimator = fitted(**params)
    J, J_other = (jacobians(estimator.module_, Z) for Z in (X, X_OTHER))
    v = 1 if parametrization == "standard" else initial_variances(estimator)
    expected = np.einsum("ikp,jlp->ijkl", J * v, J_other)
    size = np.abs(expected).max()
    options = {"parametrization": parametrization}
    full = empirical_ntk(estimator, X, X_OTHER, outputs="full", **options)
    # Sums of at most 600 parameters in another order.
    np.testing.assert_allclose(full, expected, rtol=0, atol=600 * EPS * size)
    mean = empirical_ntk(estimator, X, X_OTHER, **options)
    trace = np.einsum("ijkk->ij", expected)
    np.testing.assert_allclose(3 * mean, trace, rtol=0, atol=600 * EPS * 3 * size)
    symmetric = empirical_ntk(estimator, X, outputs="full", **options)
    expected = np.einsum("ikp,jlp->ijkl", J * v, J)
    np.testing.assert_allclose(symmetric, expected, rtol=0, atol=600 * EPS * np.abs(expected).max())


@pytest.mark.parametrize("initialization", ["he", "torch"])
def test_the_variances_of_the_other_initializations(initialization):
    estimator = fitted(initialization=initialization)
    J = jacobians(estimator.module_, X)
    variances = []
    for layer in (m for m in estimator.module_ if isinstance(m, nn.Linear)):
        n, he = layer.in_features, initialization == "he"
        variances += [np.full(layer.weight.numel(), 2 / n if he else 1 / (3 * n))]
        variances += [np.full(layer.out_features, 0 if he else 1 / (3 * n))]
    expected = np.einsum("ikp,jkp->ij", J * np.concatenate(variances), J) / 3
    kernel = empirical_ntk(estimator, X, parametrization="ntk")
    np.testing.assert_allclose(kernel, expected, rtol=0, atol=600 * EPS * expected.max())


@pytest.mark.parametrize("initialization", ["auto", "he", "torch"])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_the_variances_are_those_of_the_draws(activation, initialization):
    network = fitted(
        hidden_layer_sizes=(400, 300),
        activation=activation,
        initialization=initialization,
        max_iter=0,
    ).module_
    for layer in (network.linear1, network.linear2, network.output):
        for parameter, variance in zip(
            (layer.weight, layer.bias), layer.initial_variances, strict=True
        ):
            # A mean of n squares of normals has the relative standard error sqrt(2 / n); uniform
            # draws spread less. Five of them. Biases of variance 0 are 0.
            error = 5 * math.sqrt(2 / parameter.numel())
            assert parameter.square().mean().item() == pytest.approx(variance, rel=error)


class TrainedSine(nn.Module):
    """An activation with a parameter of its own: no outer product."""

    def __init__(self):
        super().__init__()
        self.frequency = nn.Parameter(torch.tensor(1.3, dtype=torch.float64))

    def forward(self, z):
        return torch.sin(self.frequency * z)


def test_any_other_module_is_differentiated_by_torch_func():
    estimator = fitted(batch_norm=True)
    estimator.module_.activation1 = TrainedSine().double()
    J = jacobians(estimator.module_, X)
    expected = np.einsum("ikp,jlp->ijkl", J, J)
    full = empirical_ntk(estimator, X, outputs="full")
    np.testing.assert_allclose(full, expected, rtol=0, atol=600 * EPS * np.abs(expected).max())
    with pytest.raises(ValueError, match=r"not known of 'activation1\.frequency'\. Take"):
        empirical_ntk(estimator, X, parametrization="ntk")


@pytest.mark.parametrize("own_parameter", [False, True])
def test_frozen_parameters_do_not_count(own_parameter):
    estimator = fitted()
    network = estimator.module_
    if own_parameter:
        network.activation1 = TrainedSine()
    trained = list(network.parameters())
    frozen = [network.linear1.weight, network.linear1.bias, network.output.bias]
    keep = np.concatenate(
        [np.full(p.numel(), not any(p is other for other in frozen)) for p in trained]
    )
    J = jacobians(network, X) * keep
    for parameter in frozen:
        parameter.requires_grad_(False)
    expected = np.einsum("ikp,jkp->ij", J, J) / 3
    np.testing.assert_allclose(
        empirical_ntk(estimator, X), expected, rtol=0, atol=600 * EPS * expected.max()
    )


# Laws ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("outputs", ["mean", "full"])
def test_blocks_and_symmetry(outputs, monkeypatch):
    estimator = fitted()
    whole = empirical_ntk(estimator, X, outputs=outputs)
    other = empirical_ntk(estimator, X, X_OTHER, outputs=outputs)
    monkeypatch.setattr(_empirical, "_BLOCK_ROWS", 9 if outputs == "full" else 3)  # 3 rows: 3, 3, 1
    assert _empirical._block_rows(estimator.module_, outputs == "full") == 3
    tolerance = 600 * EPS * np.abs(whole).max()
    blocks = empirical_ntk(estimator, X, outputs=outputs)
    np.testing.assert_allclose(blocks, whole, rtol=0, atol=tolerance)
    np.testing.assert_allclose(
        empirical_ntk(estimator, X, X_OTHER, outputs=outputs), other, rtol=0, atol=tolerance
    )
    swapped = blocks.transpose(1, 0, 3, 2) if outputs == "full" else blocks.T
    np.testing.assert_array_equal(blocks, swapped)


def test_a_small_step_of_gradient_descent_moves_the_outputs_by_it():
    estimator = fitted()
    network, eta = estimator.module_, 1e-7
    targets, points = torch.tensor(Y), torch.tensor(X)
    targets = (targets - network.scaling.mean) / network.scaling.scale
    before = network[:-1](points)
    gradient = (before - targets).detach()
    loss = 0.5 * (before - targets).square().sum()
    steps = torch.autograd.grad(loss, list(network.parameters()))
    with torch.no_grad():
        kernel = empirical_ntk(estimator, X, outputs="full")
        for parameter, step in zip(network.parameters(), steps, strict=True):
            parameter.sub_(eta * step)
        moved = (network[:-1](points) - before).numpy()
    expected = -eta * np.einsum("ijkl,jl->ik", kernel, gradient.numpy())
    # The second order is eta times the first, times curvatures of the outputs below 1e3; outputs
    # of size 1 are rounded to EPS.
    np.testing.assert_allclose(
        moved, expected, rtol=0, atol=1e-4 * np.abs(expected).max() + 8 * EPS
    )


@pytest.mark.parametrize(
    ("activation", "factor"), [("relu", 1), ("sine", 1 / 3 / 1.5**2), ("erf", 1 / 3 / 1.5**2)]
)
def test_a_wide_network_is_near_the_infinitely_wide_one(activation, factor):
    width, n_hidden_layers = 2048, 2
    estimator = fitted(
        y=Y[:, :1],
        hidden_layer_sizes=(width,) * n_hidden_layers,
        activation=activation,
        initialization="he" if activation == "relu" else "auto",
        max_iter=0,
    )
    kernel = empirical_ntk(estimator, X, parametrization="ntk")
    base = estimator.embedding_.induced_kernel()
    limit = factor * NeuralTangentKernel(n_hidden_layers, activation, base=base)(X)
    # An inner product over a layer is a mean of `width` terms, u phi(u) and the like, whose
    # relative variance is below 5 (that of the squares of halves of normals, with the largest tails
    # here). Such means are passed on through L layers forwards, and as many backwards, and the
    # errors add up: sqrt(5 * 2 L / width), of which three deviations are allowed.
    tolerance = 3 * math.sqrt(5 * 2 * n_hidden_layers / width)
    assert np.abs(kernel - limit).max() < tolerance * limit.max()
    # The bound would notice a layer left out: it is a third of the kernel.
    assert tolerance < 1 / 3


def test_features_of_unit_length_scale_the_rectifiers_kernel():
    def kernel(amplitude):
        embedding = FourierFeatures(n_frequencies=8, random_state=0, amplitude=amplitude)
        network = fitted(activation="relu", initialization="he", embedding=embedding, max_iter=0)
        return empirical_ntk(network, X, parametrization="ntk")

    np.testing.assert_allclose(kernel(1 / math.sqrt(8)), kernel(1.0) / 8, rtol=1e-12)


def test_a_pipeline_is_the_network_on_what_its_steps_make_of_X():
    scaler = StandardScaler().fit(X)
    features = FourierFeatures(n_frequencies=8, random_state=0)
    params = {"random_state": 0, "max_iter": 2, "precision": "float64"}
    network = CoordinateMLPRegressor((16,), **params)
    pipeline = make_pipeline(scaler, features, network).fit(X, Y)
    transformed = [features.fit(X).transform(scaler.transform(Z)) for Z in (X, X_OTHER)]
    np.testing.assert_array_equal(
        empirical_ntk(pipeline, X, X_OTHER), empirical_ntk(pipeline[-1], *transformed)
    )
    alone = Pipeline([("network", fitted())])
    np.testing.assert_array_equal(empirical_ntk(alone, X), empirical_ntk(alone[-1], X))


def test_float32_stays_float32():
    estimator = fitted(precision="float32")
    kernel = empirical_ntk(estimator, X)
    assert kernel.dtype == np.float32
    J = jacobians(estimator.module_, X)
    expected = np.einsum("ikp,jkp->ij", J, J) / 3
    tolerance = 600 * np.finfo(np.float32).eps * expected.max()
    np.testing.assert_allclose(kernel, expected, rtol=0, atol=tolerance)


def test_the_estimator_is_left_as_it_was():
    estimator = fitted(batch_norm=True)
    before = {name: value.clone() for name, value in estimator.module_.state_dict().items()}
    empirical_ntk(estimator, X)
    for name, value in estimator.module_.state_dict().items():
        assert torch.equal(value, before[name])
    assert all(parameter.requires_grad for parameter in estimator.module_.parameters())


# Bad input ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "estimator",
    [
        CoordinateMLPRegressor(),
        make_pipeline(StandardScaler(), CoordinateMLPRegressor()),
    ],
    ids=["network", "pipeline"],
)
def test_unfitted(estimator):
    with pytest.raises(NotFittedError, match="CoordinateMLPRegressor instance is not fitted yet"):
        empirical_ntk(estimator, X)


@pytest.mark.parametrize(
    "estimator",
    [LinearRegression(), MLPRegressor(), make_pipeline(StandardScaler()), None, nn.Linear(2, 1)],
    ids=lambda estimator: type(estimator).__name__,
)
def test_other_estimators(estimator):
    with pytest.raises(ValueError, match="must be a fitted CoordinateMLPRegressor, or a Pipeline"):
        empirical_ntk(estimator, X)


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ((X[:, :1],), {}, "X has 1 features, but CoordinateMLPRegressor is expecting 2"),
        ((X, X[:, :1]), {}, "X has 1 features, but CoordinateMLPRegressor is expecting 2"),
        ((np.full((3, 2), np.nan),), {}, "NaN"),
        ((np.ma.masked_less(X, 0.5),), {}, "masked array"),
        ((1e20 * X,), {}, "does not resolve one"),
        ((X,), {"parametrization": "mup"}, "parametrization='mup' is unknown"),
        ((X,), {"outputs": "trace"}, "outputs='trace' is unknown.*'full', 'mean'"),
    ],
)
def test_arguments(arguments, options, message):
    with pytest.raises(ValueError, match=message):
        empirical_ntk(fitted(), *arguments, **options)


def test_a_kernel_that_is_too_large_says_what_it_would_take():
    many = np.zeros((40_000, 2))
    message = r"40,000 x 40,000 samples takes 12.8 GB; the limit is 8.6 GB. Take fewer samples"
    with pytest.raises(ValueError, match=message):
        empirical_ntk(fitted(), many)
    message = r"40,000 x 10,000 samples and 3 x 3 outputs takes 28.8 GB; .* or outputs='mean'"
    with pytest.raises(ValueError, match=message):
        empirical_ntk(fitted(), many, many[:10_000], outputs="full")


def test_overflow():
    estimator = fitted(precision="float32", activation="relu")
    with torch.no_grad():
        estimator.module_.output.weight *= 1e30
    with pytest.raises(ValueError, match="overflows float32"):
        empirical_ntk(estimator, X)
