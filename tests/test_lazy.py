"""Methods that answer dask arrays block by block, and entries that refuse them."""

import dask
import dask.array as da
import numpy as np
import pytest

from skfourier import (
    CoordinateMLPEnsemble,
    CoordinateMLPRegressor,
    FourierFeatures,
    FourierKernelRegressor,
    FourierKernelRegressorCV,
)
from skfourier.metrics import psnr

X = np.random.default_rng(0).uniform(size=(90, 2))
Y = np.stack([np.sin(9 * X[:, 0]), X[:, 1]], axis=1)
ROWS = np.random.default_rng(1).uniform(size=(50, 2))
NETWORK = CoordinateMLPRegressor(
    (8,), embedding=FourierFeatures(2, n_frequencies=4), max_iter=2, random_state=0
)
ESTIMATORS = {
    "features": FourierFeatures(3, n_frequencies=5, random_state=0),
    "kernel": FourierKernelRegressor(3),
    "search": FourierKernelRegressorCV([2, 3], [1e-2, 1e-1]),
    "network": NETWORK,
    "ensemble": CoordinateMLPEnsemble(NETWORK, n_estimators=2),
}
METHODS = [
    ("features", "transform", {}),
    ("kernel", "predict", {}),
    ("kernel", "predict", {"return_std": True}),
    ("kernel", "predict_gradient", {"return_std": True}),
    ("search", "predict", {"return_std": True}),
    ("search", "predict_gradient", {}),
    ("network", "predict", {}),
    ("network", "predict_gradient", {}),
    ("ensemble", "predict", {"return_std": True}),
    ("ensemble", "predict_gradient", {}),
]


@pytest.fixture(scope="module")
def fitted():
    with pytest.warns(UserWarning, match="at the edge"):
        return {name: estimator.fit(X, Y) for name, estimator in ESTIMATORS.items()}


def lazy_rows(seen):
    """Return ROWS as a dask array that tells which blocks were computed; one block is empty."""

    def block(block_info):
        start, stop = block_info[None]["array-location"][0]
        seen.append(start)
        return ROWS[start:stop]

    chunks = ((20, 0, 30), (2,))
    return da.map_blocks(block, chunks=chunks, dtype=float, meta=np.empty((0, 2)))


@pytest.mark.parametrize(("name", "method", "params"), METHODS)
def test_blocks_are_computed_when_they_are_asked_for(fitted, name, method, params):
    seen = []
    answer = getattr(fitted[name], method)(lazy_rows(seen), **params)
    assert seen == []
    answers = answer if isinstance(answer, tuple) else (answer,)
    expected = getattr(fitted[name], method)(ROWS, **params)
    expected = expected if isinstance(expected, tuple) else (expected,)
    with dask.config.set(scheduler="synchronous"):
        answers[0][:10].compute()
        assert seen == [0]
        for mine, whole in zip(answers, expected, strict=True):
            assert (mine.shape, mine.dtype) == (whole.shape, whole.dtype)
            # Products of fewer rows may be summed in another order: float32's rounding.
            np.testing.assert_allclose(mine.compute(), whole, rtol=1e-4, atol=1e-5)


def test_features_are_fitted_to_the_columns():
    seen = []
    features = FourierFeatures(3, n_frequencies=5, random_state=0).fit_transform(lazy_rows(seen))
    assert len(seen) <= 1
    np.testing.assert_array_equal(features, ESTIMATORS["features"].fit(ROWS).transform(ROWS))


class TestBadInput:
    def test_sizes_that_nobody_knows(self, fitted):
        rows = da.from_array(ROWS)
        with pytest.raises(ValueError, match="compute_chunk_sizes"):
            fitted["kernel"].predict(rows[rows[:, 0] > 0.5])

    def test_one_dimension(self, fitted):
        with pytest.raises(ValueError, match=r"two dimensions.*Got shape \(50,\)"):
            fitted["kernel"].predict(da.from_array(ROWS[:, 0]))

    def test_other_columns(self, fitted):
        with pytest.raises(ValueError, match="expecting 2 features"):
            fitted["kernel"].predict(da.from_array(ROWS[:, :1]))

    @pytest.mark.parametrize(("args", "params"), [((), {"return_cov": True}), ((False, True), {})])
    def test_a_covariance(self, fitted, args, params):
        with pytest.raises(ValueError, match="between all rows"):
            fitted["kernel"].predict(da.from_array(ROWS), *args, **params)

    @pytest.mark.parametrize(
        "call",
        [
            lambda rows, _: NETWORK.fit(rows, Y),
            lambda rows, _: FourierFeatures("auto").fit(rows),
            lambda rows, fitted: fitted["kernel"].sample_y(rows),
            lambda rows, _: psnr(rows, ROWS),
            lambda rows, _: FourierKernelRegressor(3).fit(ROWS, rows),
        ],
        ids=["network", "spacing", "draws", "psnr", "y alone"],
    )
    def test_what_takes_all_rows(self, fitted, call):
        with pytest.raises(ValueError, match="is a dask array, and would be read into memory"):
            call(da.from_array(ROWS), fitted)
