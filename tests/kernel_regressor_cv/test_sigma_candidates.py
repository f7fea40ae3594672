"""The sigmas to try: what was given is checked, own ones follow the spacing of the data."""

import numpy as np
import pytest

from skfourier._kernel_regressor_cv._sigma_candidates import (
    default_axes,
    default_line,
    given_axes,
    given_line,
    positive_numbers,
    resolved_range,
)
from skfourier.grids import find_grid
from skfourier.images import pixel_grid

SCATTERED = np.random.default_rng(0).uniform(size=(1000, 2))


def video_grid(n_frames, size):
    axes = [np.arange(n) / n for n in (size, size, n_frames)]
    return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)


def test_a_grid_is_resolved_from_one_cycle_to_nyquist():
    X = pixel_grid((64, 64))
    low, high = resolved_range(X, find_grid(X))
    np.testing.assert_allclose(low, 1 / np.sqrt(2))
    np.testing.assert_allclose(high, 32)
    line = default_line(low, high)
    # 5.5 octaves, at most half an octave apart.
    assert len(line) == 12
    np.testing.assert_allclose(line, np.geomspace(1 / np.sqrt(2), 32, 12))


def test_few_frames_get_small_sigmas():
    X = video_grid(3, 16)
    low, high = resolved_range(X, find_grid(X))
    # Nyquist's 1.5 cycles are not two octaves above the lowest: those are there at least.
    np.testing.assert_allclose(high, [8, 8, 4 / np.sqrt(3)])
    line = np.array(default_line(low, high))
    assert line.shape == (9, 3)
    np.testing.assert_allclose(line[0], low)
    np.testing.assert_allclose(line[-1], high)
    assert [len(axis) for axis in default_axes(low, high)] == [9, 9, 5]


@pytest.mark.parametrize("X", [SCATTERED, pixel_grid((20, 20))], ids=["scattered", "pixels"])
def test_stretching_a_column_stretches_its_sigmas(X):
    stretch = np.array([1, 5.0])
    ranges = [resolved_range(Z, find_grid(Z)) for Z in (X, X * stretch)]
    for before, after in zip(*ranges, strict=True):
        np.testing.assert_allclose(after * stretch, before)
    line, stretched = (default_line(*ends) for ends in ranges)
    assert all(isinstance(sigma, float) for sigma in line)
    # Alike axes share a sigma, within the tenth that they may differ by.
    np.testing.assert_allclose(np.array(stretched) * stretch, np.stack([line, line], 1), rtol=0.1)


def test_constant_columns_ask_for_nothing():
    X = np.column_stack([SCATTERED[:, 0], np.full(1000, 3.0)])
    low, high = resolved_range(X, find_grid(X))
    assert np.isnan(low[1])
    assert np.isnan(high[1])
    # A single other axis: one sigma, for both.
    assert all(isinstance(sigma, float) for sigma in default_line(low, high))
    assert default_axes(low, high)[1].tolist() == [1.0]
    three = np.column_stack([SCATTERED * (1, 5), np.ones(1000)])
    line = np.array(default_line(*resolved_range(three, None)))
    np.testing.assert_allclose(line[:, 0] / line[:, 1], 5, rtol=0.01)
    assert np.all(line[:, 2] == 1)
    assert default_line(*resolved_range(np.ones((3, 2)), None)) == [1.0]


def test_there_are_twenty_at_most():
    X = np.linspace(0, 1, 100_000)[:, None]
    assert len(default_line(*resolved_range(X, find_grid(X)))) == 20


def test_given_ones():
    assert given_line([3, 1, 2], 2) == [3.0, 1.0, 2.0]
    assert given_line(5, 2) == [5.0]
    assert given_line([[1, 2], [3, 4]], 2) == [(1.0, 2.0), (3.0, 4.0)]
    for sigmas in ([3, 1], np.array([1, 3])):
        assert [axis.tolist() for axis in given_axes(sigmas, 2)] == [[1, 3], [1, 3]]
    assert [axis.tolist() for axis in given_axes([[2, 1], [5]], 2)] == [[1, 2], [5]]
    assert [axis.tolist() for axis in given_axes(4, 2)] == [[4], [4]]


@pytest.mark.parametrize(
    ("function", "sigmas", "message"),
    [
        (given_line, [], "at least one candidate"),
        (given_line, [1, 0], "positive and finite"),
        (given_line, [1, np.inf], "positive and finite"),
        (given_line, [1, None], "positive"),
        (given_line, ["a"], "positive numbers. Got"),
        (given_line, [[1, 2, 3]], r"each of the 2 columns of X. Got shape \(1, 3\)"),
        (given_line, [[1, 2], [3]], "positive numbers. Got"),
        (given_axes, [[1, 2]], "each of the 2 columns. Got 1 lists"),
        (given_axes, [[1], []], r"sigmas\[1\] must hold at least one"),
        (given_axes, [[1], [-1]], r"sigmas\[1\] must be positive"),
        (given_axes, [[[1]], [2]], "must be a list of numbers"),
        (given_axes, [], "at least one candidate"),
    ],
)
def test_bad_ones(function, sigmas, message):
    with pytest.raises(ValueError, match=message):
        function(sigmas, 2)


def test_one_number_is_one_candidate():
    assert positive_numbers(2, "alphas").tolist() == [2]
