"""The scalar functions of gradient descent, against exact arithmetic."""

from decimal import Decimal, localcontext

import numpy as np
import pytest

from skfourier.ntk._descent import Descent, check_learning_rate, loss_unit

EIGENVALUES = np.array([1e-300, 1e-20, 1e-9, 0.3, 0.4999, 0.5, 0.8, 1.0, 1.7, 2.0])


def exactly(eigenvalue, rate, step, continuous):
    """Return what is learned and the coefficient, in 400 digits."""
    with localcontext() as context:
        context.prec = 400
        x = Decimal(rate) * Decimal(eigenvalue)
        left = (-x * step).exp() if continuous else (1 - x) ** step
        return float(1 - left), float((1 - left) / Decimal(eigenvalue))


@pytest.mark.parametrize("continuous", [False, True])
@pytest.mark.parametrize("step", [0, 1, 2, 7, 1000])
def test_no_digits_are_lost(step, continuous):
    rate = 0.75
    descent = Descent(rate, np.array([float(step)]), continuous)
    expected = [exactly(value, rate, step, continuous) for value in EIGENVALUES.tolist()]
    learned, coefficients = np.transpose(expected)
    # A power amplifies the rounding of its base by the exponent; all else is a few roundings.
    tolerance = 4 * np.finfo(float).eps * max(step, 1)
    np.testing.assert_allclose(descent.learned(EIGENVALUES)[0], learned, rtol=tolerance)
    np.testing.assert_allclose(descent.coefficients(EIGENVALUES)[0], coefficients, rtol=tolerance)


@pytest.mark.parametrize("continuous", [False, True])
def test_nothing_is_learned_of_an_eigenvalue_0(continuous):
    descent = Descent(0.5, np.array([0.0, 3.0, 1e6]), continuous)
    zeros = np.zeros(2)
    np.testing.assert_array_equal(descent.learned(zeros), 0)
    np.testing.assert_array_equal(descent.coefficients(zeros), [[0, 0], [1.5, 1.5], [5e5, 5e5]])


def test_many_small_steps_are_the_flow():
    steps = np.array([1.0, 10.0])
    eigenvalues = np.linspace(0, 2, 9)
    flow = Descent(0.9, steps, continuous=True).learned(eigenvalues)
    many = Descent(0.9e-4, 1e4 * steps, continuous=False).learned(eigenvalues)
    # (1 - x / m)^(m t) is e^(-x t) up to a share of x^2 t / 2m, here at most 2e-3, of itself.
    np.testing.assert_allclose(1 - many, 1 - flow, rtol=2e-3)


def test_the_unit_of_the_mean():
    assert loss_unit("half_sum", 7, 3) == 1
    assert loss_unit("mean", 7, 3) == pytest.approx(2 / 21)
    assert loss_unit("auto", 7, 3) == 1
    assert loss_unit("auto", 7, 3, is_network=True) == pytest.approx(2 / 21)
    with pytest.raises(ValueError, match="'auto', 'half_sum', 'mean'"):
        loss_unit("sum", 7, 3)


@pytest.mark.parametrize("rate", [0.0, -1.0, np.inf, np.nan, "fast", None])
def test_what_is_no_learning_rate(rate):
    with pytest.raises(ValueError, match="positive finite number"):
        check_learning_rate(rate, 1.0)


def test_the_largest_stable_one_is_taken():
    assert check_learning_rate(0.1, 0.1) == 0.1
    with pytest.raises(ValueError, match=r"diverges with learning_rate=0.2.*0\.1 for this loss"):
        check_learning_rate(0.2, 0.1)
