"""Frames in between by motion: scenes whose every frame is known."""

import pickle

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter, map_coordinates
from sklearn.datasets import load_sample_image

from skfourier import FourierKernelRegressor, MotionCompensatedRegressor
from skfourier.metrics import psnr
from skfourier.videos import render, video_to_samples

SHAPE = (48, 64)
LATER = np.array([0, 0, 0.1])


def scene(rng, shape):
    """Draw a smooth texture in [0, 1], of three channels."""
    noise = gaussian_filter(rng.normal(size=(*shape, 3)), (2, 2, 0))
    return np.clip(0.5 + 0.15 * noise / noise.std(), 0, 1).astype(np.float32)


@pytest.fixture(scope="module")
def pan():
    """Make nine frames of a camera that pans by 1.5 pixels a frame."""
    wide = scene(np.random.default_rng(0), (SHAPE[0], 2 * SHAPE[1]))
    rows, columns = np.mgrid[: SHAPE[0], : SHAPE[1]].astype(float)
    return np.stack(
        [
            np.stack(
                [map_coordinates(wide[..., c], (rows, columns + 1.5 * k + 10)) for c in range(3)],
                -1,
            )
            for k in range(9)
        ]
    ).clip(0, 1)


@pytest.fixture(scope="module")
def fitted(pan):
    """Fit every fourth frame of the pan."""
    return MotionCompensatedRegressor().fit(*video_to_samples(pan, frames=[0, 4, 8]))


@pytest.fixture(scope="module")
def film(pan, fitted):
    """Predict all frames of the pan."""
    return render(fitted, pan.shape)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def predicted(video, every, **parameters):
    """Predict a video from every so many frames of it."""
    X, y = video_to_samples(video, frames=slice(None, None, every))
    return render(MotionCompensatedRegressor(**parameters).fit(X, y), video.shape)


def blended(video, every):
    kept = np.arange(0, len(video), every)
    weights = [np.interp(np.arange(len(video)), kept, unit) for unit in np.eye(len(kept))]
    return np.tensordot(np.transpose(weights), video[kept], 1)


def test_a_pan_is_followed(pan, film):
    between = [1, 2, 3, 5, 6, 7]
    moved, blend = (
        psnr(pan[between], one[between].clip(0, 1).astype(np.float32))
        for one in (film, blended(pan, 4))
    )
    # The bar that the issue sets for a photograph.
    assert moved >= blend + 8


def test_frames_are_kept(pan, film):
    # A spline of order 5 in float32: rounding of some units in 1.
    np.testing.assert_allclose(film[[0, 4, 8]], pan[[0, 4, 8]], atol=1e-5)
    assert film.dtype == np.float32


def test_a_fast_pan_is_followed(rng):
    # 12 of 64 pixels at once: found by phase correlation of the whole frames.
    wide = scene(rng, (SHAPE[0], 2 * SHAPE[1]))
    video = np.stack([wide[:, 6 * k : 6 * k + SHAPE[1]] for k in range(3)])
    inner = (1, slice(None), slice(6, -6))  # the borders are in one of the two frames only
    assert psnr(video[inner], predicted(video, 2)[inner].clip(0, 1)) > 8 + psnr(
        video[inner], blended(video, 2)[inner].astype(np.float32)
    )


@pytest.mark.parametrize(("degrees", "zoom"), [(2, 1.02), (6, 1)])
def test_a_zoom_and_a_rotation_are_followed(degrees, zoom):
    # Over a real photograph, every fourth frame kept: up to 24 degrees between two.
    photograph = load_sample_image("china.jpg")[::3, ::3].mean(axis=-1) / 255
    center = np.reshape([(n - 1) / 2 for n in photograph.shape], (2, 1, 1))
    grid = np.mgrid[:64, :64] - 31.5
    frames = []
    for k in range(9):
        turn = np.deg2rad(degrees * k)
        turned = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
        places = center + zoom**-k * np.tensordot(turned, grid, 1)
        frames.append(map_coordinates(photograph, places))
    video = np.stack(frames)[..., np.newaxis].clip(0, 1)
    between = [1, 2, 3, 5, 6, 7]
    moved, blend = (
        psnr(video[between], film[between].clip(0, 1))
        for film in (predicted(video, 4), blended(video, 4))
    )
    # Half of the bar that the issue sets for pans: these frames have a quarter of the pixels.
    assert moved >= blend + 4


@pytest.mark.parametrize("kind", ["still", "noise", "flicker", "cut"])
def test_where_no_motion_is_found_the_blend_is_left(rng, kind):
    video = np.stack([scene(rng, SHAPE)] * 5)
    if kind == "noise":
        video = (video + 0.03 * rng.normal(size=video.shape)).astype(np.float32)
    elif kind == "flicker":
        video *= np.float32(0.8 + 0.2 * np.sin(np.arange(5)))[:, np.newaxis, np.newaxis, np.newaxis]
    elif kind == "cut":
        video[3:] = scene(rng, SHAPE)
    else:
        np.testing.assert_allclose(predicted(video, 2), video, atol=1e-5)
    video = video.clip(0, 1)
    moved, blend = predicted(video, 2).clip(0, 1), blended(video, 2).astype(np.float32)
    # 0.1 dB is what the issue allows.
    assert psnr(video[1::2], moved[1::2]) >= min(psnr(video[1::2], blend[1::2]), 90) - 0.1


def test_what_is_uncovered_leaves_no_ghost(rng):
    # A disc moves by 8 pixels over a scene at rest: half way it is seen once.
    background, texture = scene(rng, SHAPE) * 0.5, scene(rng, SHAPE) * 0.5 + 0.5
    rows, columns = np.mgrid[: SHAPE[0], : SHAPE[1]]
    video = np.stack([background] * 3)
    for k in range(3):
        disc = np.hypot(rows - 24, columns - 28 - 4 * k) < 10
        video[k][disc] = np.roll(texture, 4 * k, axis=1)[disc]
    moved, blend = predicted(video, 2)[1], blended(video, 2)[1]
    ghost = np.abs(blend - video[1]).mean(axis=-1) > 0.1
    assert ghost.sum() > 100
    assert np.abs(moved - video[1])[ghost].mean() < np.abs(blend - video[1])[ghost].mean() / 3


@pytest.mark.parametrize("shape", ["disc", "outlined disc", "letter"])
def test_a_plain_shape_over_a_pan_leaves_no_ghost(shape):
    # Nothing in it tells its motion, 16 pixels from that of the photograph behind.
    photograph = load_sample_image("china.jpg")[::4, ::4].astype(np.float32) / 255
    rows, columns = np.mgrid[:64, :96]
    video = np.stack([photograph[20:84, 10 + 3 * k : 106 + 3 * k] for k in range(3)])
    for k in range(3):
        across, down = columns - 30 - 5 * k, rows - 36
        if shape == "letter":
            video[k][(np.abs(across) < 2.5) & (np.abs(down) < 14)] = [1, 1, 0]
            video[k][(np.abs(across) < 10) & (np.abs(down + 12) < 2.5)] = [1, 1, 0]
        else:
            video[k][np.hypot(across, down) < 10] = 0 if shape == "outlined disc" else [0, 0, 1]
            video[k][np.hypot(across, down) < 8] = [0, 0, 1]
    film = predicted(video, 2)[1]
    error, ghost = (np.abs(each - video[1]).mean(axis=-1) for each in (film, blended(video, 2)[1]))
    near = np.hypot(columns - 35, rows - 36) < 20
    # As for the textured disc above.
    assert error[near].mean() < ghost[near].mean() / 3


def test_a_fade_is_no_motion(pan):
    # 1 to 0.2 in light, over a pan: what one frame shows only is not left in that frame's light.
    light = np.linspace(1, 0.2, 9, dtype=np.float32)[:, np.newaxis, np.newaxis, np.newaxis]
    video = pan * light
    moved, blend = predicted(video, 4).clip(0, 1), blended(video, 4).astype(np.float32)
    borders = (slice(5, 8), slice(None), np.r_[:6, -6:0])
    assert psnr(video[borders], moved[borders]) > psnr(video[borders], blend[borders]) + 8


@pytest.mark.parametrize("kind", ["repeated", "cut"])
def test_the_motion_beside_frames_that_repeat_and_cuts(pan, rng, kind):
    other = np.stack([scene(rng, SHAPE)] * 3) if kind == "cut" else pan[[4, 4]]
    video = np.concatenate([pan[[0, 0, 0, 2, 4]], other])
    moved, blend = predicted(video, 2)[3], blended(video, 2)[3]
    assert psnr(video[3], moved.clip(0, 1)) > psnr(video[3], blend.astype(np.float32)) + 8


def test_rows_may_come_in_any_order_and_predictions_anywhere(pan, fitted, rng):
    X, y = video_to_samples(pan, frames=[0, 4, 8])
    order = rng.permutation(len(X))
    one, other = fitted, MotionCompensatedRegressor().fit(X[order], y[order])
    anywhere = rng.uniform(-0.2, 1.2, (9, 3))
    predicted = one.predict(anywhere)
    np.testing.assert_array_equal(predicted, other.predict(anywhere))
    assert np.isfinite(predicted).all()
    # Before the first frame, and after the last, those.
    ends = X[:100] - LATER, X[-100:] + LATER
    for rows, frame in zip(ends, (y[:100], y[-100:]), strict=True):
        np.testing.assert_allclose(one.predict(rows), frame, atol=1e-5)


def test_one_frame_and_one_channel(pan):
    X, y = video_to_samples(pan[..., 0], frames=[4])
    model = MotionCompensatedRegressor().fit(X, y)
    np.testing.assert_allclose(model.predict(X + LATER), y, atol=1e-5)
    assert model.flows_.shape == (4, 0, 2, *SHAPE)


def test_a_pickle_predicts_the_same(pan, fitted):
    here = video_to_samples(pan, frames=[0])[0][:500] + LATER
    again = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(again.predict(here), fitted.predict(here))


def test_a_flow_of_ones_own(pan):
    shapes = []

    def still(reference, moving):
        shapes.append((reference.shape, moving.shape))
        return np.zeros((2, *reference.shape))

    # Displacements of none are the blend, whatever the trust. No other candidates: all are zero.
    film = predicted(pan[[0, 0, 0]] * [[[[1]]], [[[1]]], [[[0.5]]]], 2, flows=[still])
    np.testing.assert_allclose(film[1], 0.75 * pan[0], atol=1e-5)
    assert set(shapes) == {(SHAPE, SHAPE)}


@pytest.mark.parametrize(
    ("flows", "message"),
    [
        ([], "one callable or more"),
        (["tvl1"], "one callable or more"),
        ([lambda reference, _: reference], r"shape \(2, 48, 64\)"),
        ([lambda reference, _: np.full((2, *reference.shape), np.nan)], "NaN or infinity"),
    ],
)
def test_flows_that_are_none(pan, flows, message):
    X, y = video_to_samples(pan, frames=[0, 4])
    with pytest.raises(ValueError, match=message):
        MotionCompensatedRegressor(flows=flows).fit(X, y)


@pytest.mark.parametrize("kind", ["holes", "uneven", "small", "scattered"])
def test_rows_that_are_no_frames_are_fitted_by_the_closed_form(pan, rng, kind):
    X, y = video_to_samples(pan[:, ::2, ::2], frames=[0, 4])
    if kind == "holes":
        X, y = X[1:], y[1:]
    elif kind == "uneven":
        X[:, 0] **= 2
    elif kind == "small":
        X, y = video_to_samples(pan[:, :15, :30], frames=[0, 4])
    else:
        X = rng.uniform(size=X.shape)
    with pytest.warns(UserWarning, match="holds no frames"):
        model = MotionCompensatedRegressor().fit(X, y)
    expected = FourierKernelRegressor().fit(X, y)
    np.testing.assert_array_equal(model.predict(X[:9]), expected.predict(X[:9]))
    assert model.times_.size == model.flows_.size == 0
