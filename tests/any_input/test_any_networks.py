"""Networks, ensembles and motion with any rows: an answer or a sentence, and nothing changed."""

import numpy as np
import pytest
from any_arrays import call, in_dtype, rows, wild
from hypothesis import given, settings
from hypothesis import strategies as st

from skfourier import (
    CoordinateMLPEnsemble,
    CoordinateMLPRegressor,
    FourierFeatures,
    MotionCompensatedRegressor,
)

N_ROWS = 12
# A fit takes some ten milliseconds.
few = settings(max_examples=max(8, settings().max_examples // 5))
X_ROWS, Y_ROWS = rows(N_ROWS), st.one_of(rows(N_ROWS, ndim=1), rows(N_ROWS))
WEIGHTS = st.one_of(st.none(), rows(N_ROWS, ndim=1))
NEW = st.one_of(wild(n_rows=3), rows(3))


def network(**params):
    return CoordinateMLPRegressor((4,), max_iter=2, random_state=0, **params)


FEATURES = FourierFeatures(1, n_frequencies=3)
ESTIMATORS = {
    "plain": network(),
    "embedding": network(embedding=FEATURES),
    "sigma": network(embedding=FourierFeatures("auto", n_frequencies=3)),
    "float32": network(precision="float32", embedding=FEATURES),
    "early stopping": network(early_stopping=True, validation_fraction=0.3),
    "batch norm": network(batch_norm=True, batch_size=5),
    "sigmoid": network(output_activation="sigmoid"),
    "lbfgs": network(solver="lbfgs", batch_size="full"),
    "ensemble": CoordinateMLPEnsemble(network(embedding=FEATURES), 2, random_state=0),
}


def told(model, new):
    """Ask a fitted model for all that it tells of new rows."""
    call(model.predict, new)
    call(model.predict_gradient, new)
    if isinstance(model, CoordinateMLPEnsemble):
        call(lambda X: model.predict(X, return_std=True), new)


@pytest.mark.parametrize("name", sorted(ESTIMATORS))
@given(X=X_ROWS, y=Y_ROWS, weight=WEIGHTS, new=NEW)
@few
def test_fit_and_predict(name, X, y, weight, new):
    model = call(ESTIMATORS[name].fit, X, y, weight)
    if not isinstance(model, Exception):
        told(model, new)


@given(X=X_ROWS, y=Y_ROWS, weight=WEIGHTS, new=NEW)
@few
def test_blocks(X, y, weight, new):
    model = network(embedding=FEATURES)
    for _ in range(2):
        if isinstance(call(model.partial_fit, X, y, weight), Exception):
            return
    told(model, new)


SHAPE = (2, 16, 17)  # the smallest frames


@given(
    kind=st.sampled_from(["noise", "flat", "zeros", "two values"]),
    size=st.sampled_from([1, 1, 1e-300, 1e-160, 1e-40, 1e30, 1e160, 1e300]),
    dtype=st.sampled_from(
        ["float64", "float32", "float16", "uint8", "int64", "bool", "longdouble"]
    ),
    seed=st.integers(0, 99),
    new=st.one_of(wild(n_rows=3), rows(3, 3)),
)
@few
def test_frames(kind, size, dtype, seed, new):
    rng = np.random.default_rng(seed)
    places = np.meshgrid(*(np.arange(n) / n for n in SHAPE), indexing="ij")
    X = np.stack([place.ravel() for place in reversed(places)], axis=1)
    y = {
        "noise": rng.normal(size=len(X)),
        "flat": np.ones(len(X)),
        "zeros": np.zeros(len(X)),
        "two values": rng.integers(0, 2, size=len(X)).astype(float),
    }[kind]
    order = rng.permutation(len(X))
    y = in_dtype(y * size, dtype)
    model = MotionCompensatedRegressor([lambda reference, _: np.ones((2, *reference.shape))])
    model = call(model.fit, X[order], y[order])
    if not isinstance(model, Exception):
        call(model.predict, new)
        call(model.predict, X)


@given(X=X_ROWS, y=Y_ROWS, new=NEW)
@few
def test_rows_that_are_no_frames(X, y, new):
    model = call(MotionCompensatedRegressor().fit, X, y)
    if not isinstance(model, Exception):
        call(model.predict, new)
