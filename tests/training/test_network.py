"""The network is what it says: the paper's, written in plain torch, gives the same numbers."""

import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from scipy import special
from torch import nn

from skfourier import CoordinateMLPRegressor, FourierFeatures
from skfourier.activations import ACTIVATIONS

N_STEPS = 5


@pytest.fixture
def image():
    rng = np.random.default_rng(0)
    X = np.stack(np.meshgrid(np.arange(16) / 16, np.arange(12) / 12), axis=-1).reshape(-1, 2)
    return X, rng.uniform(size=(len(X), 3))


def paper(embedding, precision="float64", **params):
    """The paper's recipe in one call, but for the length of the training."""
    return CoordinateMLPRegressor(
        activation="relu",
        embedding=embedding,
        batch_norm=True,
        output_activation="sigmoid",
        initialization="torch",
        batch_size="full",
        solver="adam",
        learning_rate_init=1e-4,
        learning_rate="constant",
        max_iter=N_STEPS,
        random_state=3,
        precision=precision,
        **params,
    )


def plain_torch(frequencies, seed):
    """The paper's network as its text describes it: 1x1 convolutions, ReLU, then batch norm."""
    torch.manual_seed(seed)
    widths = [2 * len(frequencies), 256, 256, 256]
    layers = []
    for fan_in, width in pairwise(widths):
        layers += [nn.Conv2d(fan_in, width, 1), nn.ReLU(), nn.BatchNorm2d(width)]
    return nn.Sequential(*layers, nn.Conv2d(widths[-1], 3, 1), nn.Sigmoid()).double()


def test_the_papers_network_and_its_first_steps_equal_plain_torch(image):
    X, y = image
    estimator = paper(FourierFeatures(sigma=10, n_frequencies=128, random_state=0)).fit(X, y)
    frequencies = estimator.embedding_.frequencies_

    # Features and targets as pictures: (1, channels, height, width).
    phases = 2 * math.pi * X @ frequencies.T
    features = np.stack([np.cos(phases), np.sin(phases)], axis=-1).reshape(len(X), -1)
    picture = torch.tensor(features.T.reshape(1, -1, 12, 16))
    target = torch.tensor(y.T.reshape(1, 3, 12, 16))
    # torch's default initialization is drawn in float32 and widened, ours in the precision of
    # the network: the plain network takes the estimator's first weights.
    network = plain_torch(frequencies, seed=0)
    first = paper(FourierFeatures(sigma=10, n_frequencies=128, random_state=0))
    first_weights = initial_weights(first, X, y)
    convolutions = [layer for layer in network if isinstance(layer, nn.Conv2d)]
    for convolution, (weight, bias) in zip(convolutions, first_weights, strict=True):
        convolution.weight.data = weight[:, :, None, None].clone()
        convolution.bias.data = bias.clone()
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-4)
    losses = []
    for _ in range(N_STEPS):
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(network(picture), target)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    # Both compute the same sums in another order: 1e-16, times the 400-fold condition of batch
    # norm's division by small deviations, over five steps, stays far below 1e-9.
    np.testing.assert_allclose(estimator.loss_curve_, losses, rtol=1e-9)
    network.eval()
    expected = network(picture).detach().numpy().reshape(3, -1).T
    np.testing.assert_allclose(estimator.predict(X), expected, rtol=1e-8)


def initial_weights(estimator, X, y):
    """The weights before the first step: as after one of the smallest length torch can take."""
    still = estimator.set_params(max_iter=1, learning_rate_init=1e-300).fit(X, y).module_
    layers = [layer for layer in still if isinstance(layer, nn.Linear)]
    return [(layer.weight.detach(), layer.bias.detach()) for layer in layers]


def test_torch_initialization_is_that_of_torch_linear(image):
    X, y = image
    estimator = CoordinateMLPRegressor((300,), initialization="torch", random_state=0)
    (weight, bias), _ = initial_weights(estimator, X, y)
    bound = 1 / math.sqrt(X.shape[1])
    for values in (weight, bias):
        assert values.abs().max() <= bound
        # Uniform in +-bound: the maximum of 300 draws falls short of it by bound / 300 on
        # average; by a twentieth with probability 0.95^300 = 2e-7.
        assert values.abs().max() > 0.95 * bound


def test_he_initialization_keeps_the_scale_of_the_signal(image):
    X, y = image
    embedding = FourierFeatures(n_frequencies=512, random_state=0)
    estimator = CoordinateMLPRegressor(
        (1024,), embedding=embedding, initialization="he", random_state=0
    )
    (weight, bias), _ = initial_weights(estimator, X, y)
    assert bias.abs().max() <= 1e-300  # the one step, of that length
    # The variance of n normal draws has a relative standard error of sqrt(2 / n) = 0.14 %.
    n = weight.numel()
    assert weight.var().item() == pytest.approx(2 / 1024, rel=5 * math.sqrt(2 / n))


def test_the_module_is_the_whole_model_in_the_units_of_y(image):
    X, y = image
    y = 1000 + 50 * y
    estimator = CoordinateMLPRegressor(
        (32,), embedding=FourierFeatures(sigma=3, n_frequencies=8), max_iter=3, random_state=0
    ).fit(X, y)
    with torch.no_grad():
        np.testing.assert_array_equal(estimator.module_(torch.tensor(X)), estimator.predict(X))
    saved = estimator.module_.state_dict()
    assert "embedding.frequencies" in saved
    assert "scaling.mean" in saved


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_activation_learns_a_sine(activation):
    X = np.linspace(-1, 1, 200)[:, None]
    y = np.sin(4 * X[:, 0])
    network = CoordinateMLPRegressor((64, 64), activation, max_iter=300, random_state=0)
    assert network.fit(X, y).score(X, y) > 0.99


@pytest.mark.parametrize("name", sorted(ACTIVATIONS))
def test_activations_are_the_functions_they_are_named_after(name):
    z = torch.linspace(-2, 2, 41, dtype=torch.float64)
    expected = {
        "relu": np.maximum(z.numpy(), 0),
        "gelu": z.numpy() * torch.special.ndtr(z).numpy(),
        "tanh": np.tanh(z.numpy()),
        "sine": np.sin(z.numpy()),
        "erf": special.erf(z.numpy()),
        "siren": np.sin(30 * z.numpy()),
        "gaussian": np.exp(-50 * z.numpy() ** 2),
    }[name]
    np.testing.assert_allclose(ACTIVATIONS[name]()(z), expected, atol=1e-14)


def test_sirens_initialization_bounds(image):
    X, y = image
    network = CoordinateMLPRegressor((128, 128), "siren", random_state=0)
    (first, _), (second, _), _ = initial_weights(network, X, y)
    assert first.abs().max() <= 1 / 2
    assert second.abs().max() <= math.sqrt(6 / 128) / 30
    assert second.abs().max() > 0.95 * math.sqrt(6 / 128) / 30
