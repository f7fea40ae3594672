"""Polynomials of a matrix, against its eigendecomposition."""

import math

import numpy as np
import pytest
from numpy.polynomial import chebyshev

from skfourier.ntk._chebyshev import apply_polynomials, chebyshev_coefficients
from skfourier.ntk._descent import Descent

UPPER = 3.0


def functions(steps, rate=1 / UPPER, continuous=False):
    descent = Descent(rate, np.array(steps, dtype=float), continuous)
    return lambda values: np.concatenate(
        [descent.learned(values), UPPER * descent.coefficients(values)]
    )


@pytest.mark.parametrize("tol", [1e-3, 1e-6, 1e-10])
@pytest.mark.parametrize("continuous", [False, True])
@pytest.mark.parametrize("rate", [0.1 / UPPER, 1 / UPPER, 2 / UPPER])
def test_the_error_is_below_tol(tol, continuous, rate):
    function = functions([0, 1, 30, 1000], rate, continuous)
    coefficients = chebyshev_coefficients(function, UPPER, tol)
    values = np.linspace(0, UPPER, 5001)
    expansion = chebyshev.chebval(2 * values / UPPER - 1, coefficients.T)
    assert np.abs(expansion - function(values)).max() <= tol


@pytest.mark.parametrize("step", [1, 10, 1000, 10**5, 10**7])
@pytest.mark.parametrize("which", ["learned", "coefficients"])
def test_nothing_falls_between_the_points(step, which):
    descent = Descent(1 / UPPER, np.array([float(step)]), continuous=False)
    scale = 1 if which == "learned" else UPPER / step
    coefficients = chebyshev_coefficients(
        lambda values: scale * getattr(descent, which)(values), UPPER, 1e-6
    )
    # All that happens, happens within 30 / step of 0: the ends of the logarithm are flat.
    values = np.append(0, UPPER * np.geomspace(1e-10, 1, 997))
    angles = math.pi - 2 * np.arcsin(np.sqrt(values / UPPER))  # exact near 0
    expansion = np.cos(np.outer(angles, np.arange(coefficients.shape[1]))) @ coefficients[0]
    assert np.abs(expansion - scale * getattr(descent, which)(values)[0]).max() <= 1e-6


@pytest.mark.parametrize("step", [100, 10_000, 1_000_000])
def test_the_degree_grows_as_the_root_of_the_steps(step):
    degree = chebyshev_coefficients(functions([step]), UPPER, 1e-6).shape[1] - 1
    # x^t on [-1, 1] takes sqrt(2 t log(2 / tol)); here it is half of that interval.
    assert 0.5 < degree / math.sqrt(step * math.log(2e6)) < 1.5


def test_functions_that_are_not_resolved():
    with pytest.raises(ValueError, match="degree above 32"):
        chebyshev_coefficients(functions([10_000]), UPPER, 1e-6, most=64)


def random_matrix(eigenvalues, seed=0):
    n = len(eigenvalues)
    vectors = np.linalg.qr(np.random.default_rng(seed).normal(size=(n, n)))[0]
    return (vectors * eigenvalues) @ vectors.T, vectors


def test_polynomials_of_a_matrix():
    eigenvalues = np.linspace(0, UPPER, 40)
    matrix, vectors = random_matrix(eigenvalues)
    array = np.random.default_rng(1).normal(size=(2, 40))
    function = functions([3, 100])
    coefficients = chebyshev_coefficients(function, UPPER, 1e-9)
    result = apply_polynomials(coefficients, UPPER, lambda rows: rows @ matrix, array)
    expected = (function(eigenvalues)[:, None] * (array @ vectors)) @ vectors.T
    # tol times the norm of the array, and rounding that the recursion adds up, far below.
    error = np.linalg.norm(result - expected, axis=(1, 2))
    assert error.max() <= 1e-9 * np.linalg.norm(array)


@pytest.mark.parametrize("outside", [-0.1, UPPER + 0.1])
def test_eigenvalues_outside_are_noticed(outside):
    eigenvalues = np.append(np.linspace(0, UPPER, 39), outside)
    matrix, _ = random_matrix(eigenvalues)
    array = np.random.default_rng(1).normal(size=(1, 40))
    coefficients = chebyshev_coefficients(functions([1000]), UPPER, 1e-6)
    with pytest.raises(ValueError, match="not positive semidefinite"):
        apply_polynomials(coefficients, UPPER, lambda rows: rows @ matrix, array)
