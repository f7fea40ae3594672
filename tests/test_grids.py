"""What a grid is, and what is none."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

from skfourier.grids import coordinate_rounding, find_grid
from skfourier.images import pixel_grid


def shuffled(X, seed=0):
    return X[np.random.default_rng(seed).permutation(len(X))]


def without(X, share, seed=0):
    """Drop a share of the rows at random."""
    return shuffled(X, seed)[round(share * len(X)) :]


def points_of(grid):
    """Look up the coordinates of the rows."""
    places = np.unravel_index(grid.index, grid.shape)
    return np.stack([axis[place] for axis, place in zip(grid.axes, places, strict=True)], axis=1)


UNEVEN = np.stack(
    np.meshgrid([0.0, 0.1, 0.5], [3.0, 1.0], [-1.0, 2.0, 4.0, 4.5], indexing="ij"), axis=-1
).reshape(-1, 3)


@pytest.mark.parametrize("X", [pixel_grid((7, 5)), UNEVEN, pixel_grid((1, 9)), [[2.0], [1.0]]])
def test_rows_in_any_order(X):
    X = shuffled(np.asarray(X))
    grid = find_grid(X)
    assert grid.is_full
    np.testing.assert_array_equal(points_of(grid), X)
    assert all(np.all(np.diff(axis) > 0) for axis in grid.axes)


@pytest.mark.parametrize("share", [0.2, 0.7, 0.8])
def test_an_image_with_missing_pixels(share):
    X = without(pixel_grid((64, 48)), share)
    grid = find_grid(X)
    assert grid.shape == (48, 64)  # columns are (x, y)
    assert not grid.is_full
    np.testing.assert_array_equal(points_of(grid), X)


def test_the_max_points_per_row():
    X = without(pixel_grid((64, 64)), 0.9)
    assert find_grid(X) is not None
    assert find_grid(X, max_points_per_row=9) is None


@pytest.mark.parametrize("n_features", [2, 3, 5])
@pytest.mark.parametrize("n_samples", [2, 3, 5, 8, 100])
def test_scattered_points_are_none(n_samples, n_features):
    assert find_grid(np.random.default_rng(0).random((n_samples, n_features))) is None


def test_points_on_a_line_are_none():
    x = np.arange(20.0)
    assert find_grid(np.stack([x, x], axis=1)) is None


def test_whole_numbers_with_repetitions_are_none():
    X = np.random.default_rng(0).integers(0, 4, (200, 3))
    assert find_grid(X) is None  # 200 rows on 64 points
    assert find_grid(np.unique(X, axis=0)) is not None


def test_two_equal_rows_are_none():
    X = pixel_grid((6, 6))
    assert find_grid(np.vstack([X, X[:1]])) is None
    X[1] = X[0]
    assert find_grid(X) is None


def test_zeros_of_both_signs_are_one_line():
    X = pixel_grid((3, 3))
    X[0] = -0.0
    assert find_grid(X).shape == (3, 3)


def test_one_row():
    grid = find_grid([[1.0, 2.0]])
    assert grid.shape == (1, 1)
    assert grid.is_full
    assert grid.evenly_spaced().shape == (1, 1)


@pytest.mark.parametrize("X", [np.empty((0, 2)), np.empty((3, 0))])
def test_nothing_is_none(X):
    assert find_grid(X) is None


def test_scatter_and_gather():
    grid = find_grid(without(pixel_grid((6, 5)), 0.3))
    rows = np.random.default_rng(0).normal(size=(len(grid.index), 2))
    array = grid.scatter(rows)
    assert array.shape == (2, 5, 6)
    assert np.count_nonzero(array[0]) == len(rows)
    np.testing.assert_array_equal(grid.gather(array), rows)


# Even spacing -------------------------------------------------------------------------------------


def test_missing_lines_are_put_in():
    X = pixel_grid((5, 6)) * (6, 5) + (100.0, -3.0)
    X = shuffled(X[(X[:, 0] != 102) & (X[:, 1] != -1)])
    grid = find_grid(X)
    assert (grid.shape, grid.is_full) == ((5, 4), True)
    even = grid.evenly_spaced()
    assert (even.shape, even.is_full) == ((6, 5), False)
    np.testing.assert_array_equal(points_of(even), X)
    np.testing.assert_array_equal(even.spacing(), 1)


def test_many_missing_lines_are_too_many_holes():
    grid = find_grid([[0.0], [1.0], [100.0]])
    assert grid.evenly_spaced() is None
    assert grid.evenly_spaced(max_points_per_row=40).shape == (101,)


@pytest.mark.parametrize("origin", [0.0, 1e3, 1e6])
@pytest.mark.parametrize("n", [100, 256, 1000])
def test_rounding_of_float64_is_even(n, origin):
    X = origin + pixel_grid((n, 7)) / 3
    assert find_grid(X).evenly_spaced().shape == (7, n)
    # The origin subtracted again, as the solvers see it.
    assert find_grid(X - origin).evenly_spaced().shape == (7, n)


@pytest.mark.parametrize("n", [100, 256, 1000])
def test_rounding_of_float32_is_even(n):
    X = (1 + pixel_grid((n, 7)) / 3).astype(np.float32)
    assert find_grid(X).evenly_spaced().shape == (7, n)
    moved = X.astype(float) - 1
    rounding = np.finfo(np.float32).eps * np.abs(X).max(axis=0)
    assert find_grid(moved, rounding=rounding).evenly_spaced().shape == (7, n)


@pytest.mark.parametrize("share", [1e-6, 0.01, 0.4])
def test_uneven_axes_are_uneven(share):
    X = pixel_grid((8, 8))
    X[X[:, 0] == 0.5, 0] += share / 8
    grid = find_grid(X)
    assert grid.is_full
    assert grid.evenly_spaced() is None


def test_rounding_as_large_as_the_spacing_tells_nothing():
    X = np.arange(8.0)[:, None]
    assert find_grid(X, rounding=0.05).evenly_spaced() is not None
    assert find_grid(X, rounding=0.1).evenly_spaced() is None


@pytest.mark.parametrize(
    "convert",
    [
        lambda X: X.astype(">f4"),
        lambda X: X.astype(np.float64),
        lambda X: pd.DataFrame(X).astype("Float32"),
        pl.DataFrame,
        lambda X: X.astype(np.float16),
    ],
    ids=["byte order", "float64", "nullable", "polars", "float16"],
)
def test_rounded_coordinates_are_even_whatever_holds_them(convert):
    X = np.asarray(convert(np.linspace(0, 1, 50, dtype=np.float32)[:, None]), dtype=np.float64)
    assert find_grid(X).evenly_spaced().shape == (50,)


def test_whole_numbers_are_exact():
    # In float32 they would be rounded to 64.
    X = 1e9 + np.array([[0.0], [64.0], [128.0], [256.0 + 64]])
    assert find_grid(X).evenly_spaced().shape == (6,)
    assert coordinate_rounding(X)[0] == np.finfo(float).eps * X.max()


@pytest.mark.parametrize("n", [2, 64, 128, 256, 512, 1024, 2048, 4096])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(
    "moved", [lambda x: x, lambda x: x + x[1] / 2, lambda x: 2 * x - 1, lambda x: 8 * x - 3]
)
def test_pixels_of_a_power_of_two_are_even(n, dtype, moved):
    # k / n is exact in float16, but has not been rounded to it.
    axis = moved(np.arange(n, dtype=dtype) / n)[:, np.newaxis]
    assert find_grid(axis).evenly_spaced().shape == (n,)


@pytest.mark.parametrize("n", [100, 300, 1000])
def test_pixels_rounded_to_float16_are_even(n):
    # Their steps differ by up to 2^-11 of the largest coordinate: half of a pixel of 1,000.
    exact = np.arange(n)[:, np.newaxis] / n
    assert coordinate_rounding(exact.astype(np.float16))[0] >= 2.0**-11 * exact.max() / 2
    assert coordinate_rounding(exact)[0] < 1e-15
