"""Rows in files larger than memory: models take them from memmaps, block by block."""

import tracemalloc

import dask
import dask.array as da
import numpy as np
import pytest
from sklearn import config_context
from sklearn.base import clone

from skfourier import (
    CoordinateMLPRegressor,
    FourierFeatures,
    FourierKernelRegressor,
    FourierKernelRegressorCV,
)

FEATURES = FourierFeatures(2, n_frequencies=9, random_state=0)
SQUARE = [[0, 1], [0, 1]]
MODELS = {
    "nufft": FourierKernelRegressor(0.5, solver="nufft", domain=SQUARE, tol=1e-3),
    "primal": FourierKernelRegressor(kernel=FEATURES, solver="primal"),
    "search": FourierKernelRegressorCV(kernel="gaussian", domain=SQUARE),
    "network": CoordinateMLPRegressor((16,), embedding=FEATURES, max_iter=2, random_state=0),
}
each = pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)


@pytest.fixture
def on_disk(tmp_path):
    """Return a function of a number of rows: X and y in files, as NumPy maps them."""

    def write(n_rows):
        rng = np.random.default_rng(0)
        X = rng.uniform(size=(n_rows, 2))
        for name, array in (("X", X), ("y", np.sin(9 * X[:, 0]) * X[:, 1])):
            np.save(tmp_path / f"{name}.npy", array)
        return tuple(np.load(tmp_path / f"{name}.npy", mmap_mode="r") for name in "Xy")

    return write


def in_blocks(model, X, y, n_rows):
    model = clone(model)
    for start in range(0, len(X), n_rows):
        model.partial_fit(X[start : start + n_rows], y[start : start + n_rows])
    return model


def peak_bytes(function):
    """Return the most that NumPy's arrays took during a call; pages of files are none of them."""
    tracemalloc.start()
    try:
        function()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@each
def test_memmaps_are_as_arrays_and_stay_as_they_are(model, on_disk):
    X, y = on_disk(600)
    before = X.tobytes(), y.tobytes()
    assert not X.flags.writeable
    arrays = np.array(X), np.array(y)
    for fit in (lambda *rows: in_blocks(model, *rows, 200), clone(model).fit):
        mapped, expected = fit(X, y).predict(X), fit(*arrays).predict(arrays[0])
        np.testing.assert_array_equal(mapped, expected)
    assert (X.tobytes(), y.tobytes()) == before


@pytest.fixture
def sequential():
    # Of several threads each holds a block.
    with dask.config.set(scheduler="synchronous"):
        yield


def assert_no_more_for_more_rows(use, X, y):
    """Check that four times the blocks take no more memory.

    But for what keeps track of them: in dask some 20 kB a block, whose rows are 480 kB.
    """
    quarter = len(X) // 4
    some = peak_bytes(lambda: use(X[:quarter], y[:quarter]))
    more_rows = X[quarter:].nbytes + y[quarter:].nbytes
    assert peak_bytes(lambda: use(X, y)) < some + more_rows / 10


@pytest.mark.parametrize("name", ["nufft", "primal", "network"])
def test_blocks_of_a_memmap_are_all_that_is_loaded(name, on_disk):
    X, y = on_disk(400_000)
    assert_no_more_for_more_rows(lambda *rows: in_blocks(MODELS[name], *rows, 20_000), X, y)
    assert peak_bytes(lambda: in_blocks(MODELS[name], X, y, 20_000)) < X.nbytes + y.nbytes


def test_networks_predict_memmaps_block_by_block(on_disk):
    X, y = on_disk(240_000)
    network = clone(MODELS["network"]).partial_fit(X[:1000], y[:1000])
    # Predictions are half of X, and there once more in the dtype of y; no copy of X is.
    with config_context(working_memory=1):
        assert peak_bytes(lambda: network.predict(X)) < 1.2 * X.nbytes


@pytest.mark.parametrize("name", ["nufft", "primal", "network"])
@pytest.mark.usefixtures("sequential")
def test_dask_arrays_of_memmaps_are_predicted_by_blocks(name, on_disk):
    X, y = on_disk(240_000)
    fitted = clone(MODELS[name]).partial_fit(X[:1000], y[:1000])

    def predict(X, y):
        X, y = lazy(X, y)
        abs(fitted.predict(X) - y).max().compute()

    assert_no_more_for_more_rows(predict, X, y)


@pytest.mark.usefixtures("sequential")
def test_dask_arrays_of_memmaps_are_fitted_by_blocks(on_disk):
    X, y = on_disk(240_000)
    # Of "nufft" the sums of some blocks, which wait to be added, are larger than these.
    assert_no_more_for_more_rows(lambda *rows: clone(MODELS["primal"]).fit(*lazy(*rows)), X, y)


def lazy(*arrays):
    """Return dask arrays that read blocks of memmaps; dask's `from_array` copies these whole."""

    def block(path, block_info):
        (start, end), *_ = block_info[None]["array-location"]
        return np.load(path, mmap_mode="r")[start:end]

    chunks = (20_000,) * (len(arrays[0]) // 20_000)
    return [
        da.map_blocks(
            block,
            array.filename,
            chunks=(chunks, *array.shape[1:]),
            meta=np.empty((0,) * array.ndim),
        )
        for array in arrays
    ]
