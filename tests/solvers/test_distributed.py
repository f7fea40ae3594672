"""Sums over the blocks of dask arrays; those of worker processes are in test_dask.py."""

import functools
from dataclasses import replace

import dask
import dask.array as da
import numpy as np
import pytest

from skfourier._solvers import _distributed
from skfourier._solvers._finite_features import FeatureSums, FiniteFeatures
from skfourier._solvers._fourier_modes import FourierModes
from skfourier._solvers._fourier_sums import FourierSums
from skfourier.spectra import Frequencies, Gaussian

N_ROWS = 1000
X = np.random.default_rng(0).uniform(-0.49, 0.49, size=(N_ROWS, 2))
Y = np.random.default_rng(1).normal(size=(N_ROWS, 3))
WEIGHT = np.random.default_rng(2).uniform(0.5, 2, size=N_ROWS)
# Blocks of unequal sizes, one of them empty, and more than are added at once.
CHUNKS = (150, 0, 50, 300, 100, 100, 200, 1, 99)

MODES = FourierModes(Gaussian(4), np.full(2, -0.5), np.full(2, 0.5), 1e-6)
FEATURES = FiniteFeatures(Frequencies(np.random.default_rng(3).normal(size=(9, 2))), 2)
SUMS_OF = {
    "nufft": functools.partial(FourierSums.of, MODES),
    "primal": functools.partial(FeatureSums.of, FEATURES),
}
ONES = np.ones(N_ROWS)
each = pytest.mark.parametrize("sums_of", SUMS_OF.values(), ids=SUMS_OF)


def distributed(array, chunks=CHUNKS):
    return da.from_array(array, chunks=(chunks, *array.shape[1:]))


def assert_equal_sums(actual, expected):
    # Other blocks, other roundings: eps for each of 1,000 rows at most, 2e-13 of the largest sum,
    # which is that of the weights.
    for name in ("toeplitz", "gram", "feature_sums", "right_hand_sides"):
        if hasattr(expected, name):
            values = getattr(expected, name)
            error = np.abs(getattr(actual, name) - values).max()
            assert error <= 2e-13 * expected.moments.weight_sum, name
    for name in ("weight_sum", "mean", "variation"):
        expected_moment = getattr(expected.moments, name)
        np.testing.assert_allclose(getattr(actual.moments, name), expected_moment, rtol=1e-12)


@each
@pytest.mark.parametrize("weight", [None, WEIGHT], ids=["unweighted", "weighted"])
def test_sums_over_blocks_equal_those_in_memory(sums_of, weight):
    with dask.config.set(scheduler="synchronous"):
        sums = _distributed.sums_over_blocks(
            sums_of, distributed(X), distributed(Y), None if weight is None else distributed(weight)
        )
    assert_equal_sums(sums, sums_of(X, Y, ONES if weight is None else weight))


@each
def test_without_a_cluster_threads_do_it(sums_of):
    # With y of one dimension, NumPy's, X far from the features' box but for an origin.
    with dask.config.set(scheduler="threads"):
        sums = _distributed.sums_over_blocks(sums_of, distributed(X + 7), Y[:, 0], origin=7.001)
    # Subtracting 7 rounds to eps * 7 / 2, times 2 pi * 30 cycles: 1e-13.
    assert_equal_sums(sums, sums_of(X - 0.001, Y[:, :1], ONES))


def test_blocks_are_cut_alike():
    with dask.config.set(scheduler="synchronous"):
        sums = _distributed.sums_over_blocks(
            SUMS_OF["primal"],
            da.from_array(X, chunks=(130, 1)),  # columns apart
            da.from_array(Y, chunks=(400, 2)),
            da.from_array(WEIGHT, chunks=77),
        )
    assert_equal_sums(sums, SUMS_OF["primal"](X, Y, WEIGHT))


def test_bounds_are_those_of_the_rows_that_have_a_weight():
    weight = np.where(X[:, 0] > 0.3, 0, WEIGHT)
    with dask.config.set(scheduler="synchronous"):
        for given, kept in ((None, X), (distributed(weight), X[weight > 0])):
            low, high, weight_sum = _distributed.bounds(distributed(X), given)
            np.testing.assert_array_equal(low, kept.min(axis=0))
            np.testing.assert_array_equal(high, kept.max(axis=0))
            assert weight_sum == pytest.approx(N_ROWS if given is None else weight.sum())


def test_rows_of_weight_zero_are_as_none():
    weight = np.where(X[:, 0] > 0.3, 0, WEIGHT)
    modes = replace(MODES, high=np.array([0.3, 0.5]))  # they would lie outside
    take = functools.partial(FourierSums.of, modes)
    with dask.config.set(scheduler="synchronous"):
        sums = _distributed.sums_over_blocks(take, distributed(X), Y, weight)
    kept = weight > 0
    assert_equal_sums(sums, take(X[kept], Y[kept], weight[kept]))


def test_rows_outside_the_domain_are_refused():
    domain = np.full(2, -0.5), np.array([0.5, 0.4])
    with (
        dask.config.set(scheduler="synchronous"),
        pytest.raises(ValueError, match="outside the domain"),
    ):
        _distributed.sums_over_blocks(SUMS_OF["primal"], distributed(X), Y, domain=domain)


def total(X, y=None, weight=None):
    with dask.config.set(scheduler="synchronous"):
        y = distributed(Y) if y is None else y
        return _distributed.sums_over_blocks(SUMS_OF["primal"], X, y, weight)


def test_unknown_sizes_are_refused():
    with pytest.raises(ValueError, match=r"X.compute_chunk_sizes\(\)"):
        total(distributed(X)[distributed(X)[:, 0] > 0])
    with pytest.raises(ValueError, match=r"y.compute_chunk_sizes\(\)"):
        total(distributed(X), distributed(Y)[distributed(Y)[:, 0] > 0])


def test_other_lengths_are_refused():
    with pytest.raises(ValueError, match=r"X has 1000, y has shape \(7,\)"):
        total(distributed(X), np.zeros(7))
    with pytest.raises(ValueError, match="sample_weight has shape"):
        total(distributed(X), weight=np.zeros(7))


def test_dimensions_and_complex_numbers_are_checked_before_anything_is_computed():
    for bad, words in (
        ((distributed(X)[:, 0], Y, None), "two dimensions"),
        ((distributed(X)[:0], Y, None), "one of each at least"),
        ((distributed(X), Y[:, :, None], None), "y must have 1 or 2 dimensions"),
        ((distributed(X), Y, WEIGHT[:, None]), "sample_weight must have 1 dimensions"),
        ((distributed(X), distributed(Y) + 1j, None), "y is complex"),
    ):
        with pytest.raises(ValueError, match=words):
            _distributed.check_columns(*bad)


def test_blocks_that_are_not_what_they_seem_are_refused():
    def masked(block):
        return np.ma.masked_greater(block, 0)

    def turned(block):
        return block * 1j

    for change, words in ((masked, "masked array"), (turned, "X is complex")):
        lying = distributed(X).map_blocks(change, dtype=float, meta=np.empty((0, 2)))
        with pytest.raises(ValueError, match=words):
            total(lying)
    with pytest.raises(ValueError, match="negative among rows 200 to 499"):
        total(distributed(X), weight=np.where(np.arange(N_ROWS) == 250, -1, WEIGHT))


@pytest.mark.parametrize("name", ["X", "y", "sample_weight"])
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_block_that_holds_nan_is_named(name, bad):
    arrays = {"X": X.copy(), "y": Y.copy(), "sample_weight": WEIGHT.copy()}
    arrays[name][250] = bad
    with pytest.raises(ValueError, match=f"{name} holds NaN or infinity among rows 200 to 499"):
        total(*(distributed(array) for array in arrays.values()))


def test_what_is_a_dask_array():
    assert _distributed.is_dask(distributed(X))
    assert not _distributed.is_dask(X)
    assert not _distributed.is_dask([[1.0]])


def test_a_data_frame_is_refused():
    # Its package may be missing: this is the name of its module.
    frame = type("DataFrame", (), {"__module__": "dask.dataframe.dask_expr._collection"})
    with pytest.raises(ValueError, match=r"to_dask_array\(lengths=True\)"):
        _distributed.is_dask(frame())
