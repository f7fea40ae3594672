"""Choices by rows that come in blocks, and by dask arrays."""

import pickle

import dask.array
import numpy as np
import pytest
from sklearn.base import clone

from skfourier import FourierFeatures, FourierKernelRegressorCV
from skfourier._kernel_regressor_cv._reservoir import Reservoir

BOX = [[0, 1], [0, 1]]
X_NEW = np.random.default_rng(9).uniform(size=(500, 2))


def signal(X):
    return np.sin(9 * X[:, 0]) + np.cos(12 * X[:, 1])


def rows(n, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.uniform(size=(n, 2))
    return X, signal(X) + 0.1 * rng.normal(size=n)


def blocks(n_blocks, n=1500):
    return [rows(n, seed) for seed in range(n_blocks)]


@pytest.fixture(scope="module")
def streamed():
    model = FourierKernelRegressorCV(domain=BOX)
    for X, y in blocks(3):
        model.partial_fit(X, y)
    return model


def test_a_stream_is_fitted_as_all_of_its_rows(streamed):
    X, y = (np.concatenate(parts) for parts in zip(*blocks(3), strict=True))
    # Of one choice they are the same: its kernel and alpha, on all rows.
    whole = clone(streamed.regressor_).set_params(alpha=streamed.alpha_)
    expected, deviation = whole.fit(X, y).calibrated().predict(X_NEW, return_std=True)
    mean, ours = streamed.predict(X_NEW, return_std=True)
    np.testing.assert_allclose(mean, expected, atol=1e-4)
    np.testing.assert_allclose(ours, deviation, rtol=0.01)


def test_noise_and_errors_are_as_in_memory(streamed):
    noise = streamed.signal_scale_[0] * np.sqrt(streamed.alpha_)
    assert noise == pytest.approx(0.1, rel=0.05)
    mean, deviation = streamed.predict(X_NEW, return_std=True)
    off = np.abs(mean - signal(X_NEW)) / deviation
    # 500 points are some 30 independent ones: 0.95, and three deviations of 0.04.
    assert np.mean(off < 1.96) > 0.83
    assert streamed.sample_y(X_NEW[:3], 2).shape == (3, 2)


def test_the_choice_is_renewed_when_rows_have_doubled():
    model, choices = FourierKernelRegressorCV(domain=BOX), []
    for X, y in blocks(5, n=400):
        model.partial_fit(X, y)
        choices.append(model._stream.choice)
    assert [choice is choices[0] for choice in choices] == [True, False, False, False, False]
    assert [choice is choices[1] for choice in choices] == [False, True, True, False, False]


def test_fit_begins_anew(streamed):
    model = pickle.loads(pickle.dumps(streamed))
    X, y = rows(300, seed=7)
    fresh = FourierKernelRegressorCV(domain=BOX).fit(X, y)
    np.testing.assert_array_equal(model.fit(X, y).predict(X_NEW), fresh.predict(X_NEW))


def smooth_then_rough():
    """Give blocks of a chirp: of its slow beginning, and of all of it."""
    rng = np.random.default_rng(0)
    for width, n_rows in ((0.2, 600), (1.0, 1500)):
        X = rng.uniform(size=(n_rows, 2)) * (width, 1)
        yield X, np.sin(50 * X[:, 0] ** 2) + 0.01 * rng.normal(size=n_rows)


def test_the_modes_follow_the_choice_as_long_as_all_rows_are_kept():
    model = FourierKernelRegressorCV(kernel="gaussian", domain=BOX)
    for X, y in smooth_then_rough():
        model.partial_fit(X, y)
    # The noise is 1e-4 of the signal's variance; three times that.
    assert model.score(X, y) > 1 - 6e-4


def test_rows_elsewhere_than_the_first_are_told_of():
    model = FourierKernelRegressorCV(kernel="gaussian", domain=BOX)
    first, second = smooth_then_rough()
    model.partial_fit(*first)
    model._stream.sample.size = 600
    with pytest.warns(UserWarning, match="laid out by the first rows"):
        model.partial_fit(*second)


def test_dask_arrays_are_fitted_block_by_block():
    X, y = rows(6000)
    model = FourierKernelRegressorCV().fit(
        dask.array.from_array(X, chunks=(2000, 2)), dask.array.from_array(y, chunks=2000)
    )
    assert model.solver_ == "nufft"
    in_memory = FourierKernelRegressorCV(kernel=model.kernel_).fit(X, y)
    np.testing.assert_allclose(model.predict(X_NEW), in_memory.predict(X_NEW), atol=0.02)


class TestReservoir:
    def test_every_row_is_as_likely(self):
        reservoir = Reservoir(500)
        for start in range(0, 5000, 1000):
            X = np.arange(start, start + 1000.0)[:, None]
            reservoir = reservoir.with_rows(X, X, np.ones(1000))
        kept = reservoir.rows[0][:, 0]
        assert len(np.unique(kept)) == 500
        # 100 of each block: within four deviations, sqrt(100 * 0.8).
        assert np.all(np.abs(np.histogram(kept, 5, (0, 5000))[0] - 100) < 36)

    def test_few_rows_are_all_kept(self):
        reservoir = Reservoir(10).with_rows(*[np.arange(4.0)[:, None]] * 2, np.ones(4))
        assert sorted(reservoir.rows[0][:, 0]) == [0, 1, 2, 3]


class TestBadInput:
    def test_no_domain(self):
        assert not hasattr(FourierKernelRegressorCV(), "partial_fit")
        with pytest.raises(AttributeError) as error:
            FourierKernelRegressorCV().partial_fit(*rows(50))
        assert "partial_fit needs domain" in str(error.value.__cause__)

    @pytest.mark.parametrize(
        "params",
        [
            {"sigmas": [1]},
            {"alphas": [1]},
            {"cv": 3},
            {"criterion": "gcv"},
            {"kernel": FourierFeatures()},
        ],
    )
    def test_candidates(self, params):
        with pytest.raises(ValueError, match="without candidates"):
            FourierKernelRegressorCV(domain=BOX, **params).partial_fit(*rows(50))

    def test_candidates_and_dask(self):
        X, y = rows(100)
        model = FourierKernelRegressorCV([1, 2])
        with pytest.raises(ValueError, match="fit of dask arrays takes"):
            model.fit(dask.array.from_array(X), dask.array.from_array(y))

    def test_what_dask_arrays_do_not_take(self):
        X, y = (dask.array.from_array(rows(100)[k]) for k in (0, 1))
        with pytest.raises(ValueError, match="Did you mean 'gcv'"):
            FourierKernelRegressorCV(criterion="gvc").fit(X, y)
        with pytest.raises(ValueError, match="price"):
            FourierKernelRegressorCV().fit(X, y, price=np.ones(100))

    def test_rows_outside_lose_nothing(self, streamed):
        model = pickle.loads(pickle.dumps(streamed))
        before = model.predict(X_NEW)
        with pytest.raises(ValueError, match="outside"):
            model.partial_fit(np.full((3, 2), 5.0), np.ones(3))
        np.testing.assert_array_equal(model.predict(X_NEW), before)
