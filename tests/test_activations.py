"""The duals of the activations are the moments of their forward pass and its derivative."""

import math

import numpy as np
import pytest
import torch

from skfourier.activations import ACTIVATIONS, DUALS, Activation

N_DRAWS = 2**18
EPS = np.finfo(np.float64).eps
# Variances a and b, and correlations: opposite, none, near and equal vectors among them.
VARIANCES = [(1.0, 1.0), (0.2, 3.0)]
CORRELATIONS = [-1.0, -0.6, 0.0, 0.3, 0.99, 1.0]
each_dual = pytest.mark.parametrize("name", sorted(DUALS))
each_variance = pytest.mark.parametrize(("a", "b"), VARIANCES)


def arguments(a, b, correlations):
    return np.sqrt(a * b) * np.asarray(correlations), np.array([a]), np.array([b])


def forward_and_derivative(name, z):
    z = torch.tensor(z, requires_grad=True)
    value = ACTIVATIONS[name]()(z)
    (slope,) = torch.autograd.grad(value.sum(), z)
    return value.detach().numpy(), slope.numpy()


@each_variance
@pytest.mark.parametrize("correlation", CORRELATIONS)
@each_dual
def test_monte_carlo(name, correlation, a, b):
    x, y = np.random.default_rng(0).normal(size=(2, N_DRAWS))
    u = math.sqrt(a) * x
    v = math.sqrt(b) * (correlation * x + math.sqrt(1 - correlation**2) * y)
    dual = DUALS[name]().dual(*arguments(a, b, [correlation]))
    for moment, of_u, of_v in zip(
        dual, forward_and_derivative(name, u), forward_and_derivative(name, v), strict=True
    ):
        products = of_u * of_v
        # Five standard errors of a mean of so many draws: a chance of 6e-7 each.
        tolerance = 5 * products.std() / math.sqrt(N_DRAWS)
        assert abs(products.mean() - moment[0]) < tolerance + 4 * EPS
        # It would tell 5 % from the largest moment: correlations of 0.05 and more would show.
        assert tolerance < 0.05 * np.sqrt(np.mean(of_u**2) * np.mean(of_v**2))


@each_variance
@each_dual
def test_each_is_the_derivative_of_the_one_before(name, a, b):
    activation, h = DUALS[name](), EPS ** (1 / 3)
    c, a, b = arguments(a, b, [-0.9, -0.3, 0.0, 0.5, 0.9])
    up, down = (activation.dual(c + sign * h, a, b) for sign in (1, -1))
    analytic = activation.dual(c, a, b)[1], activation.dual_curvature(c, a, b)
    for i in (0, 1):
        # Central differences are off by h^2 / 6 = 6e-12 of the third derivative, and rounding by
        # EPS / h = 4e-11: relative to the largest of the derivatives, which at a determinant of
        # 0.2 grow by a factor below 1e3 each order.
        size = np.abs(analytic[i]).max()
        difference = (up[i] - down[i]) / (2 * h)
        np.testing.assert_allclose(difference, analytic[i], rtol=0, atol=1e-7 * size)


@each_variance
@each_dual
def test_the_dual_is_symmetric_in_its_arguments(name, a, b):
    c, a, b = arguments(a, b, CORRELATIONS)
    activation = DUALS[name]()
    for one, other in zip(activation.dual(c, a, b), activation.dual(c, b, a), strict=True):
        np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(
        activation.dual_curvature(c, a, b), activation.dual_curvature(c, b, a)
    )


@each_dual
def test_float32_stays_float32(name):
    c, a, b = (values.astype(np.float32) for values in arguments(1.0, 2.0, CORRELATIONS))
    activation = DUALS[name]()
    for value in (*activation.dual(c, a, b), activation.dual_curvature(c, a, b)):
        assert value.dtype == np.float32


@pytest.mark.parametrize("variance", [0.0, 1e-300, 1e8])
@each_dual
def test_extreme_variances_give_finite_moments(name, variance):
    c, a, b = arguments(variance, variance, CORRELATIONS)
    activation = DUALS[name]()
    value, slope = activation.dual(c, a, b)
    assert np.all(np.isfinite(value))
    assert np.all(np.isfinite(slope))
    assert np.all(np.isfinite(activation.dual_curvature(c, a, b)))
    # By the inequality of Cauchy and Schwarz; u = v reaches it. Rounding: a few EPS.
    assert np.all(np.abs(value) <= value[-1] * (1 + 8 * EPS))


def test_of_the_rectifier_near_equal_vectors():
    gap = 1 - (1 - np.logspace(-15, -2, 40))  # as float64 has it
    value, slope = DUALS["relu"]().dual(1 - gap, np.ones(1), np.ones(1))
    # 2 pi (1/2 - slope) is the angle, sqrt(2 gap) (1 + gap / 12 + 3 gap^2 / 160 + ...): the rest is
    # below 1e-5. Rounding: 2 pi times half a unit in the last digit of 1/2.
    angle = np.sqrt(2 * gap) * (1 + gap / 12)
    np.testing.assert_allclose((0.5 - slope) * 2 * math.pi, angle, rtol=1e-5, atol=8 * EPS)
    # The integral of the slope over the gap: 1/2 - angle / (2 pi), to the first order.
    fall = gap / 2 - 2**1.5 / 3 / (2 * math.pi) * gap**1.5
    np.testing.assert_allclose(0.5 - value, fall, rtol=1e-3, atol=2 * EPS)


@pytest.mark.parametrize("name", sorted(set(ACTIVATIONS) - set(DUALS)))
def test_others_say_that_they_have_none(name):
    activation = ACTIVATIONS[name]()
    one = np.ones(1)
    with pytest.raises(NotImplementedError, match=f"{type(activation).__name__} has no dual"):
        activation.dual(one, one, one)
    with pytest.raises(NotImplementedError, match=f"{type(activation).__name__} has no dual"):
        activation.dual_curvature(one, one, one)
    assert isinstance(activation, Activation)
