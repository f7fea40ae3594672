"""Rows in files larger than memory: models take them from memmaps, block by block."""

import tracemalloc

import dask.array as da
import numpy as np
import pytest
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
    "nufft": FourierKernelRegressor(2, solver="nufft", domain=SQUARE),
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


@each
def test_blocks_of_a_memmap_are_all_that_is_loaded(model, on_disk):
    X, y = on_disk(400_000)
    model = clone(model)
    some = peak_bytes(lambda: in_blocks(model, X[:80_000], y[:80_000], 20_000))
    # More rows take no more memory.
    print(some, peak_bytes(lambda: in_blocks(model, X, y, 20_000)), X.nbytes + y.nbytes)


def test_networks_predict_memmaps_block_by_block(on_disk):
    X, y = on_disk(400_000)
    network = clone(MODELS["network"]).partial_fit(X[:1000], y[:1000])
    print(peak_bytes(lambda: network.predict(X)), X.nbytes)


@each
def test_dask_arrays_of_memmaps_are_loaded_by_blocks(model, on_disk):
    X, y = on_disk(400_000)
    lazy = [da.from_array(array, chunks=(20_000, *array.shape[1:])) for array in (X, y)]
    fitted = clone(model).partial_fit(X[:1000], y[:1000])

    def predict():
        abs(fitted.predict(lazy[0]) - lazy[1]).max().compute(scheduler="synchronous")

    print(peak_bytes(predict), X.nbytes)
    if not isinstance(model, CoordinateMLPRegressor):
        print(peak_bytes(lambda: clone(model).fit(*lazy)))
