"""Splitters of pixels: disjoint, as complete as they claim, and no neighbors where they say so."""

import itertools

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_array_equal
from scipy.ndimage import binary_dilation, generate_binary_structure
from scipy.sparse import csr_array
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, cross_val_predict, cross_val_score
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from skfourier import FourierFeatures
from skfourier.images import pixel_grid
from skfourier.model_selection import BlockKFold, FrameSplit, GridHoldoutSplit

SHAPES = [(8, 8), (7, 10), (12, 5), (9,), (4, 6, 7)]


def coordinates(shape):
    """Make rows of coordinates, the last axis first, as those of images and videos are."""
    axes = np.meshgrid(*(np.arange(n) / n for n in shape), indexing="ij")
    return np.stack(axes[::-1], axis=-1).reshape(-1, len(shape))


def masks(splitter, shape):
    """Return for each split the arrays of the image's shape that are true where a row is."""
    pairs = []
    for parts in splitter.split(coordinates(shape)):
        pair = np.zeros((2, np.prod(shape)), dtype=bool)
        for mask, part in zip(pair, parts, strict=True):
            mask[part] = True
        pairs.append(pair.reshape(2, *shape))
    return pairs


class TestGridHoldoutSplit:
    def test_is_tanciks_protocol(self):
        ((train, test),) = masks(GridHoldoutSplit(shape=(8, 10)), (8, 10))
        expected = np.zeros((2, 8, 10), dtype=bool)
        expected[0, ::2, ::2] = True
        expected[1, 1::2, 1::2] = True
        assert_array_equal([train, test], expected)

    @pytest.mark.parametrize("shape", SHAPES)
    @pytest.mark.parametrize("step", [2, 3, 4])
    def test_by_the_definition_pixel_by_pixel(self, shape, step):
        ((train, test),) = masks(GridHoldoutSplit(step, shape=shape), shape)
        for index in itertools.product(*map(range, shape)):
            assert train[index] == all(i % step == 0 for i in index)
            assert test[index] == all(i % step != 0 for i in index)

    @pytest.mark.parametrize("shape", [(8, 8), (7, 10), (4, 6, 7)])
    @pytest.mark.parametrize("step", [2, 3, 5])
    def test_no_pixel_touches_one_of_the_other_side(self, shape, step):
        ((train, test),) = masks(GridHoldoutSplit(step, shape=shape), shape)
        touched = binary_dilation(test, generate_binary_structure(len(shape), 1))
        assert test.any()
        assert not np.any(touched & train)

    def test_steps_of_each_axis(self):
        shape = (7, 6, 8)
        ((train, test),) = masks(GridHoldoutSplit((1, 2, 3), shape=shape), shape)
        ((flat_train, flat_test),) = masks(GridHoldoutSplit((2, 3), shape=shape[1:]), shape[1:])
        for frame in range(7):
            assert_array_equal(train[frame], flat_train)
            assert_array_equal(test[frame], flat_test)

    def test_of_the_time_axis_alone_is_frame_split(self):
        shape = (7, 4, 5)
        X = coordinates(shape)
        ours, theirs = (
            next(splitter.split(X))
            for splitter in (GridHoldoutSplit((3, 1, 1), shape=shape), FrameSplit(3))
        )
        for part, other in zip(ours, theirs, strict=True):
            assert_array_equal(part, other)

    @pytest.mark.parametrize(
        ("shape", "step", "message"),
        [
            ((8, 8), 1, "leaves none to test on"),
            ((8, 8), (1, 1), "leaves none to test on"),
            ((1, 8), 2, "Pass a step of 1 for that axis"),
            ((8, 8), 0, "step must be a positive integer"),
            ((8, 8), -2, "step must be a positive integer"),
            ((8, 8), 1.5, "step must be a positive integer"),
            ((8, 8), (2, 2, 2), "one for each of the 2 axes"),
            ((8, 8), "2", "step must be a positive integer"),
            ((8, 8), None, "step must be a positive integer"),
            ((8, 8), True, "step must be a positive integer"),
        ],
    )
    def test_refuses_steps_that_leave_a_side_empty(self, shape, step, message):
        with pytest.raises(ValueError, match=message):
            GridHoldoutSplit(step, shape=shape)

    def test_is_no_partition(self):
        X = coordinates((8, 8))
        with pytest.raises(ValueError, match="partitions"):
            cross_val_predict(Ridge(), X, X[:, 0], cv=GridHoldoutSplit(shape=(8, 8)))


class TestBlockKFold:
    @pytest.mark.parametrize("shape", SHAPES)
    @pytest.mark.parametrize("shuffle", [False, True])
    @pytest.mark.parametrize("n_splits", [2, 3, 4])
    def test_whole_blocks_tested_once_and_balanced(self, shape, shuffle, n_splits):
        size, seed = 2, 0 if shuffle else None
        splitter = BlockKFold(size, n_splits, shape=shape, shuffle=shuffle, random_state=seed)
        pairs = masks(splitter, shape)
        assert len(pairs) == n_splits == splitter.get_n_splits()
        assert all(np.array_equal(train, ~test) for train, test in pairs)
        tests = np.array([test for _, test in pairs])
        assert_array_equal(tests.sum(axis=0), 1)
        for corner in itertools.product(*(range(0, n, size) for n in shape)):
            block = tuple(slice(start, start + size) for start in corner)
            assert all(test[block].all() or not test[block].any() for test in tests)
        # Each block goes to the smallest fold, so that none is ahead by more than a block.
        pixels = tests.reshape(n_splits, -1).sum(axis=1)
        assert np.ptp(pixels) <= size ** len(shape)

    def test_sizes_of_each_axis(self):
        tests = [test for _, test in masks(BlockKFold((6, 2), 4, shape=(6, 8)), (6, 8))]
        for test in tests:
            assert_array_equal(test.all(axis=0), test.any(axis=0))
            assert test.any(axis=0).sum() == 2

    def test_shuffles_by_the_seed(self):
        def layout(**params):
            return np.array(masks(BlockKFold(2, shape=(20, 20), **params), (20, 20)))

        in_order = layout()
        assert_array_equal(in_order, layout())
        drawn = layout(shuffle=True, random_state=0)
        assert_array_equal(drawn, layout(shuffle=True, random_state=0))
        assert np.any(drawn != layout(shuffle=True, random_state=1))
        assert np.any(drawn != in_order)

    def test_patches_are_harder_than_random_pixels(self):
        # A nearest neighbor finds one next to a random pixel, but not in a patch.
        X = pixel_grid((32, 32))
        y = np.sin(9 * X).sum(axis=1)
        model = KNeighborsRegressor(1)
        patches = cross_val_score(model, X, y, cv=BlockKFold(8, 4))
        between = cross_val_score(model, X, y, cv=GridHoldoutSplit())
        assert patches.max() < between.min()

    def test_predicts_each_pixel_once(self):
        X = coordinates((12, 8))
        y = X @ [2, 3]
        predicted = cross_val_predict(Ridge(1e-9), X, y, cv=BlockKFold(3))
        # A plane is found from any patches: rounding and 1e-9 of shrinkage are left.
        np.testing.assert_allclose(predicted, y, atol=1e-8)

    @pytest.mark.parametrize(
        ("arguments", "error", "message"),
        [
            (((8, 8), 0), ValueError, "block_size must be a positive integer"),
            (((8, 8), (2, 0)), ValueError, "block_size must be a positive integer"),
            (((8, 8), (2, 2, 2)), ValueError, "one for each of the 2 axes"),
            (((8, 8), 2.0), ValueError, "block_size must be a positive integer"),
            (((8, 8), 8), ValueError, "makes 1 blocks, too few for n_splits=5"),
            (((8, 8), 4), ValueError, "makes 4 blocks, too few for n_splits=5"),
            (((8, 8), 2, 1), ValueError, "n_splits == 1, must be >= 2"),
            (((8, 8), 2, 2.5), TypeError, "n_splits must be an instance of int"),
        ],
    )
    def test_refuses_what_leaves_a_fold_empty(self, arguments, error, message):
        with pytest.raises(error, match=message):
            BlockKFold(*arguments[1:], shape=arguments[0])

    def test_refuses_a_seed_that_does_nothing(self):
        with pytest.raises(ValueError, match="random_state=0 has no effect without shuffle"):
            BlockKFold(2, random_state=0)


@pytest.mark.parametrize(
    "splitter",
    [
        lambda shape: GridHoldoutSplit(shape=shape),
        lambda shape: BlockKFold(2, 2, shape=shape),
    ],
)
class TestRows:
    """What both say to rows that are not the pixels of their shape."""

    @pytest.mark.parametrize(
        "shape", [8, (), "88", (8, 0), (8, -1), (8, 2.5), (8, True), (8, None)]
    )
    def test_shapes(self, splitter, shape):
        with pytest.raises(ValueError, match="shape must be a tuple of positive integers"):
            splitter(shape)

    def test_number(self, splitter):
        with pytest.raises(ValueError, match=r"shape=\(8, 8\) has 64 pixels, but X has 63 rows"):
            next(splitter((8, 8)).split(coordinates((8, 8))[:-1]))

    def test_channels(self, splitter):
        with pytest.raises(ValueError, match=r"has 192 pixels.*Leave the channels out"):
            next(splitter((8, 8, 3)).split(coordinates((8, 8))))

    def test_none(self, splitter):
        with pytest.raises(ValueError, match="got X=None"):
            next(splitter((8, 8)).split(None))

    @pytest.mark.parametrize(
        "order",
        [
            np.random.default_rng(0).permutation(48),
            np.arange(48).reshape(6, 8).T.ravel(),
            np.arange(48).reshape(6, 8)[[1, 0, 2, 3, 4, 5]].ravel(),
        ],
        ids=["shuffled", "column by column", "two rows changed"],
    )
    def test_order(self, splitter, order):
        X = coordinates((6, 8))
        with pytest.raises(ValueError, match="not in the order of the pixels"):
            next(splitter((6, 8)).split(X[order]))

    def test_width_and_height_changed(self, splitter):
        with pytest.raises(ValueError, match="check whether the shape is"):
            next(splitter((8, 6)).split(coordinates((6, 8))))

    @pytest.mark.parametrize("order", ["flipped", "columns changed", "uneven", "named", "polars"])
    def test_orders_that_are_the_pixels(self, splitter, order):
        X = coordinates((6, 8))
        known = {
            "flipped": -X,
            "columns changed": X[:, ::-1],
            "uneven": np.exp(X),
            "named": pd.DataFrame(X, columns=["x", "y"]),
            "polars": pl.DataFrame(X, schema=["x", "y"]),
        }[order]
        for parts, expected in zip(
            splitter((6, 8)).split(known), splitter((6, 8)).split(X), strict=True
        ):
            assert_array_equal(parts[1], expected[1])

    @pytest.mark.parametrize(
        "X",
        [
            FourierFeatures(3, random_state=0).fit_transform(coordinates((6, 8))),
            np.random.default_rng(0).random((48, 2)),
            csr_array(coordinates((6, 8))),
            [f"pixel {i}" for i in range(48)],
            [[0, str(i)] for i in range(48)],
        ],
        ids=["features", "scattered", "sparse", "text", "mixed"],
    )
    def test_other_columns_are_taken_as_they_come(self, splitter, X):
        train, test = next(splitter((6, 8)).split(X))
        assert len(train) >= len(test) > 0

    def test_a_search_finds_the_frequency(self, splitter):
        # One cosine of the right frequency explains y wholly, the others do not.
        X = coordinates((16, 16))
        y = np.cos(2 * np.pi * 3 * X[:, 0])
        model = make_pipeline(FunctionTransformer(), Ridge(1e-6))
        search = GridSearchCV(
            model,
            {"functiontransformer__func": [cosine_of_1, cosine_of_3, cosine_of_5]},
            cv=splitter((16, 16)),
        ).fit(X, y)
        assert search.best_params_["functiontransformer__func"] is cosine_of_3
        assert search.n_splits_ == splitter((16, 16)).get_n_splits()


def cosine_of_1(X):
    return np.cos(2 * np.pi * X)


def cosine_of_3(X):
    return np.cos(2 * np.pi * 3 * X)


def cosine_of_5(X):
    return np.cos(2 * np.pi * 5 * X)


@pytest.mark.parametrize("splitter", [GridHoldoutSplit(), BlockKFold(2, 3)], ids=["grid", "blocks"])
class TestGridsThatAreFound:
    @pytest.mark.parametrize("shape", SHAPES)
    def test_as_with_the_shape(self, splitter, shape):
        # The last column is the first axis of the shape.
        X = coordinates(shape)[:, ::-1]
        given = type(splitter)(**{**vars(splitter), "shape": shape})
        for parts, expected in zip(splitter.split(X), given.split(X), strict=True):
            for part, other in zip(parts, expected, strict=True):
                assert_array_equal(part, other)

    def test_rows_in_any_order(self, splitter):
        X = coordinates((6, 8))
        order = np.random.default_rng(0).permutation(48)
        for parts, expected in zip(splitter.split(X[order]), splitter.split(X), strict=True):
            for part, other in zip(parts, expected, strict=True):
                assert_array_equal(np.sort(order[part]), other)

    def test_some_pixels_missing(self, splitter):
        # A whole line too: those on either side of it stay at the places they have.
        X = coordinates((9, 8))
        kept = np.flatnonzero((np.arange(72) // 8 != 4) & (np.arange(72) % 7 != 3))
        if isinstance(splitter, GridHoldoutSplit):
            (expected,) = splitter.split(X)
            (parts,) = splitter.split(X[kept])
            for part, other in zip(parts, expected, strict=True):
                assert_array_equal(kept[part], np.intersect1d(other, kept))
        else:
            tests = np.concatenate([test for _, test in splitter.split(X[kept])])
            assert_array_equal(np.sort(tests), np.arange(len(kept)))

    def test_scattered_rows_are_refused(self, splitter):
        with pytest.raises(ValueError, match="lie on no grid"):
            next(splitter.split(np.random.default_rng(0).uniform(size=(50, 2))))

    def test_a_side_without_rows_is_refused(self, splitter):
        X = coordinates((8, 8))
        corner = X[(X < 0.2).all(axis=1)] if isinstance(splitter, BlockKFold) else X[::2][:4]
        with pytest.raises(ValueError, match=r"to test on|too few"):
            next(splitter.split(corner))
