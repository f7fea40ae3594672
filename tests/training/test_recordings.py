"""Recorded gradients, as on CUDA devices, by a graph of this file's that computes anew."""

from dataclasses import replace

import numpy as np
import pytest
from torch import nn

from skfourier import CoordinateMLPRegressor, FourierFeatures
from skfourier._training import _loop
from skfourier._training._cuda_graph import Recording, can_be_recorded

RNG = np.random.default_rng(0)
X = RNG.uniform(size=(250, 2))
Y = np.sin(9 * X @ RNG.normal(size=(2, 3)))


class Graph:
    """Writes what a function computes to the same places, as a replay does."""

    def __init__(self, compute, places):
        self.compute, self.places = compute, places
        self.n_replays = 0

    def replay(self):
        self.n_replays += 1
        for place, value in zip(self.places, self.compute(), strict=True):
            place.copy_(value)


@pytest.fixture
def recordings(monkeypatch):
    made = []

    def record(network, batch, gradient):
        def compute():
            loss = gradient(batch)
            return [loss, *(parameter.grad for parameter in network.parameters())]

        # The memory that is read is the recording's own.
        values = {k: t.clone() for k, t in vars(batch).items() if t is not None}
        batch = replace(batch, **values)
        places = [value.clone() for value in compute()]
        recording = Recording(Graph(compute, places), batch, places[0], places[1:])
        made.append(recording)
        return recording

    monkeypatch.setattr(_loop, "pays", lambda _: True)
    monkeypatch.setattr(_loop, "record", record)
    return made


def network(**params):
    params = {"embedding": FourierFeatures(2, n_frequencies=16), "max_iter": 3} | params
    return CoordinateMLPRegressor((32, 32), random_state=0, device="cpu", **params)


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"batch_size": 60},  # 250 rows: batches of 50
        {"batch_size": 100},  # of 83 and 84
        {"batch_size": "full"},
        {"batch_size": 60, "precision": "bfloat16"},
        {"batch_size": "full", "solver": "lbfgs", "learning_rate_init": 0.05},
        {"batch_size": 60, "alpha": 0.1, "solver": "adamw"},
        {"batch_size": 60, "precision": "bfloat16", "embedding": FourierFeatures("auto")}
        | {"max_iter": 24},  # candidates train for one turn, without features, and for several
    ],
    ids=["default", "equal", "unequal", "full", "bfloat16", "lbfgs", "decay", "sigma"],
)
def test_a_training_is_the_same(params, request):
    weight = RNG.uniform(size=len(X))
    for given in ({}, {"sample_weight": weight}):
        directly = network(**params).fit(X, Y, **given)
        recordings = request.getfixturevalue("recordings")
        recorded = network(**params).fit(X, Y, **given)
        assert sum(recording.graph.n_replays for recording in recordings) > 1
        np.testing.assert_array_equal(recorded.loss_curve_, directly.loss_curve_)
        np.testing.assert_array_equal(recorded.predict(X), directly.predict(X))


def test_a_batch_of_its_kind_comes_first(recordings):
    network(max_iter=1, batch_size="full").fit(X, Y)
    assert not recordings
    network(max_iter=1, batch_size=60).fit(X, Y)
    assert len(recordings) == 1


class Own(nn.Module):
    """Does not launch the same kernels each time, for all that is known."""

    def forward(self, z):
        return z if z.mean() > 0 else -z


@pytest.mark.parametrize(
    ("params", "can"), [({}, True), ({"batch_norm": True}, False), ({"activation": Own()}, False)]
)
def test_what_can_be_recorded(params, can):
    assert can_be_recorded(network(max_iter=0, **params).fit(X, Y).module_) == can
