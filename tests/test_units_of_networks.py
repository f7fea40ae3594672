"""Networks and motion: the unit of y scales predictions, or one sentence refuses it."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from skfourier import (
    CoordinateMLPEnsemble,
    CoordinateMLPRegressor,
    FourierFeatures,
    MotionCompensatedRegressor,
)
from skfourier.videos import video_to_samples

RNG = np.random.default_rng(0)
X = RNG.uniform(size=(60, 2))
Y = np.stack([np.sin(6 * X[:, 0]), X[:, 1]], axis=1)
# Powers of two, about 1e-295, 1e-163, 1e163 and 1e301: products have no rounding.
SIZES = [2.0**-980, 2.0**-540, 2.0**540, 2.0**1000]


def network(**params):
    own = {"embedding": FourierFeatures(2, n_frequencies=8), "max_iter": 5, "random_state": 0}
    return CoordinateMLPRegressor((8,), **(own | params))


# Targets are standardized before anything knows of solvers or rows held out: two sizes are enough.
@pytest.mark.parametrize("precision", ["float32", "float64"])
@pytest.mark.parametrize(
    ("params", "size"),
    [
        *[({}, size) for size in SIZES],
        *[({"early_stopping": True}, size) for size in (SIZES[0], SIZES[-1])],
        *[({"solver": "lbfgs", "batch_size": "full"}, size) for size in (SIZES[0], SIZES[-1])],
    ],
    ids=str,
)
def test_networks_scale(params, size, precision):
    one, other = (network(precision=precision, **params).fit(X, Y * s) for s in (1.0, size))
    # Targets are standardized, in float64, before anything is learned: the mean and the deviation
    # are the same but for rounding, 1e-16, which float32 and the training amplify.
    tolerance = {"atol": 1e-4 if precision == "float32" else 1e-9}
    np.testing.assert_allclose(other.loss_curve_, one.loss_curve_, **tolerance)
    np.testing.assert_allclose(other.predict(X) / size, one.predict(X), **tolerance)
    gradients = other.predict_gradient(X) / size, one.predict_gradient(X)
    np.testing.assert_allclose(*gradients, atol=10 * tolerance["atol"])
    if "early_stopping" in params:
        scores = other.validation_scores_, one.validation_scores_
        np.testing.assert_allclose(*scores, **tolerance)
        assert np.all(np.array(other.validation_scores_) < 1)


def test_a_network_that_overflows_says_so():
    with pytest.raises(ValueError, match=r"too large for float64 .* Scale y"):
        network().fit(X, Y * 1e308)


@pytest.mark.parametrize("size", SIZES)
def test_ensembles_refuse_what_has_no_squares(size):
    ensemble = CoordinateMLPEnsemble(network(max_iter=1), 2, random_state=0)
    for units in (size, [1, size]):
        with pytest.raises(ValueError, match=r"y reaches .* Scale y"):
            ensemble.fit(X, Y * units)


@pytest.mark.parametrize("size", [2.0**-400, 2.0**400])
def test_ensembles_scale(size):
    one, other = (
        CoordinateMLPEnsemble(network(max_iter=2), 2, random_state=0).fit(X, Y * s)
        for s in (1.0, size)
    )
    for came, expected in zip(
        other.predict(X, return_std=True), one.predict(X, return_std=True), strict=True
    ):
        np.testing.assert_allclose(came / size, expected, rtol=1e-6)


def frames_in_motion():
    scene = gaussian_filter(np.random.default_rng(0).normal(size=(20, 32)), 2)
    video = np.stack([scene[:, 2 * k : 2 * k + 24] / scene.std() for k in range(3)])
    X, y = video_to_samples(video, frames=[0, 2])
    between = X[::7].copy()
    between[:, 2] = 1 / 3
    return X, y, between


@pytest.mark.parametrize(("size", "offset"), [*((size, 0.0) for size in SIZES), (1.0, 1e5)])
def test_motion_scales_and_shifts(size, offset):
    pytest.importorskip("skimage")
    X, y, between = frames_in_motion()
    one, other = (MotionCompensatedRegressor().fit(X, v) for v in (y, y * size + offset))
    expected, came = one.predict(between), other.predict(between)
    assert np.median(one.flows_[..., 8:12, 8:16]) != 0  # there is motion to be found
    # The flow sees float32, whose rounding of 6e-8 it amplifies. (Were the offset in float32 too,
    # its rounding of 4e-3 would be seen.)
    np.testing.assert_allclose((came - offset) / size, expected, atol=1e-4)


def test_motion_refuses_what_overflows():
    pytest.importorskip("skimage")
    X, y, _ = frames_in_motion()
    with pytest.raises(ValueError, match="splines through such numbers overflow float64"):
        MotionCompensatedRegressor().fit(X, y * 5e307)
