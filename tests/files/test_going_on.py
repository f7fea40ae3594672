"""Models between two partial_fit: from a file they go on as if they had never been in one."""

import copy
import functools
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.base import clone
from streams import STREAMS, blocks

import skfourier
from skfourier import (
    CoordinateMLPRegressor,
    FourierFeatures,
    FourierKernelRegressor,
    FourierKernelRegressorCV,
)
from skfourier._solvers import _nufft
from skfourier._solvers._dense_factors import ShiftedEigenvectors
from skfourier._solvers._dense_modes import DenseModes

PLACES = np.random.default_rng(9).uniform(size=(50, 2))
FEATURES = FourierFeatures(2, n_frequencies=9, random_state=0)
SQUARE = [[0, 1], [0, 1]]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "stream.safetensors"


def answers(model):
    """Return all that a model says, in arrays."""
    if isinstance(model, CoordinateMLPRegressor):
        return {"mean": model.predict(PLACES), "losses": model.loss_curve_}
    mean, deviation = model.predict(PLACES, return_std=True)
    return {
        "mean": mean,
        "deviation": deviation,
        "accuracy": model.accuracy_,
        "n_iter": model.n_iter_,
        "scale": model.signal_scale_,
        "alpha": getattr(model, "alpha_", 0),
        "sigma": getattr(model, "sigma_", 0),
        "kernel": repr(model.kernel_),
        "score": getattr(model, "best_score_", 0),
    }


def assert_same(one, other):
    ones, others = answers(one), answers(other)
    assert ones.keys() == others.keys()
    for name, value in ones.items():
        np.testing.assert_array_equal(value, others[name], err_msg=name)
    assert one.n_samples_seen_ == other.n_samples_seen_


def nothing(model):
    """Leave a model as it is."""


def without_a_stop(model, rows, between=nothing):
    for X, y in rows:
        model.partial_fit(X, y)
        between(model)
    return model


def through_files(model, rows, path, between=nothing):
    """Save and load after each block."""
    for X, y in rows:
        model.partial_fit(X, y)
        between(model)
        model.save(path)
        model = skfourier.load(path)
    return model


class TestKernelRegressors:
    @pytest.mark.parametrize(
        "model",
        [
            FourierKernelRegressor(1, solver="nufft", domain=SQUARE, tol=1e-3),
            FourierKernelRegressor(
                (0.5, 1), solver="nufft", domain=SQUARE, trend="linear", tol=1e-3
            ),
            FourierKernelRegressor(kernel=FEATURES, solver="primal"),
        ],
        ids=["nufft", "trend", "primal"],
    )
    @pytest.mark.parametrize("solved", [False, True])
    def test_end_the_same(self, model, solved, path):
        between = answers if solved else nothing
        expected = without_a_stop(clone(model), blocks(4), between)
        assert_same(through_files(clone(model), blocks(4), path, between), expected)

    def test_that_iterate_end_the_same(self, path, monkeypatch):
        # As if memory did not suffice to factorize the modes.
        monkeypatch.setattr(_nufft, "_MAX_DENSE_FEATURES", 31)
        model = FourierKernelRegressor(0.5, solver="nufft", domain=SQUARE, tol=1e-3)
        expected = without_a_stop(clone(model), blocks(3))
        assert expected.n_iter_ > 1
        assert_same(through_files(clone(model), blocks(3), path), expected)

    @pytest.mark.parametrize(
        "model",
        [
            FourierKernelRegressor(1, solver="nufft", domain=SQUARE),
            FourierKernelRegressor(kernel=FEATURES, solver="primal"),
        ],
        ids=["nufft", "primal"],
    )
    def test_are_not_solved_to_be_saved(self, model, path, monkeypatch):
        solved = []
        for cls, name in ((ShiftedEigenvectors, "solve"), (DenseModes, "solve")):
            solve = getattr(cls, name)
            monkeypatch.setattr(cls, name, lambda *a, solve=solve: solved.append(1) or solve(*a))
        model = through_files(clone(model), blocks(3), path)
        assert not solved
        model.predict(PLACES)
        model.save(path)
        again = skfourier.load(path)
        assert len(solved) == 1
        again.predict(PLACES)
        assert len(solved) == 1

    def test_go_on_from_a_fit(self, path):
        first, second = blocks(2)
        model = FourierKernelRegressor(1, solver="nufft", domain=SQUARE).fit(*first)
        model.save(path)
        again = skfourier.load(path)
        assert_same(again.partial_fit(*second), model.partial_fit(*second))


class TestSearches:
    def model(self):
        return FourierKernelRegressorCV(kernel=["gaussian", "matern"], domain=SQUARE)

    def test_end_the_same(self, path):
        # The choice is renewed in blocks 1, 2 and 4.
        choices = []
        expected = without_a_stop(
            self.model(), blocks(5), lambda model: choices.append(model.alpha_)
        )
        assert len(set(choices)) == 3
        model = through_files(self.model(), blocks(5), path)
        assert_same(model, expected)
        assert repr(model.cv_results_) == repr(expected.cv_results_)

    def test_with_outputs_and_a_trend_end_the_same(self, path):
        rows = [(X.astype(np.float32), np.c_[y, X[:, 0] - y]) for X, y in blocks(3)]
        model = clone(self.model()).set_params(kernel="gaussian", trend="linear")
        expected = without_a_stop(clone(model), rows)
        assert_same(through_files(model, rows, path), expected)

    def test_sample_the_same_rows(self, path):
        def small(model):
            model._stream.sample.size = 250

        expected = without_a_stop(self.model(), blocks(5), small)
        model = through_files(self.model(), blocks(5), path, small)
        assert_same(model, expected)
        assert len(expected._stream.sample.rows[0]) == 250
        for mine, its in zip(model._stream.sample.rows, expected._stream.sample.rows, strict=True):
            np.testing.assert_array_equal(mine, its)

    def test_fit_begins_anew(self, path):
        (X, y), second = blocks(2)
        model = through_files(self.model(), [(X, y)], path)
        fitted = model.fit(*second)
        assert_same(fitted, self.model().fit(*second))
        assert fitted.n_samples_seen_ == len(second[0])


class TestNetworks:
    def network(self, **params):
        params = {"embedding": FEATURES, "batch_size": 50, "random_state": 0, **params}
        return CoordinateMLPRegressor((16,), **params)

    @pytest.mark.parametrize(
        "params",
        [
            {},
            {"alpha": 1e-2},
            {"batch_norm": True},
            {"precision": "bfloat16"},
            {"precision": "float64"},
            {"output_activation": "sigmoid", "activation": "relu"},
            {"random_state": np.random.RandomState(3)},
            {"embedding": FourierFeatures(2, n_frequencies=5)},
            *[
                {"solver": name, "learning_rate_init": 1e-3}
                for name in ("adafactor", "adam", "adamw", "asgd", "nadam", "rprop", "sgd")
            ],
            {"solver": "lbfgs", "batch_size": "full", "learning_rate_init": 0.05},
            {"learning_rate_init": np.float32(1e-2)},
            {"learning_rate_init": np.float64(1e-2), "alpha": np.float64(1e-2)},
            {"learning_rate_init": 1, "output_activation": "sigmoid"},
            {"solver": "lbfgs", "batch_size": "full", "learning_rate_init": np.float64(0.05)},
            {"solver": functools.partial(torch.optim.SGD, momentum=0.9), "learning_rate_init": 0.1},
        ],
        ids=lambda params: re.sub(r" at 0x\w+", "", str(params)),
    )
    def test_end_the_same(self, params, path):
        rows = [(X, (y - y.min()) / np.ptp(y)) for X, y in blocks(4)]
        # Copies, since a random state moves on.
        expected = without_a_stop(self.network(**copy.deepcopy(params)), rows)
        assert_same(through_files(self.network(**params), rows, path), expected)

    def test_settings_may_change_before_or_after_saving(self, path):
        def slower(model):
            model.set_params(learning_rate_init=model.learning_rate_init / 2)

        expected = without_a_stop(self.network(), blocks(4), slower)
        assert_same(through_files(self.network(), blocks(4), path, slower), expected)

    def test_warm_starts_go_on(self, path):
        X, y = blocks(1)[0]
        network = self.network(warm_start=True, max_iter=2).fit(X, y)
        network.save(path)
        again = skfourier.load(path)
        assert_same(again.fit(X, y), network.fit(X, y))
        # And so does a stream.
        network.save(path)
        again = skfourier.load(path)
        assert_same(again.partial_fit(X, y), network.partial_fit(X, y))

    def test_final_files_have_no_optimizer(self, path):
        network = without_a_stop(CoordinateMLPRegressor(random_state=0), blocks(1))
        network.save(path)
        going_on = path.stat().st_size
        network.save(path, final=True)
        # Weights alone; else their average, the point that steps begin at, and squared gradients.
        assert going_on > 2.9 * path.stat().st_size
        again = skfourier.load(path)
        np.testing.assert_array_equal(again.predict(PLACES), network.predict(PLACES))
        assert again.partial_fit(*blocks(1)[0]).n_iter_ == 2
        fitted = CoordinateMLPRegressor(random_state=0, max_iter=1).fit(*blocks(1)[0])
        fitted.save(path)
        assert path.stat().st_size < going_on / 2.9


@pytest.mark.parametrize("name", STREAMS)
class TestRowsSeen:
    def test_are_those_given(self, name, path):
        model, weight = STREAMS[name](), np.ones(len(blocks(1)[0][0]))
        weight[:3] = 0
        for X, y in blocks(2):
            model.partial_fit(X, y, sample_weight=weight)
        assert model.n_samples_seen_ == 2 * len(weight)
        model.save(path)
        assert skfourier.load(path).n_samples_seen_ == 2 * len(weight)
        X, y = blocks(1)[0]
        assert model.fit(X, y).n_samples_seen_ == len(X)

    def test_of_a_refused_block_do_not_count(self, name):
        (X, y), *_ = blocks(1)
        model = STREAMS[name]().partial_fit(X, y)
        with pytest.raises(ValueError, match="NaN"):
            model.partial_fit(X, np.full_like(y, np.nan))
        assert model.n_samples_seen_ == len(X)


@pytest.mark.skipif(sys.platform != "linux", reason="processes fork there alone, with torch")
def test_killed_at_any_moment_they_end_the_same(tmp_path):
    # All in one process, which imports torch once.
    script = Path(__file__).with_name("streams.py")
    settings = {"OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(map(str, sys.path))}
    done = subprocess.run(
        [sys.executable, script, tmp_path],
        check=False,
        capture_output=True,
        text=True,
        env=os.environ | settings,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [f"{name} 4 True" for name in STREAMS]
