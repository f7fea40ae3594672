"""Splitters of frames: by the time column alone, both neighbors of a tested frame in training."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsRegressor

from skfourier.model_selection import FrameKFold, FrameSplit


def video(n_frames, n_pixels=6):
    """Make coordinates (x, y, t) of a video, frame by frame."""
    t = np.repeat(np.arange(n_frames) / n_frames, n_pixels)
    return np.column_stack([np.random.default_rng(0).random((len(t), 2)), t])


def frames(part, n_pixels=6):
    """Name the frames whose rows are in a part, and check that it has all of their rows."""
    numbers, counts = np.unique(part // n_pixels, return_counts=True)
    assert np.all(counts == n_pixels)
    return numbers.tolist()


class TestFrameSplit:
    @pytest.mark.parametrize("n_frames", [2, 3, 10, 11, 31])
    @pytest.mark.parametrize("keep_every", [2, 3, 10, 40])
    def test_keeps_every_so_many_frames(self, n_frames, keep_every):
        splitter = FrameSplit(keep_every)
        ((train, test),) = splitter.split(video(n_frames))
        assert splitter.get_n_splits() == 1
        assert frames(train) == list(range(0, n_frames, keep_every))
        assert sorted(frames(train) + frames(test)) == list(range(n_frames))

    def test_frames_of_the_paper(self):
        ((train, _),) = FrameSplit().split(video(31))
        assert frames(train) == [0, 10, 20, 30]

    def test_rows_may_come_in_any_order(self):
        X = video(31)
        order = np.random.default_rng(1).permutation(len(X))
        for part, shuffled in zip(
            *(next(FrameSplit().split(rows)) for rows in (X, X[order])), strict=True
        ):
            assert_array_equal(np.sort(order[shuffled]), part)

    def test_times_need_not_be_even(self):
        X = video(9)
        uneven = X.copy()
        uneven[:, 2] = np.exp(5 * X[:, 2]) - 3
        for rows in (uneven, uneven.astype(np.float32), pd.DataFrame(uneven), uneven.tolist()):
            ((train, test),) = FrameSplit(3).split(rows)
            assert (frames(train), frames(test)) == ([0, 3, 6], [1, 2, 4, 5, 7, 8])

    @pytest.mark.parametrize("keep_every", [1, 0, -2, True])
    def test_refuses_to_keep_all_frames(self, keep_every):
        with pytest.raises(ValueError, match=r"keep_every == .*, must be >= 2"):
            FrameSplit(keep_every)

    @pytest.mark.parametrize("keep_every", [2.5, "10", None])
    def test_refuses_what_is_no_number(self, keep_every):
        with pytest.raises(TypeError, match="keep_every must be an instance of int"):
            FrameSplit(keep_every)

    def test_refuses_a_picture(self):
        with pytest.raises(
            ValueError, match=r"FrameSplit\(keep_every=10\) needs 2 frames.*one time"
        ):
            next(FrameSplit().split(video(1)))


class TestFrameKFold:
    @pytest.mark.parametrize("n_frames", [4, 5, 7, 16, 31])
    @pytest.mark.parametrize("n_splits", [2, 3, 5])
    def test_inner_frames_once_each_between_their_neighbors(self, n_frames, n_splits):
        splitter = FrameKFold(n_splits)
        if n_frames - 2 < n_splits:
            with pytest.raises(ValueError, match=f"needs {n_splits + 2} frames at least"):
                next(splitter.split(video(n_frames)))
            return
        tested = []
        for train, test in splitter.split(video(n_frames)):
            held_out, kept = frames(test), set(frames(train))
            assert kept == set(range(n_frames)) - set(held_out)
            assert all({frame - 1, frame + 1} <= kept for frame in held_out)
            tested += held_out
        assert sorted(tested) == list(range(1, n_frames - 1))
        assert splitter.get_n_splits() == n_splits

    def test_with_as_many_folds_as_inner_frames_leaves_one_out(self):
        tested = [frames(test) for _, test in FrameKFold(5).split(video(7))]
        assert tested == [[1], [2], [3], [4], [5]]

    def test_is_blind_to_the_frames_that_a_frame_split_tests_on(self):
        X = video(31)
        train, test = next(FrameSplit(10).split(X))
        changed = X.copy()
        changed[test] = np.nan
        for parts, same in zip(
            *(FrameKFold(2).split(rows[train]) for rows in (X, changed)), strict=True
        ):
            assert_array_equal(parts[1], same[1])

    @pytest.mark.parametrize("n_splits", [1, 0, -3])
    def test_refuses_one_fold(self, n_splits):
        with pytest.raises(ValueError, match=r"n_splits == .*, must be >= 2"):
            FrameKFold(n_splits)

    @pytest.mark.parametrize("n_splits", [2.0, "2", None])
    def test_refuses_what_is_no_number(self, n_splits):
        with pytest.raises(TypeError, match="n_splits must be an instance of int"):
            FrameKFold(n_splits)


@pytest.mark.parametrize("splitter", [FrameSplit(3), FrameKFold(2)])
class TestRows:
    @pytest.mark.parametrize(
        ("X", "message"),
        [
            (None, "got X=None"),
            (np.zeros(6), "Expected 2D array"),
            (np.array([[0, 0.0], [0, np.nan]]), "Input X contains NaN"),
            (np.array([["a", "b"]]), "X holds strings"),
        ],
    )
    def test_bad(self, splitter, X, message):
        with pytest.raises(ValueError, match=message):
            next(splitter.split(X))

    def test_a_search_by_frames(self, splitter):
        # y moves in time alone: the nearest in time are right, the nearest pixels are not.
        X = video(13)
        y = np.sin(6 * X[:, 2])
        near = KNeighborsRegressor(6, metric="minkowski", p=1)
        weights = [[1, 1, 0.01], [0.01, 0.01, 1]]
        grid = {"metric_params": [{"w": np.array(weight)} for weight in weights]}
        search = GridSearchCV(near, grid, cv=splitter).fit(X, y)
        assert search.best_index_ == 1
        assert search.n_splits_ == splitter.get_n_splits()
