"""The normal equations of equispaced modes: sums over blocks of rows, against dense solves."""

from dataclasses import replace

import numpy as np
import pytest
import scipy.linalg

from skfourier.solvers._equispaced_modes import EquispacedModes
from skfourier.solvers._toeplitz_equations import ToeplitzProduct
from skfourier.spectra import Gaussian

ALPHA = 0.1
MODES = EquispacedModes(Gaussian(4), np.full(2, -0.5), np.full(2, 0.5), 1e-9)
X = np.random.default_rng(0).uniform(-0.5, 0.5, size=(500, 2))
WEIGHT = np.random.default_rng(3).uniform(0.5, 3, size=500)
X_NEW = np.random.default_rng(9).uniform(-0.5, 0.5, size=(50, 2))


def targets(offset=5.0):
    frequencies = np.random.default_rng(1).normal(scale=4, size=(2, 3))
    noise = np.random.default_rng(2).normal(scale=0.1, size=(500, 3))
    return np.sin(2 * np.pi * X @ frequencies) + noise + offset


def in_blocks(y):
    blocks = [slice(0, 100), slice(100, 101), slice(101, 101), slice(101, None)]
    first, *others = (MODES.normal_equations(X[b], y[b], WEIGHT[b]) for b in blocks)
    return sum(others, first)


@pytest.mark.parametrize("offset", [5.0, 1e6])
def test_blocks_add_up_to_the_whole(offset):
    y = targets(offset)
    total, whole = in_blocks(y), MODES.normal_equations(X, y, WEIGHT)
    # A target of 1e6 is rounded to 1e-10; 900 of them are summed.
    error = 1e-12 * offset * WEIGHT.sum()
    for name in ("toeplitz", "right_hand_sides"):
        np.testing.assert_allclose(getattr(total, name), getattr(whole, name), atol=error)


def test_a_solution_of_blocks_equals_the_dense_one():
    y = targets()
    total = in_blocks(y)
    coefficients, n_iter = total.solve(total.right_hand_sides, ALPHA, tol=1e-9, max_iter=1000)
    mean, kernel = np.average(y, axis=0, weights=WEIGHT), Gaussian(4)
    dual = np.linalg.solve(kernel(X) + ALPHA * np.diag(1 / WEIGHT), y - mean)
    expected = kernel(X_NEW, X) @ dual
    # tol times the root of sum(w) / alpha, 1e2.
    error = np.linalg.norm(MODES.predict(coefficients, X_NEW) - expected)
    assert error < 1e-7 * np.linalg.norm(expected)
    assert n_iter > 1


def test_sums_over_other_boxes_do_not_add_up():
    wider = replace(MODES, high=np.array([0.6, 0.5]))
    with pytest.raises(ValueError, match="different boxes"):
        MODES.normal_equations(X, targets()) + wider.normal_equations(X, targets())


def test_the_product_is_that_of_a_toeplitz_matrix():
    m = 5
    random = np.random.default_rng(0)
    column = random.normal(size=2 * m + 1) + 1j * random.normal(size=2 * m + 1)
    column[0] = column[0].real
    whole = random.normal(size=2 * m + 1) + 1j * random.normal(size=2 * m + 1)
    whole[m] = whole[m].real
    whole[:m] = whole[:m:-1].conj()  # modes -m to m of a real signal
    expected = scipy.linalg.toeplitz(column, column.conj()) @ whole
    product = ToeplitzProduct(column, (m,))(whole[None, m:])
    np.testing.assert_allclose(product[0], expected[m:], rtol=1e-12)
