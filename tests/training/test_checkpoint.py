"""Trainings that go on from a file."""

import sys

import numpy as np
import pytest
import torch
from callbacks import Callback

from skfourier import CoordinateMLPRegressor, FourierFeatures

X = np.random.default_rng(0).uniform(size=(300, 2))
Y = np.sin(9 * X[:, 0]) * X[:, 1]


def network(**params):
    params = {"max_iter": 8, "random_state": 0, **params}
    embedding = params.pop("embedding", FourierFeatures(2, n_frequencies=8, random_state=0))
    return CoordinateMLPRegressor((16,), embedding=embedding, batch_size=50, **params)


class Crash(Callback):
    """A callback that fails after some epochs, as the power may."""

    def __init__(self, after):
        self.after = after

    def on_fit_task_begin(self, estimator, context):  # noqa: ARG002
        if context.task_name == "epoch" and context.task_id == self.after:
            raise RuntimeError("crash")


def crashed(path, after=3, **params):
    model = network(checkpoint=path, **params).set_callbacks(Crash(after))
    with pytest.raises(RuntimeError, match="crash"):
        model.fit(X, Y)


def assert_same_weights(one, other):
    states = one.module_.state_dict(), other.module_.state_dict()
    assert states[0].keys() == states[1].keys()
    for name, value in states[0].items():
        assert torch.equal(value, states[1][name]), name


@pytest.fixture
def path(tmp_path, monkeypatch):
    # Written after every epoch, however long that takes.
    monkeypatch.setattr("skfourier._training._checkpoint._SHARE_OF_TIME", np.inf)
    return tmp_path / "training.pt"


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"solver": "adam", "learning_rate_init": 1e-3},
        {"solver": "lbfgs", "learning_rate_init": 0.05},
        {"early_stopping": True},
        {"batch_norm": True},
        {"embedding": FourierFeatures("auto", n_frequencies=8), "max_iter": 16},
        {"random_state": np.random.RandomState(3)},
    ],
    ids=["default", "schedule", "lbfgs", "held out", "statistics", "sigma", "instance"],
)
def test_a_training_goes_on_as_if_nothing_had_happened(path, params):
    expected = network(**{**params, **fresh(params)}).fit(X, Y)
    crashed(path, **{**params, **fresh(params)})
    model = network(checkpoint=path, resume=True, **{**params, **fresh(params)}).fit(X, Y)
    assert_same_weights(model, expected)
    assert model.loss_curve_ == expected.loss_curve_
    assert model.validation_scores_ == expected.validation_scores_
    np.testing.assert_array_equal(model.embedding_.sigma_, expected.embedding_.sigma_)
    # Ended trainings stay as they are.
    again = network(checkpoint=path, resume=True, **{**params, **fresh(params)}).fit(X, Y)
    assert_same_weights(again, expected)
    if expected.sigma_search_ is not None:
        for name, column in expected.sigma_search_.items():
            np.testing.assert_array_equal(model.sigma_search_[name], column)


def fresh(params):
    """Return the same random state again where it is one that moves on."""
    return {"random_state": np.random.RandomState(3)} if "random_state" in params else {}


def test_without_a_seed_the_file_has_it(path):
    crashed(path, random_state=None)
    first = torch.load(path, weights_only=True)["network"]
    model = network(checkpoint=path, resume=True, random_state=None).fit(X, Y)
    frequencies = next(name for name in first if "embedding" in name)
    assert torch.equal(model.module_.state_dict()[frequencies], first[frequencies])
    assert len(model.loss_curve_) == 8


def test_a_resumed_fit_without_a_file_begins_one(path):
    model = network(checkpoint=path, resume=True).fit(X, Y)
    assert_same_weights(model, network().fit(X, Y))
    assert path.exists()


class TestBadInput:
    def test_a_file_is_not_overwritten(self, path):
        crashed(path)
        before = path.read_bytes()
        with pytest.raises(FileExistsError, match="Pass resume=True"):
            network(checkpoint=path).fit(X, Y)
        assert path.read_bytes() == before

    @pytest.mark.parametrize(
        ("params", "rows", "message"),
        [
            ({"max_iter": 9}, (X, Y), "Different are: max_iter. "),
            ({"alpha": 0.1}, (X, Y), "Different are: alpha. "),
            ({}, (X, Y + 1), "Different are: the values of y. "),
            ({}, (X[:200], Y[:200]), r"the shape of X \(\(300, 2\) there, \(200, 2\) here\)"),
            ({}, (X, Y, np.arange(1.0, 301)), "sample_weight"),
        ],
    )
    def test_another_training_says_what_differs(self, path, params, rows, message):
        crashed(path)
        with pytest.raises(ValueError, match=message):
            network(checkpoint=path, resume=True, **params).fit(*rows)

    def test_two_trainings_on_one_path(self, path):
        class Second(Callback):
            def on_fit_task_end(self, estimator, context):  # noqa: ARG002
                with pytest.raises(OSError, match="Another training writes to"):
                    network(checkpoint=path, resume=True).fit(X, Y)
                seen.append(context)
                return True

        seen = []
        network(checkpoint=path).set_callbacks(Second()).fit(X, Y)
        assert seen

    @pytest.mark.parametrize("content", [b"", b"nonsense", b"PK\x03\x04", None])
    def test_damaged_files(self, path, content):
        crashed(path)
        whole = path.read_bytes()
        path.write_bytes(whole[: len(whole) // 2] if content is None else content)
        with pytest.raises(OSError, match="is damaged, or not a checkpoint"):
            network(checkpoint=path, resume=True).fit(X, Y)

    @pytest.mark.parametrize(
        ("place", "message"),
        [
            ("", "is a folder. Add the name of a file"),
            ("none/training.pt", "none does not exist: create it first"),
            pytest.param(
                "/proc/training.pt",
                "No file can be made in the folder /proc",
                marks=pytest.mark.skipif(sys.platform != "linux", reason="there is no /proc"),
            ),
        ],
    )
    def test_bad_places_are_told_of_before_the_training(self, tmp_path, place, message):
        model = network(checkpoint=tmp_path / place).set_callbacks(Crash(0))
        with pytest.raises(OSError, match=message):
            model.fit(X, Y)

    def test_a_disk_that_is_full(self, path, monkeypatch):
        def fails(*_):
            raise OSError("No space left on device")

        monkeypatch.setattr(torch, "save", fails)
        with pytest.warns(UserWarning, match="could not be written: No space left.*goes on"):
            model = network(checkpoint=path).fit(X, Y)
        assert_same_weights(model, network().fit(X, Y))

    def test_a_warm_start(self, path):
        model = network(warm_start=True).fit(X, Y)
        with pytest.raises(ValueError, match="Leave out one of them"):
            model.set_params(checkpoint=path).fit(X, Y)
