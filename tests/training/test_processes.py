"""Two processes that train one network: what one process does on the rows of both."""

import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from callbacks import Callback
from several_processes import in_processes
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.metrics import r2_score

import skfourier
from skfourier import CoordinateMLPEnsemble, CoordinateMLPRegressor, FourierFeatures
from skfourier._training import _checkpoint


def pattern(X):
    return np.stack([np.sin(9 * X[:, 0]) * X[:, 1], 30 + X[:, 0]], axis=1)


RANDOM = np.random.default_rng(0)
X = RANDOM.uniform(size=(100, 2))
Y = pattern(X)
WEIGHT = RANDOM.uniform(0.5, 2, size=100)
X_NEW = RANDOM.uniform(size=(50, 2))
# Rows of each process: not as many, and such that ten steps have ten rows together.
OWN = [slice(0, 30), slice(30, 100)]


def network(**params):
    # In float64, where what another order of a sum rounds stays far below what is learned.
    defaults = {"batch_size": "full", "precision": "float64", "max_iter": 20, "random_state": 0}
    embedding = params.pop("embedding", FourierFeatures(2, n_frequencies=8))
    return CoordinateMLPRegressor((16, 16), embedding=embedding, **defaults | params)


FULL_BATCH = {
    "default": {},
    "schedule": {"solver": "adam", "learning_rate_init": 1e-3},
    "line search": {"solver": "lbfgs", "learning_rate_init": 0.05, "max_iter": 3},
    "weight decay": {"alpha": 0.1},
    "sigmoid": {"output_activation": "sigmoid"},
    "no embedding": {"embedding": None},
    "ends early": {"tol": 0.05, "n_iter_no_change": 2, "max_iter": 60},
}
OTHERS = {
    "in order": {"batch_size": 10, "shuffle": False},
    "shuffled": {"batch_size": 10},
    "steps without rows": {"batch_size": 1},
    "long": {"batch_size": 10, "max_iter": 8},
    "no seed": {"random_state": None},
    "held out": {"batch_size": 10, "early_stopping": True, "max_iter": 60},
    "float32": {"precision": "float32"},
}


def targets(params):
    return (Y - Y.min(axis=0)) / np.ptp(Y, axis=0) if "output_activation" in params else Y


def answers(model):
    states = {name: value.numpy() for name, value in model.module_.state_dict().items()}
    return model.predict(X_NEW), model.loss_curve_, model.validation_scores_, states


class At(Callback):
    """A callback that calls a function after some epochs, in one process."""

    def __init__(self, epoch, function):
        self.epoch, self.function = epoch, function

    def on_fit_task_end(self, estimator, context):  # noqa: ARG002
        return self.function() if context.task_id == self.epoch else None


class FromTheRows(TransformerMixin, BaseEstimator):
    """An embedding that learns from the rows of its process alone."""

    def fit(self, X, y=None):  # noqa: ARG002
        self.scale_ = 1 / X.max()
        return self

    def transform(self, X):
        return self.scale_ * X

    def to_module(self, dtype):
        layer = torch.nn.Linear(2, 2, bias=False, dtype=dtype).requires_grad_(False)
        layer.weight.copy_(self.scale_ * torch.eye(2))
        return layer


# What each process asks for, and what both are told.
REFUSED = {
    "batch norm": ({"batch_norm": True}, {}, "batch_norm=True takes the statistics of a whole"),
    "sigma": ({"embedding": FourierFeatures("auto")}, {}, "sigma='auto' is chosen in one process"),
    "embedding": ({"embedding": FromTheRows()}, {}, "has learned something else in each process"),
    "rates": ({}, {"alpha": 0.1}, "In process 0 alpha is 'auto', in process 1 0.1."),
    "seeds": ({}, {"random_state": 1}, "In process 0 random_state is 0, in process 1 1."),
    "held out": (
        {"early_stopping": True, "validation_fraction": 0.02},
        {},
        "validation_fraction=0.02 holds out 1",
    ),
}


def refusals(rank):
    rows, said = OWN[rank], {}
    y = Y.copy()
    y[0, 0] = np.nan  # a row of process 0
    calls = {
        "bad rows": lambda: network().fit(X[rows], y[rows]),
        "columns": lambda: network(embedding=None).fit(X[rows, rank:], Y[rows]),
        "weights": lambda: network().fit(X[rows], Y[rows], WEIGHT[rows] if rank else None),
        "ensemble": lambda: CoordinateMLPEnsemble().fit(X[rows], Y[rows]),
    } | {
        name: lambda params=both | (second if rank else {}): network(**params).fit(X[rows], Y[rows])
        for name, (both, second, _) in REFUSED.items()
    }
    for name, call in calls.items():
        with pytest.raises(ValueError) as caught:
            call()
        said[name] = str(caught.value)
    # A shell that starts the tests in the background lets them ignore it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    pressed = network().set_callbacks(At(2, partial(signal.raise_signal, signal.SIGINT)))
    with pytest.raises(KeyboardInterrupt):
        pressed.fit(X[rows], Y[rows])
    said["fitted after Ctrl-C"] = hasattr(pressed, "module_")
    said["loss"] = network().fit(X[rows], Y[rows]).loss_curve_[-1]  # nobody is left behind
    return said


def everything(rank):
    rows = OWN[rank]
    fits = {
        name: answers(network(**params).fit(X[rows], targets(params)[rows], WEIGHT[rows]))
        for name, params in (FULL_BATCH | OTHERS).items()
    }
    scored = {"X_val": X_NEW[rank::3], "y_val": pattern(X_NEW[rank::3])}
    fits["own rows to score"] = answers(network().fit(X[rows], Y[rows], **scored))
    streamed = network().partial_fit(X[rows], Y[rows]).partial_fit(X[rows][::-1], Y[rows][::-1])
    fits["blocks"] = answers(streamed)
    warm = network(warm_start=True, max_iter=10).fit(X[rows], Y[rows], WEIGHT[rows])
    fits["going on"] = answers(warm.fit(X[rows], Y[rows], WEIGHT[rows]))
    stopped = network()
    if rank == 1:
        stopped.set_callbacks(At(4, lambda: True))
    fits["callback"] = answers(stopped.fit(X[rows], Y[rows]))
    return fits, refusals(rank)


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    return in_processes(everything, tmp_path_factory.mktemp("group"))


@pytest.fixture(scope="module")
def fits(done):
    return [fits for fits, _ in done]


def assert_same_to_rounding(fitted, whole, other):
    """Compare with one process; of `other`, which has its rows in another order, sums round apart.

    The trainings amplify rounding alike. A hundredfold of the largest of a hundred such
    differences is not met by chance.
    """
    predictions, losses, scores, _ = fitted
    rounding = np.abs(whole.predict(X_NEW) - other.predict(X_NEW)).max() + np.finfo(float).eps
    assert rounding < 1e-9
    np.testing.assert_allclose(predictions, whole.predict(X_NEW), rtol=0, atol=100 * rounding)
    np.testing.assert_allclose(losses, whole.loss_curve_, rtol=1e-9)
    np.testing.assert_allclose(scores, whole.validation_scores_, rtol=1e-9)


@pytest.mark.parametrize("name", FULL_BATCH)
def test_a_step_is_that_of_one_process_on_all_rows(fits, name):
    params = FULL_BATCH[name]
    y, order = targets(params), np.random.default_rng(1).permutation(100)
    whole = network(**params).fit(X, y, WEIGHT)
    other = network(**params).fit(X[order], y[order], WEIGHT[order])
    assert_same_to_rounding(fits[0][name], whole, other)


def test_a_batch_has_rows_of_both(fits):
    # The i-th of ten steps: rows 3i to 3i + 3 of the one, 7i to 7i + 7 of the other.
    steps = np.concatenate([np.arange(100)[rows].reshape(10, -1) for rows in OWN], axis=1)
    whole, other = (
        network(**OTHERS["in order"]).fit(X[rows], Y[rows], WEIGHT[rows])
        for rows in (steps.ravel(), np.random.default_rng(1).permuted(steps, axis=1).ravel())
    )
    assert_same_to_rounding(fits[0]["in order"], whole, other)


def test_own_rows_are_scored_together(fits):
    scored = np.concatenate([X_NEW[0::3], X_NEW[1::3]])
    whole, other = (
        network().fit(X[order], Y[order], X_val=scored, y_val=pattern(scored))
        for order in (np.arange(100), np.random.default_rng(1).permutation(100))
    )
    assert_same_to_rounding(fits[0]["own rows to score"], whole, other)
    expected = r2_score(pattern(scored), whole.predict(scored))
    assert whole.best_validation_score_ == pytest.approx(expected)


def test_going_on_is_one_training(fits):
    whole, other = (
        network(warm_start=True).fit(X[order], Y[order], WEIGHT[order])
        for order in (np.arange(100), np.random.default_rng(1).permutation(100))
    )
    predictions, losses, *others = fits[0]["going on"]
    assert len(losses) == 10
    whole.loss_curve_ = whole.loss_curve_[10:]
    assert_same_to_rounding((predictions, losses, *others), whole, other)


@pytest.mark.parametrize(
    "name", [*FULL_BATCH, *OTHERS, "own rows to score", "blocks", "going on", "callback"]
)
def test_both_have_the_same_network(fits, name):
    one, other = (fit[name] for fit in fits)
    assert one[1:3] == other[1:3]
    assert one[3].keys() == other[3].keys()
    for key, value in one[3].items():
        np.testing.assert_array_equal(value, other[3][key], err_msg=key)
    assert one[1][-1] < one[1][0]


def test_both_refuse_what_one_cannot_do(done):
    said = [refused for _, refused in done]
    for answer in said:
        for name, (*_, message) in REFUSED.items():
            assert message in answer[name], name
        assert "In process 0 the columns and the dtype of X is 2, float64" in answer["columns"]
        assert "whether there is a sample_weight is False, in process 1 True" in answer["weights"]
        assert "An ensemble is calibrated in one process" in answer["ensemble"]
        assert not answer["fitted after Ctrl-C"]
        assert answer["loss"] == said[0]["loss"]
    assert said[0]["bad rows"].startswith("Input y contains NaN")
    assert said[1]["bad rows"].startswith("The rows of process 0 cannot be fitted. ValueError:")


def test_the_script_of_the_documentation_runs_under_torchrun(tmp_path):
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    script = Path(__file__).parents[2] / "docs" / "user_guide" / "several_processes.py"
    run = subprocess.run(
        [*torchrun, "--nproc-per-node", "2", script],
        check=True,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    # 1.0000 with torch 2.13 and 0.9999 with 2.6.
    assert float(run.stdout.split("R^2 of 2 processes:")[1]) > 0.999
    model = skfourier.load(tmp_path / "network.safetensors")
    assert len(model.loss_curve_) == 13  # 500 steps of 1,024 rows are 13 times 40,000


def test_a_callback_in_one_process_ends_the_training_of_both(fits):
    assert len(fits[0]["callback"][1]) == 5


def fit_with_checkpoint(rank, path, fault=None):
    model = network(**OTHERS["long"], checkpoint=str(path), resume=True)
    _checkpoint._SHARE_OF_TIME = np.inf  # written after each epoch
    if fault is not None and rank == 1:
        model.set_callbacks(At(4, partial(fault, path)))
    return answers(model.fit(X[OWN[rank]], Y[OWN[rank]], WEIGHT[OWN[rank]]))


def assert_told_of_a_loss(error, path):
    assert isinstance(error, ConnectionError)
    assert str(error).startswith("Training ended after 5 epochs. Process 0 of 2 has lost another")
    assert f"The checkpoint {path} is whole" in str(error)
    assert len(torch.load(path, weights_only=True)["progress"]["history"]["loss_curve"]) == 5


def killed(path):  # noqa: ARG001
    os.kill(os.getpid(), signal.SIGKILL)


def test_one_is_killed_and_the_training_goes_on_later(tmp_path, fits):
    path = tmp_path / "training.pt"
    error, lost = in_processes(fit_with_checkpoint, tmp_path, path, killed)
    assert lost is None
    assert_told_of_a_loss(error, path)  # or it would hang, for which `in_processes` has a bound
    one, other = in_processes(fit_with_checkpoint, tmp_path, path)
    np.testing.assert_equal(one, fits[0]["long"])
    np.testing.assert_equal(other, fits[1]["long"])


def hangs(path):
    while not (path.parent / "answer 0").exists():
        time.sleep(0.1)


def test_one_hangs_and_the_other_ends_by_the_timeout_of_the_group(tmp_path):
    path = tmp_path / "training.pt"
    error, other = in_processes(fit_with_checkpoint, tmp_path, path, hangs, timeout=10)
    assert_told_of_a_loss(error, path)
    assert isinstance(other, ConnectionError)
