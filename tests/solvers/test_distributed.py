"""Sums over the blocks of dask arrays, by two worker processes; one of them is killed."""

import os
import signal
import subprocess
import sys

import dask
import dask.array as da
import numpy as np
import pytest
from distributed import Client, LocalCluster

from skfourier.solvers import _distributed
from skfourier.solvers._nufft import EquispacedModes
from skfourier.solvers._primal import FiniteFeatures
from skfourier.spectra import Frequencies, Gaussian

N_ROWS = 1000
X = np.random.default_rng(0).uniform(-0.49, 0.49, size=(N_ROWS, 2))
Y = np.random.default_rng(1).normal(size=(N_ROWS, 3))
WEIGHT = np.random.default_rng(2).uniform(0.5, 2, size=N_ROWS)
# Blocks of unequal sizes, one of them empty, and more than are added at once.
CHUNKS = (150, 0, 50, 300, 100, 100, 200, 1, 99)

FEATURES = {
    "nufft": EquispacedModes(Gaussian(4), np.full(2, -0.5), np.full(2, 0.5), 1e-6),
    "primal": FiniteFeatures(Frequencies(np.random.default_rng(3).normal(size=(9, 2))), 2),
}
each = pytest.mark.parametrize("features", FEATURES.values(), ids=FEATURES)


@pytest.fixture(scope="module")
def client():
    """Two worker processes, whose nannies start a killed one again."""
    options = {"dashboard_address": None, "worker_dashboard_address": None, "silence_logs": 50}
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, processes=True, **options) as cluster,
        Client(cluster) as client,
    ):
        yield client


def distributed(array, chunks=CHUNKS):
    return da.from_array(array, chunks=(chunks, *array.shape[1:]))


def assert_equal_sums(actual, expected):
    for name in ("toeplitz", "gram", "feature_sums", "right_hand_sides", "weight_sum", "y_sum"):
        if hasattr(expected, name):
            values = getattr(expected, name)
            # Other blocks, other roundings; the transform's own error is not the same either, as
            # finufft groups the rows: both are far below 1e-8 of the sums.
            error = np.abs(getattr(actual, name) - values).max()
            assert error <= 1e-8 * np.abs(values).max(), name


@each
@pytest.mark.parametrize("weight", [None, WEIGHT], ids=["unweighted", "weighted"])
def test_two_processes_equal_the_sums_in_memory(client, features, weight):  # noqa: ARG001
    sums = _distributed.normal_equations(
        features, distributed(X), distributed(Y), None if weight is None else distributed(weight)
    )
    assert_equal_sums(sums, features.normal_equations(X, Y, weight))


@each
def test_a_killed_worker_changes_nothing(client, features, tmp_path):
    flag = tmp_path / "killed"
    before = set(client.scheduler_info()["workers"])

    def block(rows, block_info=None):
        if block_info[0]["chunk-location"][0] == 5 and not flag.exists():
            flag.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return rows

    dangerous = distributed(X).map_blocks(block, dtype=float, meta=np.empty((0, 2)))
    sums = _distributed.normal_equations(features, dangerous, distributed(Y), WEIGHT)
    assert flag.exists()
    assert_equal_sums(sums, features.normal_equations(X, Y, WEIGHT))
    client.wait_for_workers(2, timeout=10)
    assert set(client.scheduler_info()["workers"]) != before


@each
def test_without_a_cluster_threads_do_it(features):
    # With y of one dimension, NumPy's, X far from the features' box but for an origin.
    with dask.config.set(scheduler="threads"):
        sums = _distributed.normal_equations(features, distributed(X + 7), Y[:, 0], origin=7.001)
    # Subtracting 7 rounds to eps * 7, times 2 pi * 30 cycles: 3e-13.
    assert_equal_sums(sums, features.normal_equations(X - 0.001, Y[:, :1]))


def test_blocks_are_cut_alike():
    with dask.config.set(scheduler="synchronous"):
        sums = _distributed.normal_equations(
            FEATURES["primal"],
            da.from_array(X, chunks=(130, 1)),  # columns apart
            da.from_array(Y, chunks=(400, 2)),
            da.from_array(WEIGHT, chunks=77),
        )
    assert_equal_sums(sums, FEATURES["primal"].normal_equations(X, Y, WEIGHT))


def test_bounds_are_those_of_all_blocks():
    with dask.config.set(scheduler="synchronous"):
        low, high = _distributed.bounds(distributed(X))
    np.testing.assert_array_equal(low, X.min(axis=0))
    np.testing.assert_array_equal(high, X.max(axis=0))


def sums_of(X, y=None, weight=None):
    with dask.config.set(scheduler="synchronous"):
        y = distributed(Y) if y is None else y
        return _distributed.normal_equations(FEATURES["primal"], X, y, weight)


def test_unknown_sizes_are_refused():
    with pytest.raises(ValueError, match=r"X.compute_chunk_sizes\(\)"):
        sums_of(distributed(X)[distributed(X)[:, 0] > 0])
    with pytest.raises(ValueError, match=r"y.compute_chunk_sizes\(\)"):
        sums_of(distributed(X), distributed(Y)[distributed(Y)[:, 0] > 0])


def test_other_lengths_are_refused():
    with pytest.raises(ValueError, match=r"X has 1000, y has shape \(7,\)"):
        sums_of(distributed(X), np.zeros(7))
    with pytest.raises(ValueError, match="sample_weight has shape"):
        sums_of(distributed(X), weight=np.zeros(7))
    with pytest.raises(ValueError, match="two dimensions"):
        sums_of(distributed(X)[:, 0])


@pytest.mark.parametrize("name", ["X", "y", "sample_weight"])
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_block_that_holds_nan_is_named(name, bad):
    arrays = {"X": X.copy(), "y": Y.copy(), "sample_weight": WEIGHT.copy()}
    arrays[name][250] = bad
    with pytest.raises(ValueError, match=f"{name} holds NaN or infinity among rows 200 to 499"):
        sums_of(*(distributed(array) for array in arrays.values()))


def test_what_is_a_dask_array():
    assert _distributed.is_dask(distributed(X))
    assert not _distributed.is_dask(X)
    assert not _distributed.is_dask([[1.0]])


def test_dask_is_not_imported_to_find_out():
    code = (
        "import sys, numpy as np; from skfourier.solvers._distributed import is_dask;"
        "is_dask(np.zeros(3)); sys.exit('dask' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
