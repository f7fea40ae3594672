"""Parts of the network that users write themselves, and torch's modes that surround them."""

# ruff: noqa: ARG001, ARG002 (interfaces that others define)

import functools
import math
import pickle

import numpy as np
import pytest
import torch
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.validation import check_is_fitted, validate_data
from torch import nn

from skfourier import CoordinateMLPRegressor, FourierFeatures, FourierKernelRegressor
from skfourier.activations import SIREN, Activation, Gaussian, Sine
from skfourier.kernels import NeuralTangentKernel
from skfourier.ntk import empirical_ntk


@pytest.fixture
def wave():
    X = np.linspace(0, 1, 80, endpoint=False)[:, None]
    return X, np.column_stack([np.sign(np.sin(20 * X[:, 0])), np.cos(9 * X[:, 0])])


def small(**params):
    params = {"embedding": FourierFeatures(3), "max_iter": 10, "random_state": 0} | params
    return CoordinateMLPRegressor((32, 32), **params)


class Powers(TransformerMixin, BaseEstimator):
    """x, x^2, x^3: an embedding without anything to train."""

    def fit(self, X, y=None):
        self.n_columns_ = validate_data(self, X).shape[1]
        return self

    def transform(self, X):
        check_is_fitted(self)
        X = validate_data(self, X, reset=False)
        if np.abs(X).max() > 1e6:
            raise ValueError("X is too large for its cube.")
        return np.hstack([X, X**2, X**3])

    def to_module(self, dtype):
        return PowersModule(dtype)


class PowersModule(nn.Module):
    def __init__(self, dtype):
        super().__init__()
        self.dtype = dtype

    def forward(self, X):
        return torch.cat([X, X**2, X**3], dim=1).to(self.dtype)


class LearnedFeatures(FourierFeatures):
    """Fourier features whose frequencies are trained with the network."""

    def to_module(self, dtype):
        return LearnedModule(torch.tensor(self.frequencies_.T, dtype=dtype))


class LearnedModule(nn.Module):
    def __init__(self, frequencies):
        super().__init__()
        self.frequencies = nn.Parameter(frequencies)

    def forward(self, X):
        phases = 2 * math.pi * X.to(self.frequencies.dtype) @ self.frequencies
        return torch.cat([torch.cos(phases), torch.sin(phases)], dim=1)


class TestEmbedding:
    def test_equals_the_transformer_before_the_network(self, wave):
        X, y = wave
        inside = small(embedding=Powers()).fit(X, y)
        before = make_pipeline(Powers(), small(embedding=None)).fit(X, y)
        # The same float64 sums and the same seeds.
        np.testing.assert_allclose(inside.predict(X), before.predict(X), rtol=1e-12, atol=1e-12)

    def test_its_parameters_are_trained_and_pickled(self, wave):
        X, y = wave
        embedding = LearnedFeatures(3, n_frequencies=16)
        network = small(embedding=embedding, max_iter=50).fit(X, y)
        start = network.embedding_.frequencies_
        trained = network.module_.embedding.frequencies.detach().numpy().T
        # Adam's steps are of the size of the learning rate, 1e-2.
        assert np.abs(trained - start).min() > 0
        assert 1e-2 < np.abs(trained - start).max() < 50 * 1e-2 * 10
        held = clone(network).set_params(embedding=FourierFeatures(3, n_frequencies=16)).fit(X, y)
        assert network.loss_curve_[-1] < held.loss_curve_[-1]
        again = pickle.loads(pickle.dumps(network))
        np.testing.assert_array_equal(again.predict(X), network.predict(X))

    def test_weight_decay_leaves_it_alone(self, wave):
        X, y = wave
        params = {"solver": "sgd", "learning_rate": "constant", "max_iter": 1}
        network = small(embedding=LearnedFeatures(3), alpha=10.0, **params).fit(X, 0 * y)
        # Targets of 0 are standardized to 0; with decay a step would shrink each frequency by
        # learning_rate_init * alpha, a tenth.
        trained = network.module_.embedding.frequencies.detach().numpy().T
        moved = np.abs(trained - network.embedding_.frequencies_)
        assert np.median(moved / np.abs(network.embedding_.frequencies_)) < 0.03

    @pytest.mark.parametrize("outputs", ["mean", "full"])
    def test_belongs_to_the_tangent_kernel(self, wave, outputs):
        X, y = wave
        network = small(embedding=LearnedFeatures(3, n_frequencies=4)).fit(X, y)
        rows = torch.tensor(X[:5])
        names = dict(network.module_.unscaled.named_parameters())
        gradients = []
        for row in rows:
            values = network.module_.unscaled(row[None])[0]
            gradients.append(
                [
                    torch.cat(
                        [
                            g.flatten()
                            for g in torch.autograd.grad(v, [*names.values()], retain_graph=True)
                        ]
                    )
                    for v in values
                ]
            )
        J = torch.stack([torch.stack(g) for g in gradients]).numpy()
        full = np.einsum("ikp,jlp->ijkl", J, J)
        expected = full if outputs == "full" else np.einsum("ijkk->ij", full) / 2
        got = empirical_ntk(network, X[:5], outputs=outputs)
        # Sums of some 2,000 products in float64.
        np.testing.assert_allclose(got, expected, rtol=1e-10, atol=1e-12 * np.abs(expected).max())
        assert "embedding.frequencies" in names

    def test_its_transform_checks_coordinates(self, wave):
        network = small(embedding=Powers()).fit(*wave)
        with pytest.raises(ValueError, match="too large for its cube"):
            network.predict([[0.0], [2e6]])
        with pytest.raises(ValueError, match="too large for its cube"):
            small(embedding=Powers()).fit([[0.0], [2e6]], [0.0, 1.0])

    def test_what_is_no_embedding_is_refused(self, wave):
        with pytest.raises(ValueError, match=r"to_module\(dtype\)"):
            small(embedding=StandardScaler()).fit(*wave)

    def test_a_module_of_another_shape_is_refused(self, wave):
        class Wrong(Powers):
            def to_module(self, dtype):
                return nn.Flatten(0)

        with pytest.raises(ValueError, match=r"must map \(n_samples, 1\)"):
            small(embedding=Wrong()).fit(*wave)


class TestActivation:
    def test_a_name_is_the_object_with_its_defaults(self, wave):
        X, y = wave
        for name, activation in (("siren", SIREN()), ("sine", Sine()), ("gaussian", Gaussian())):
            params = {"learning_rate_init": 1e-3}
            by_name = small(activation=name, **params).fit(X, y).predict(X)
            np.testing.assert_array_equal(
                small(activation=activation, **params).fit(X, y).predict(X), by_name
            )

    def test_its_parameter_reaches_the_network(self, wave):
        X, y = wave
        network = small(activation=SIREN(omega_0=60), max_iter=0).fit(X, y)
        assert network.module_.activation2.omega_0 == 60
        assert network.module_.activation1 is not network.module_.activation2
        # Uniform within sqrt(6 / 32) / 60.
        largest = network.module_.linear2.weight.abs().max().item()
        assert 0.95 * math.sqrt(6 / 32) / 60 < largest <= math.sqrt(6 / 32) / 60

    def test_any_module_of_torch(self, wave):
        network = small(activation=nn.PReLU(), max_iter=30).fit(*wave)
        assert network.score(*wave) > 0.5
        slopes = [network.module_.activation1.weight, network.module_.activation2.weight]
        assert slopes[0] is not slopes[1]
        assert all(slope.item() != 0.25 for slope in slopes)  # torch's start

    def test_is_searched_and_printed(self, wave):
        search = GridSearchCV(small(), {"activation": [SIREN(1.5), "relu"]}, cv=2).fit(*wave)
        assert search.best_params_["activation"] is not None
        assert "SIREN(omega_0=1.5)" in repr(small(activation=SIREN(1.5)))

    def test_warm_start_refuses_another(self, wave):
        network = small(activation=SIREN(2.0), warm_start=True).fit(*wave)
        network.set_params(activation=SIREN(2.0)).fit(*wave)
        with pytest.raises(ValueError, match="activation was"):
            network.set_params(activation=SIREN(3.0)).fit(*wave)

    @pytest.mark.parametrize("bad", [0, -1.0, math.inf, math.nan, "30"])
    def test_parameters_are_positive(self, bad):
        with pytest.raises(ValueError, match="omega_0 must be a positive number"):
            SIREN(bad)
        with pytest.raises(ValueError, match="width must be a positive number"):
            Gaussian(bad)

    def test_the_wide_network_takes_it(self):
        X = np.random.default_rng(0).normal(size=(6, 3))
        by_name = NeuralTangentKernel(2, "gaussian")
        same = NeuralTangentKernel(2, Gaussian(0.1))
        other = NeuralTangentKernel(2, Gaussian(0.5))
        np.testing.assert_array_equal(same(X), by_name(X))
        assert np.abs(other(X) - by_name(X)).max() > 0.1 * np.abs(by_name(X)).max()
        assert clone(other) == other
        assert other != NeuralTangentKernel(2, Gaussian(0.6))
        assert "Gaussian(width=0.5)" in repr(other)

    def test_of_ones_own_with_a_dual(self):
        class Identity(Activation):
            weight_variance = 1.0

            def forward(self, z):
                return z

            def dual(self, c, a, b):
                return c.copy(), np.ones_like(c)

        X = np.random.default_rng(0).normal(size=(5, 2))
        # A deep linear network: each of three layers of weights hands the inner product on, and
        # each adds it once to the tangent kernel.
        kernel = NeuralTangentKernel(2, Identity())(X)
        np.testing.assert_allclose(kernel / kernel[0, 0], X @ X.T / (X[0] @ X[0]), rtol=1e-12)
        small(activation=Identity()).fit(np.arange(4.0)[:, None] / 4, np.arange(4.0))

    def test_without_a_dual_it_has_no_kernel(self):
        with pytest.raises(ValueError, match="no kernel in closed form"):
            NeuralTangentKernel(2, SIREN(60))(np.eye(2))


class TestInitialization:
    def test_a_function_draws_every_linear_layer(self, wave):
        def constant(linear, generator):
            nn.init.constant_(linear.weight, 0.01)
            nn.init.zeros_(linear.bias)

        network = small(initialization=constant, max_iter=0).fit(*wave)
        for layer in network.module_.linear_layers:
            assert torch.all(layer.weight == 0.01)
        with pytest.raises(ValueError, match="parametrization='ntk'"):
            empirical_ntk(network, wave[0][:3], parametrization="ntk")

    def test_its_variances_reach_the_tangent_kernel(self, wave):
        X, y = wave

        def he(linear, generator):
            deviation = math.sqrt(2 / linear.in_features)
            nn.init.normal_(linear.weight, std=deviation, generator=generator)
            nn.init.zeros_(linear.bias)
            return deviation**2, 0.0

        own, named = (small(initialization=i, max_iter=0).fit(X, y) for i in (he, "he"))
        for kernel in ("standard", "ntk"):
            np.testing.assert_allclose(
                empirical_ntk(own, X[:4], parametrization=kernel),
                empirical_ntk(named, X[:4], parametrization=kernel),
                rtol=1e-12,
            )


class TestSolver:
    def test_options_reach_the_optimizer(self, wave):
        X, y = wave
        params = {"learning_rate": "constant", "learning_rate_init": 0.01}
        plain, none, some = (
            small(solver=solver, **params).fit(X, y).predict(X)
            for solver in (
                "sgd",
                functools.partial(torch.optim.SGD, momentum=0.0),
                functools.partial(torch.optim.SGD, momentum=0.9),
            )
        )
        np.testing.assert_allclose(none, plain, rtol=1e-9)  # fused or not: rounding
        assert np.abs(some - plain).max() > 1e-3

    def test_partial_fit_goes_on_with_it_after_pickling(self, wave):
        X, y = wave
        solver = functools.partial(torch.optim.SGD, momentum=0.9)
        through = small(solver=solver).partial_fit(X, y)
        copied = pickle.loads(pickle.dumps(through)).partial_fit(X, y)
        np.testing.assert_array_equal(copied.predict(X), through.partial_fit(X, y).predict(X))

    def test_alpha_asks_for_weight_decay(self, wave):
        def rprop(parameters, lr):
            return torch.optim.Rprop(parameters, lr=lr)

        with pytest.raises(ValueError, match="has no weight decay"):
            small(solver=rprop, alpha=0.1).fit(*wave)
        small(solver=rprop, learning_rate_init=1e-3).fit(*wave)


MODES = {
    "autocast": lambda: torch.autocast("cpu", dtype=torch.bfloat16),
    "no_grad": torch.no_grad,
    "inference_mode": torch.inference_mode,
    "device": lambda: torch.device("meta"),
}


@pytest.mark.parametrize("mode", MODES)
class TestTorchModes:
    def test_network(self, wave, mode):
        X, y = (values.astype(np.float32) for values in wave)

        def everything(network):
            network.fit(X, y)
            network.partial_fit(X, y)
            return (
                network.predict(X),
                network.predict_gradient(X),
                empirical_ntk(network, X[:5]),
                empirical_ntk(network, X[:5], outputs="full"),
            )

        outside = everything(small(precision="float32", batch_size=20))
        with MODES[mode]():
            inside = everything(small(precision="float32", batch_size=20))
        for one, other in zip(outside, inside, strict=True):
            np.testing.assert_array_equal(one, other)

    def test_a_network_built_there_is_trained_outside(self, wave, mode):
        with MODES[mode]():
            network = small(max_iter=0, warm_start=True).fit(*wave)
        network.set_params(max_iter=5).fit(*wave)
        assert network.predict_gradient(wave[0]).shape == (80, 2, 1)

    @pytest.mark.parametrize("solver", ["cholesky", "cg", "nufft"])
    def test_closed_form(self, mode, solver):
        with MODES[mode]():
            inside = closed_form(solver)
        for one, other in zip(outside_of_modes(solver), inside, strict=True):
            np.testing.assert_array_equal(one, other)


def closed_form(solver):
    X = np.random.default_rng(0).random((300, 2))
    model = FourierKernelRegressor(2, solver=solver).fit(X, np.sin(9 * X[:, 0]))
    return model.predict(X, return_std=True)


outside_of_modes = functools.cache(closed_form)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("scale", [1e-50, 1e-42, 1e39])
def test_weights_of_any_size(wave, dtype, scale):
    # Weights are checked in float64, whatever X is: in float32 these are 0, denormal or infinite.
    X, y = (values.astype(dtype) for values in wave)
    weight = np.random.default_rng(0).uniform(0.5, 2, len(X))
    kernel = FourierKernelRegressor(2, alpha=1e-2, solver="cholesky")
    scaled = clone(kernel).set_params(alpha=1e-2 * scale)
    # alpha / weight is the same to rounding: 1e-16, in float32 6e-8, times the condition of the
    # system, below 80 / 5e-3.
    np.testing.assert_allclose(
        scaled.fit(X, y, weight * scale).predict(X),
        kernel.fit(X, y, weight).predict(X),
        atol=2 * np.finfo(dtype).eps * 80 / 5e-3,
    )
    network = small().fit(X, y, weight)
    np.testing.assert_allclose(
        small().fit(X, y, weight * scale).loss_curve_, network.loss_curve_, rtol=1e-4
    )
