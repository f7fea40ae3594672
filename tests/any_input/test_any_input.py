"""Whatever comes in: an answer, or an error with a sentence; see `any_arrays.call`."""

import math

import numpy as np
import pytest
from any_arrays import CONTAINERS, call, columns, pixels, rows, wild
from hypothesis import given
from hypothesis import strategies as st

from skfourier import FourierFeatures, images, metrics, model_selection, videos
from skfourier.grids import find_grid, mean_spacing
from skfourier.spectra import Basic, Cauchy, Gaussian, Laplace, Matern, Uniform

SIZES = [1, 1e-300, 1e-160, 1e160, 1e300]
SPECTRA = [Basic(), Cauchy(2), Gaussian(3), Laplace(10), Matern(2, nu=1.5), Uniform(5)]
each_spectrum = pytest.mark.parametrize("spectrum", SPECTRA, ids=lambda s: type(s).__name__)
IMAGES = st.sampled_from([(8, 8), (7, 9, 3), (1, 1), (2, 3), (30, 1, 1)]).flatmap(pixels)
VIDEOS = st.sampled_from([(3, 2, 5), (1, 1, 1, 1), (2, 2, 2, 3)]).flatmap(pixels)


@given(st.one_of(wild(), IMAGES))
def test_images_to_rows(image):
    call(images.image_to_samples, image)


@given(st.one_of(wild(), VIDEOS))
def test_videos_to_rows(video):
    call(videos.video_to_samples, video)


@given(
    st.one_of(rows(6), rows(6, ndim=1)),
    st.sampled_from([(2, 3), (3, 2, 1), (6, 1), (1, 6, 3)]),
    st.sampled_from(["bool", "uint8", "uint16", "float32", "float64", "int8", "nonsense"]),
)
def test_rows_to_images(y, shape, dtype):
    call(images.samples_to_image, y, shape, dtype)


@given(wild(ndim=1))
def test_shapes(shape):
    call(images.pixel_grid, shape)


@given(IMAGES, st.sampled_from(sorted(CONTAINERS)))
def test_the_same_image_in_another_container(image, name):
    array = np.array(image)
    try:
        other = CONTAINERS[name](array)
    except (TypeError, ValueError):  # it holds no such numbers
        return
    expected, came = call(images.image_to_samples, array), call(images.image_to_samples, other)
    if not isinstance(came, Exception):  # lists hold no uint8
        np.testing.assert_array_equal(came[1], expected[1])


@given(rows(8), rows(8), st.sampled_from([None, 1, 255, 1e300, 1e-300]))
def test_psnr(y_true, y_pred, data_range):
    call(lambda *pair: metrics.psnr(*pair, data_range=data_range), y_true, y_pred, infinite=True)


@given(st.integers(0, 99), st.sampled_from(SIZES))
def test_psnr_does_not_depend_on_the_unit(seed, unit):
    y_true, y_pred = np.random.default_rng(seed).uniform(size=(2, 5, 2))
    expected = metrics.psnr(y_true, y_pred)
    # Errors of a product are off by 2 eps of the values, here up to 1 for errors of 0.01 or more
    # in the mean: 20 log10 of 1 + 1e-13 at most.
    came = metrics.psnr(y_true * unit, y_pred * unit, data_range=unit)
    assert math.isclose(came, expected, abs_tol=1e-10)


@given(st.integers(0, 99), st.sampled_from(SIZES), st.sampled_from([*SIZES, 255]))
def test_ssim(seed, size, data_range):
    pair = np.random.default_rng(seed).uniform(size=(2, 8, 8)) * size
    call(lambda *pair: metrics.ssim(*pair, data_range=data_range), *pair)


@given(st.one_of(wild(), rows()))
def test_grids(X):
    def describe(X):
        grid = find_grid(X)
        return () if grid is None else (*grid.axes, grid.spacing())

    call(describe, X)
    call(lambda X: mean_spacing(X, None), X, infinite=True)  # NaN along constant columns


SPLITTERS = [
    model_selection.FrameSplit(2),
    model_selection.FrameKFold(2),
    model_selection.GridHoldoutSplit(2),
    model_selection.BlockKFold(2, 2),
]


@pytest.mark.parametrize("splitter", SPLITTERS, ids=lambda s: type(s).__name__)
@given(X=st.one_of(wild(), rows()))
def test_splitters(splitter, X):
    call(lambda X: list(splitter.split(X)), X)


@each_spectrum
@given(X=rows())
def test_kernels(spectrum, X):
    call(spectrum, X)
    call(spectrum.diag, X)


@each_spectrum
@given(lag=st.one_of(wild(), rows()))
def test_lags(spectrum, lag):
    call(spectrum.evaluate, lag, infinite=np.asarray(lag).dtype.kind == "f")


@each_spectrum
@pytest.mark.parametrize("name", sorted(set(CONTAINERS) - {"memoryview"}))
def test_the_same_rows_in_another_container(spectrum, name):
    X = np.random.default_rng(0).uniform(size=(6, 2))
    # Bit for bit: the container is read into the very same array.
    np.testing.assert_array_equal(spectrum(CONTAINERS[name](X)), spectrum(X))


@given(columns(6, 2))
def test_far_lags_are_far(lag):
    # The kernel at a lag beyond 1e150 is below any float, or (Uniform) below 1e-150.
    far = lag + 1e200
    for spectrum in SPECTRA[1:]:
        assert np.abs(call(spectrum.evaluate, far)).max() < 1e-150


@given(rows())
def test_features(X):
    call(FourierFeatures(2, n_frequencies=6, random_state=0).fit_transform, X)
