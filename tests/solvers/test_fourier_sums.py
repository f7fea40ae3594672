"""Sums of Fourier modes over blocks of rows, and the product with their Toeplitz matrix."""

import warnings
from dataclasses import replace

import numpy as np
import pytest
import scipy.linalg

from skfourier._solvers import _nonuniform_fft
from skfourier._solvers._fourier_modes import FourierModes
from skfourier._solvers._fourier_sums import FourierSums
from skfourier._solvers._toeplitz_product import ToeplitzProduct
from skfourier.spectra import Gaussian

MODES = FourierModes(Gaussian(4), np.full(2, -0.5), np.full(2, 0.5), 1e-9)
X = np.random.default_rng(0).uniform(-0.5, 0.5, size=(500, 2))
WEIGHT = np.random.default_rng(3).uniform(0.5, 3, size=500)


def targets(offset=5.0):
    frequencies = np.random.default_rng(1).normal(scale=4, size=(2, 3))
    noise = np.random.default_rng(2).normal(scale=0.1, size=(500, 3))
    return np.sin(2 * np.pi * X @ frequencies) + noise + offset


def in_blocks(y):
    blocks = [slice(0, 100), slice(100, 101), slice(101, 101), slice(101, None)]
    first, *others = (FourierSums.of(MODES, X[b], y[b], WEIGHT[b]) for b in blocks)
    return sum(others, first)


@pytest.mark.parametrize("offset", [5.0, 1e6])
def test_blocks_add_up_to_the_whole(offset):
    y = targets(offset)
    total, whole = in_blocks(y), FourierSums.of(MODES, X, y, WEIGHT)
    # A target of 1e6 is rounded to 1e-10; 900 of them are summed.
    error = 1e-12 * offset * WEIGHT.sum()
    for name in ("toeplitz", "right_hand_sides"):
        np.testing.assert_allclose(getattr(total, name), getattr(whole, name), atol=error)


@pytest.mark.parametrize("tol", [1e-7, 1e-9, 1e-12])
def test_a_grid_that_memory_forbids_is_done_without(tol, monkeypatch, capfd):
    modes, y = replace(MODES, tol=tol), targets()
    exact = FourierSums.of(modes, X, y, WEIGHT)
    monkeypatch.setattr(_nonuniform_fft, "_MAX_FINE_POINTS", 1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        other = FourierSums.of(modes, X, y, WEIGHT)
    assert capfd.readouterr() == ("", "")  # of finufft, which would write to stderr
    # finufft's errors are relative to the sum of the sizes, and 1e-9 is what it reaches then.
    for name, size in (("toeplitz", WEIGHT.sum()), ("right_hand_sides", WEIGHT @ np.abs(y - 5))):
        error = np.abs(getattr(other, name) - getattr(exact, name))
        assert np.all(error <= 1e-8 * np.max(size))


def test_sums_over_other_boxes_do_not_add_up():
    wider = replace(MODES, high=np.array([0.6, 0.5]))
    with pytest.raises(ValueError, match="same features"):
        FourierSums.of(MODES, X, targets(), WEIGHT) + FourierSums.of(wider, X, targets(), WEIGHT)


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
